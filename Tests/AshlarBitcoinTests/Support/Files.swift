import AshlarBitcoin
import Glibc

/// A directory for one test's files, removed with everything in it at the end.
struct TemporaryDirectory: ~Copyable {
    /// In memory where that can be had: hundreds of stores are made here, each of which is synced.
    private static let base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"

    let path: String

    init() {
        var template = Array("\(Self.base)/ashlar-bitcoin-test-XXXXXX".utf8CString)
        template.withUnsafeMutableBufferPointer { bytes in
            if let base = bytes.baseAddress, mkdtemp(base) == nil { fatalError("no temporary directory") }
        }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard mkdir(blocks, 0o755) == 0 else { fatalError("no directory \(blocks)") }
    }

    deinit { _ = run("rm -r '\(path)'") }

    /// Where block files go.
    var blocks: String { path + "/blocks" }
    /// Where a store goes.
    var store: String { path + "/store" }

    /// Writes a file among the block files, and gives its path.
    @discardableResult
    func file(_ name: String, _ content: [UInt8], appending: Bool = false) -> String {
        let file = "\(blocks)/\(name)"
        guard let stream = fopen(file, appending ? "a" : "w") else { fatalError("cannot write \(file)") }
        _ = fwrite(content, 1, content.count, stream)
        fclose(stream)
        return file
    }

    /// Overwrites a part of a file.
    func overwrite(_ name: String, at offset: Int, _ content: [UInt8]) {
        guard let stream = fopen("\(blocks)/\(name)", "r+") else { fatalError("cannot write \(name)") }
        fseek(stream, offset, SEEK_SET)
        _ = fwrite(content, 1, content.count, stream)
        fclose(stream)
    }
}

/// What a command writes to its standard output.
func run(_ command: String) -> [UInt8] {
    guard let pipe = popen(command, "r") else { fatalError("cannot run \(command)") }
    let bytes = readAll(pipe)
    let status = pclose(pipe)
    precondition(status == 0, "\(command) failed with \(status)")
    return bytes
}

/// The bytes of a file.
func contents(of path: String) -> [UInt8] {
    guard let stream = fopen(path, "r") else { fatalError("cannot read \(path)") }
    defer { fclose(stream) }
    return readAll(stream)
}

private func readAll(_ stream: UnsafeMutablePointer<FILE>) -> [UInt8] {
    var result: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&chunk, 1, chunk.count, stream), count > 0 { result += chunk[..<count] }
    return result
}

/// Recorded blocks that lie in the repository.
enum Fixtures {
    private static let directory =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        + "/Fixtures/"

    /// The bytes of a file, decompressed.
    static func bytes(_ name: String) -> [UInt8] {
        name.hasSuffix(".gz") ? run("gzip -dc '\(directory)\(name)'") : contents(of: directory + name)
    }

    /// The first 4,313 blocks of mainnet, as Bitcoin Core wrote them.
    static let mainnet = bytes("mainnet-0-4312.blk.gz")
    /// Eight blocks with a fork.
    static let fork = bytes("reorg-btcd-8.blk")

    /// The lines of events that belong to a file.
    static func lines(_ name: String) -> [[UInt8]] { lines(of: bytes(name)) }

    /// The lines of a text. (The generic way takes minutes for large files without optimisation.)
    static func lines(of text: [UInt8]) -> [[UInt8]] {
        text.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return [] }
            var lines: [[UInt8]] = []
            var start = 0
            while start < bytes.count, let end = memchr(base + start, 0x0A, bytes.count - start) {
                lines.append(
                    Array(UnsafeRawBufferPointer(start: base + start, count: UnsafeRawPointer(end) - (base + start))))
                start = UnsafeRawPointer(end) - base + 1
            }
            return lines
        }
    }

    /// Whether bytes begin with others, or are the same with `isWhole`.
    static func bytes(_ bytes: [UInt8], begin other: [UInt8], isWhole: Bool = false) -> Bool {
        guard isWhole ? bytes.count == other.count : bytes.count >= other.count else { return false }
        return memcmp(bytes, other, other.count) == 0
    }
}

/// The recorded chains that some tests read, where they are at hand.
enum SharedData {
    /// The directory, or nil if it is not there.
    static let directory: String? = {
        if let given = getenv("ASHLAR_SHARED_DATA") { return String(cString: given) }
        let package = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
        let beside = (package.dropLast() + ["shared", "data"]).joined(separator: "/")
        return access(beside + "/README.md", R_OK) == 0 ? beside : nil
    }()

    /// The path of a file.
    static func path(_ name: String) -> String { "\(directory ?? "")/btc/\(name)" }

    /// The lines of a compressed file.
    static func lines(_ name: String) -> [[UInt8]] { Fixtures.lines(of: run("zstd -dcq '\(path(name))'")) }
}
