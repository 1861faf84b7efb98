import Ashlar
import AshlarBitcoin
import AshlarTestSupport
import Foundation
import Testing

/// The real binary, run in a process of its own.
final class IndexProcess {
    /// The built program, beside the tests.
    static let path: String = {
        let arguments = CommandLine.arguments
        var places = [Bundle.main.bundleURL, Bundle.main.executableURL?.deletingLastPathComponent()].compactMap(\.self)
        if let index = arguments.firstIndex(of: "--test-bundle-path"), index + 1 < arguments.count {
            places.insert(URL(fileURLWithPath: arguments[index + 1]).deletingLastPathComponent(), at: 0)
        }
        let found = places.map { $0.appendingPathComponent("ashlar-bitcoin").path }.first {
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: $0, isDirectory: &isDirectory) && !isDirectory.boolValue
        }
        guard let found else { fatalError("the program is not built") }
        return found
    }()

    let process = Process()
    private let directory: String

    init(_ arguments: [String], in directory: borrowing TemporaryDirectory) throws {
        self.directory = directory.path
        process.executableURL = URL(fileURLWithPath: Self.path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        for name in ["out", "err"] { directory.file("../" + name, []) }
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: directory.path + "/out"))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: directory.path + "/err"))
        try process.run()
    }

    /// Waits for the end, after a signal if one is given; the status is 128 and more for one that it did not catch.
    func end(by signal: Int32? = nil) -> (status: Int32, output: String, error: String) {
        if let signal { kill(process.processIdentifier, signal) }
        process.waitUntilExit()
        let status = process.terminationStatus
        return (
            process.terminationReason == .exit ? status : 128 + status,
            String(decoding: contents(of: directory + "/out"), as: UTF8.self),
            String(decoding: contents(of: directory + "/err"), as: UTF8.self)
        )
    }
}

@Suite("Bitcoin indexer as a process")
struct ProcessTests {
    /// Waits until the store has a block at a height, a minute at most.
    private func wait(for height: Int64, in directory: borrowing TemporaryDirectory) {
        for _ in 0..<6_000 {
            if let store = try? Store.open(at: directory.store), (try? store.view().tipHeight) == height { return }
            usleep(10_000)
        }
        Issue.record("it did not come to height \(height)")
    }

    @Test("it follows files as they grow, and new ones, and ends cleanly by a signal", arguments: [SIGINT, SIGTERM])
    func follow(signal: Int32) throws {
        var maker = BlockMaker()
        var blocks = [BlockMaker.genesis]
        for index in 0..<6 { blocks.append(maker.block(on: blocks[index], padding: 500)) }
        let records = blocks.map { $0.record() }
        let directory = TemporaryDirectory()
        directory.file("blk00000.dat", records[0] + records[1])
        let process = try IndexProcess(
            ["index", directory.store, directory.blocks, "--network", "regtest", "--follow", "--json"], in: directory)
        wait(for: 1, in: directory)
        // Whole, then in two parts, then into space that is set aside, then into another file.
        directory.file("blk00000.dat", records[2], appending: true)
        wait(for: 2, in: directory)
        directory.file("blk00000.dat", Array(records[3].prefix(100)), appending: true)
        usleep(300_000)
        directory.file("blk00000.dat", Array(records[3].dropFirst(100)), appending: true)
        wait(for: 3, in: directory)
        let end = contents(of: directory.blocks + "/blk00000.dat").count
        directory.file("blk00000.dat", [UInt8](repeating: 0, count: 5_000), appending: true)
        usleep(300_000)
        directory.overwrite("blk00000.dat", at: end, records[4])
        wait(for: 4, in: directory)
        directory.file("blk00001.dat", records[5] + records[6])
        wait(for: 6, in: directory)
        let result = process.end(by: signal)
        #expect(result.status == 130 && result.output.contains("\"blocks\":7") && result.error.isEmpty)
        #expect(try canonical(directory) == blocks.map(\.hash))
        #expect(try Store.open(at: directory.store).recovery.isClean)
    }

    @Test("killed at random places, it goes on where it stood")
    func killed() throws {
        let directory = TemporaryDirectory()
        directory.file("blk00000.dat", Fixtures.mainnet)
        var random = SplitMix64(seed: 7)
        let arguments = ["index", directory.store, directory.blocks]
        var lastHeight: Int64 = -1
        for _ in 0..<6 {
            let process = try IndexProcess(arguments, in: directory)
            usleep(UInt32(50_000 + random.below(400_000)))
            _ = process.end(by: SIGKILL)
            guard let store = try? Store.open(at: directory.store) else { continue }
            let height = try store.view().tipHeight ?? -1
            #expect(height >= lastHeight)
            lastHeight = height
        }
        let result = try IndexProcess(arguments, in: directory).end()
        #expect(result.status == 0, "\(result.error)")
        #expect(try canonical(directory).count == 4_313)
        let counts = try appended(directory)
        #expect(counts.count == 4_313 && counts.values.allSatisfy { $0 == 1 })
    }

    @Test("errors are one line, or JSON, with the exit codes of the tool")
    func errors() throws {
        let directory = TemporaryDirectory()
        let store = directory.store
        let none = try IndexProcess(["index", store, directory.blocks, "--json"], in: directory).end()
        #expect(none.status == 2 && none.error.contains("\"code\":\"noBlockFiles\"") && none.output.isEmpty)
        let usage = try IndexProcess(["index", store, directory.blocks, "--network", "moon"], in: directory).end()
        #expect(usage.status == 64)
        directory.file("blk00000.dat", Fixtures.fork)
        let wrong = try IndexProcess(["index", store, directory.blocks, "--network", "signet"], in: directory).end()
        #expect(
            wrong.status == 2 && wrong.error.hasPrefix("ashlar-bitcoin: blk00000.dat at offset 0: a record of mainnet"))
        let done = try IndexProcess(["index", store, directory.blocks], in: directory).end()
        #expect(done.status == 0 && done.output.contains("blocks undone     2") && done.error.isEmpty)
        let writer = try Writer.open(at: store)
        let second = try IndexProcess(["index", store, directory.blocks], in: directory).end()
        #expect(second.status == 3 && second.error.contains("only one writer"))
        try writer.close()
    }
}
