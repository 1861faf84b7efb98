import AshlarFuzz
import Foundation

// SwiftPM names the entry point of an executable itself, so libFuzzer's own `main` is linked but not used; this is what it calls.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The decoder that is fuzzed: the environment names it, because the command line is libFuzzer's.
private let target: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["ASHLAR_FUZZ_TARGET"] ?? ""
    guard let found = FuzzTarget.all.first(where: { $0.name == name }) else {
        fatalError("ASHLAR_FUZZ_TARGET names none of \(FuzzTarget.all.map(\.name))")
    }
    return found
}()

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

@main
struct FuzzDriver {
    static func main() {
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(runDriver(&count, &arguments, { bytes, count in fuzzOneInput(bytes, count) }))
    }
}
