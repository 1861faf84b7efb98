import Ashlar
import AshlarExport
import AshlarPostgres
import AshlarSQLite
import AshlarTestSupport
import Foundation
import Glibc
import Testing

/// A chain that `ashlar ingest` appends line by line while exporters into both databases follow, each a process of its own.
@Suite("A reorg storm, exported live")
struct ExportLiveTests {
    /// Lines of a recorded chain.
    struct Recording: CustomTestStringConvertible {
        var name: String
        /// What writes the lines.
        var command: String
        /// The lines to take in a gate; a soak takes them all.
        var lines: ClosedRange<Int>
        var testDescription: String { name }
    }

    private static let fixtures =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
        .joined(separator: "/") + "/Fixtures"

    static let recordings = [
        // Three forks of Bitcoin; and the first of Ethereum, where every fifth block is an uncle.
        Recording(
            name: "bitcoin", command: "gzip -dc '\(fixtures)/mainnet-forks-822528-824999.jsonl.gz'",
            lines: 1_120...1_160),
        Recording(
            name: "ethereum", command: "zstd -dcq '\(SharedData.directory ?? "")/eth/mainnet-forks-0-4199.jsonl.zst'",
            lines: 1...80),
    ].filter { $0.name == "bitcoin" || SharedData.directory != nil }

    /// Counts one if the tip is the highest canonical block, with its hash and its time.
    private static let soundTip = """
        SELECT count(*) FROM tip t JOIN canonical_blocks b ON b.height = t.height AND b.hash = t.hash AND b.time = t.time \
        WHERE b.height = (SELECT max(height) FROM canonical_blocks)
        """

    @Test("after every step the canonical view equals the store's, in both databases", arguments: recordings)
    func live(_ recording: Recording) throws {
        let directory = TemporaryDirectory()
        let isSoak = CrashRounds.isSoak
        let first = isSoak ? 1 : recording.lines.lowerBound
        shell("\(recording.command) | tail -n +\(first) > '\(directory.path)/lines'")
        let all = String(decoding: contents(of: directory.path + "/lines"), as: UTF8.self).split(separator: "\n")
        let lines = all.prefix(isSoak ? .max : recording.lines.count).map(String.init)
        let ingest = try IngestProcess(
            [directory.store, "-", "--ack", "--durability", "block", "--fork-choice", "newest"], in: directory)
        try ingest.send([lines[0]])
        try ingest.wait { Self.acknowledged(in: directory) != nil }
        let exporters = try Exporters(of: directory.store, in: directory, schema: "live_" + recording.name)
        let store = try Store.open(at: directory.store)
        for (number, line) in lines.enumerated().dropFirst() {
            try ingest.send([line])
            try ingest.wait(pollMicroseconds: 500) { Self.acknowledged(in: directory)?.line == number + 1 }
            let sequence = try #require(Self.acknowledged(in: directory)?.sequence)
            try store.refresh()
            for target in exporters.targets {
                try ingest.wait(pollMicroseconds: 500) { try Self.sequence(of: target) == sequence }
            }
            let isWhole = number < 130 || number % 500 == 0 || number == lines.count - 1
            let lowest = isWhole ? 0 : max((try store.view().tipHeight ?? 0) - 30, 0)
            let expected = try canonical(store, from: lowest)
            let count = try store.statistics().canonicalBlocks
            for target in exporters.targets {
                #expect(try canonical(target, from: lowest) == expected, "line \(number + 1), \(target.name)")
                #expect(try target.value("SELECT count(*) FROM canonical_blocks") == .integer(Int64(count)))
                #expect(try target.value(Self.soundTip) == .integer(1), "line \(number + 1), \(target.name)")
            }
        }
        #expect(try exporters.end() == [130, 130])
        #expect(try ingest.finish().status == 0)
        try store.refresh()
        let undone = try exporters.targets.map { try $0.value("SELECT count(*) FROM undone_blocks")?.integer ?? 0 }
        #expect(undone[0] == undone[1] && undone[0] > (recording.name == "bitcoin" ? 1 : 10))
        for target in exporters.targets {
            var check = try ExportCheck(store, target, ExportOptions())
            let report = try check.run()
            #expect(report.isSound && report.sequence == store.sequence, "\(report)")
        }
    }

