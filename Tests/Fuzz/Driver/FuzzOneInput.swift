import AshlarFuzz
import Foundation

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
