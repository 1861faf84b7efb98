import Ashlar
import AshlarTestSupport
import Foundation

/// What a run of the tool came to.
struct ToolRun {
    var status: Int32
    var output: [UInt8]
    var error: String

    var text: String { String(decoding: output, as: UTF8.self) }
    /// The lines of the output.
    var lines: [String] { text.split(separator: "\n").map(String.init) }
    /// The output as JSON Lines.
    var objects: [[String: Any]] { lines.map(Tool.object) }
    /// The error as `--json` gives it.
    var errorObject: [String: Any] { Tool.object(error)["error"] as? [String: Any] ?? [:] }
    /// Whether the error is one line for people.
    var isOneLineError: Bool {
        error.hasPrefix("ashlar: ") && error.hasSuffix("\n") && error.filter { $0 == "\n" }.count == 1
    }
}

/// The real binary, run in a process of its own.
enum Tool {
    /// The built tool, beside the tests.
    static let path = built("ashlar")

    /// A program that is built with the tests.
    static func built(_ name: String) -> String {
        let arguments = CommandLine.arguments
        var places = [Bundle.main.bundleURL, Bundle.main.executableURL?.deletingLastPathComponent()].compactMap(\.self)
        if let index = arguments.firstIndex(of: "--test-bundle-path"), index + 1 < arguments.count {
            places.insert(URL(fileURLWithPath: arguments[index + 1]).deletingLastPathComponent(), at: 0)
        }
        let found = places.map { $0.appendingPathComponent(name).path }.first {
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: $0, isDirectory: &isDirectory) && !isDirectory.boolValue
        }
        guard let found else { fatalError("\(name) is not built") }
        return found
    }

    /// Runs the tool and waits for its end, or another program; `wrapper` is a command in front of it.
    static func run(
        _ arguments: [String], wrapper: [String] = [], program: String = path
    ) throws -> ToolRun {
        let directory = TemporaryDirectory()
        let words = wrapper + [program] + arguments
        let process = Process()
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.standardInput = FileHandle.nullDevice
        let output = try handle(directory.file("out", []))
        let error = try handle(directory.file("err", []))
        process.standardOutput = output
        process.standardError = error
        try process.run()
        process.waitUntilExit()
        try output.close()
        try error.close()
        return ToolRun(
            status: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
            output: contents(of: directory.path + "/out"),
            error: String(decoding: contents(of: directory.path + "/err"), as: UTF8.self))
    }

    static func run(_ arguments: String...) throws -> ToolRun { try run(arguments) }

    private static func handle(_ path: String) throws -> FileHandle {
        try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    /// A JSON object from its text; empty if it is none.
    static func object(_ text: String) -> [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
    }
}

/// Stores for the tests of the commands.
enum SampleStore {
    /// Six blocks on branch a, a fork at 4 to branch b with two blocks, a floating batch: nine commits, tip 5 of branch b.
    ///
    /// The first branch's blocks 4 and 5 are commits 5 and 6, branch b's commits 7 and 8.
    static func make(at path: String, options: WriterOptions = Samples.options()) throws {
        var writer = try Writer.create(at: path, options: options)
        for height in 0..<6 as Range<Int64> {
            _ = try writer.append(Samples.block(height), events: Samples.events(height))
        }
        _ = try writer.append(Samples.block(4, "b", on: "a"), events: Samples.events(4, "b"))
        _ = try writer.append(Samples.block(5, "b"), events: Samples.events(5, "b", count: 2))
        try writer.appendFloating(
            [Event(model: "mempool", type: "seen", payload: Array("[1]".utf8), requestID: Array("r1".utf8))],
            timestamp: Timestamp(seconds: 1_700_009_000))
        try writer.close()
    }
}
