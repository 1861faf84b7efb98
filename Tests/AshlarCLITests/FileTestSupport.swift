import AshlarCLI
import Glibc

/// A directory for one test's files, removed with everything in it at the end.
struct TemporaryDirectory: ~Copyable {
    let path: String

    init() {
        var template = Array("/tmp/ashlar-cli-test-XXXXXX".utf8CString)
        template.withUnsafeMutableBufferPointer { bytes in
            if let base = bytes.baseAddress, mkdtemp(base) == nil { fatalError("no temporary directory") }
        }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { shell("rm -r '\(path)'") }

    /// Writes a file and gives its path.
    func file(_ name: String, _ content: [UInt8]) -> String {
        let file = "\(path)/\(name)"
        guard let stream = fopen(file, "w") else { fatalError("cannot write \(file)") }
        _ = fwrite(content, 1, content.count, stream)
        fclose(stream)
        return file
    }
}

/// Runs a command and waits for its end.
func shell(_ command: String) {
    guard let pipe = popen(command, "r") else { fatalError("cannot run \(command)") }
    let status = pclose(pipe)
    precondition(status == 0, "\(command) failed with \(status)")
}

/// The bytes of a file.
func contents(of path: String) -> [UInt8] {
    guard let stream = fopen(path, "r") else { fatalError("cannot read \(path)") }
    defer { fclose(stream) }
    var result: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&chunk, 1, chunk.count, stream), count > 0 { result += chunk[..<count] }
    return result
}

/// The recorded chains that some tests read, where they are at hand.
enum SharedData {
    /// The directory, or nil if it is not there.
    static let directory: String? = {
        if let given = getenv("ASHLAR_SHARED_DATA") { return String(cString: given) }
        let package = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        let beside = (package.dropLast() + ["shared", "data"]).joined(separator: "/")
        return access(beside + "/README.md", R_OK) == 0 ? beside : nil
    }()

    /// Gives a reader of a compressed file to a function; zstd decompresses beside it.
    static func read<Result>(
        _ name: String, _ body: (inout LineReader) throws(InputError) -> Result
    ) throws(InputError) -> Result {
        guard let pipe = popen("zstd -dcq '\(directory ?? "")/\(name)'", "r") else { fatalError("no zstd") }
        defer { pclose(pipe) }
        var reader = try LineReader(path: "/dev/fd/\(fileno(pipe))")
        return try body(&reader)
    }
}