    /// What `ingest` last said to be durable.
    private static func acknowledged(in directory: borrowing TemporaryDirectory) -> (line: Int, sequence: UInt64)? {
        guard let file = fopen(directory.path + "/out", "r") else { return nil }
        defer { fclose(file) }
        if fseek(file, -200, SEEK_END) != 0 { rewind(file) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = fread(&bytes, 1, bytes.count, file)
        // Of the last line perhaps only a part is there yet.
        let lines = bytes[..<count].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
        let said = lines.last.map { Tool.object(String(decoding: $0, as: UTF8.self)) }
        guard let durable = said?["durable"] as? [String: Any], let line = durable["line"] as? Int,
            let sequence = durable["sequence"] as? Int
        else { return nil }
        return (line, UInt64(sequence))
    }

    private static func sequence(of target: any ExportTarget) throws -> UInt64? {
        try target.value("SELECT sequence FROM tip")?.integer.map(UInt64.init)
    }
}

/// Exporters of one store that follow it, and connections to what they write.
private final class Exporters {
    let targets: [any ExportTarget]
    private let processes: [Process]

    /// Starts them, and waits until there is something to look at.
    init(of store: String, in directory: borrowing TemporaryDirectory, schema: String) throws {
        let (file, url) = (directory.path + "/out.db", try PostgresServer.shared().url)
        processes = try [["sqlite", store, file], ["postgres", store, url, "--schema-name", schema]].map { arguments in
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Tool.path)
            process.arguments = ["export"] + arguments + ["--follow", "--json"]
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            return process
        }
        func firstLoad(_ open: () throws -> any ExportTarget) throws -> any ExportTarget {
            for _ in 0..<6_000 {
                if let target = try? open(), (try? target.value("SELECT sequence FROM tip")) != nil { return target }
                usleep(10_000)
            }
            return try open()
        }
        targets = try [
            firstLoad { try SQLiteTarget(readOnly: file) },
            firstLoad { try PostgresTarget(url, schemaName: schema, createsSchema: false) },
        ]
    }

    deinit { for process in processes where process.isRunning { process.terminate() } }

    /// Tells them to stop; gives their exit codes.
    func end() throws -> [Int32] {
        for process in processes { process.terminate() }
        return processes.map { process in
            process.waitUntilExit()
            return process.terminationReason == .exit ? process.terminationStatus : -1
        }
    }
}

/// The canonical blocks and events of a store from a height on, as text.
private func canonical(_ store: Store, from lowest: Int64) throws -> [String] {
    let view = try store.view()
    let tip = try #require(view.tipHeight)
    let blocks = try view.blocks(lowest...max(lowest, tip)).map { try $0.get() }
    var query = EventQuery()
    query.heights = lowest...max(lowest, tip)
    return blocks.map { "\($0.sequence) \($0.block.height) \($0.block.hash)" }
        + (try view.events(query)).map {
            "\($0.sequence).\($0.ordinal) \($0.height ?? -1) \($0.model) \($0.type) \($0.version ?? 0)"
        }
}

/// The same of a database.
private func canonical(_ target: any ExportTarget, from lowest: Int64) throws -> [String] {
    let blocks = try target.rows(
        "SELECT sequence, height, hash FROM canonical_blocks WHERE height >= $1 ORDER BY height", [.integer(lowest)])
    let events = try target.rows(
        "SELECT sequence, ordinal, height, model, type, version FROM canonical_events WHERE height >= $1 "
            + "ORDER BY height, ordinal", [.integer(lowest)])
    return blocks.map { row in
        "\(row[0].integer ?? -1) \(row[1].integer ?? -1) \(BlockHash(row[2].bytes ?? []) ?? Samples.hash(-1))"
    }
        + events.map { row in
            "\(row[0].integer ?? -1).\(row[1].integer ?? -1) \(row[2].integer ?? -1) \(row[3].text ?? "") "
                + "\(row[4].text ?? "") \(row[5].integer ?? -1)"
        }
}
