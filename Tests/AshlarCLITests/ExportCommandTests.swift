import Ashlar
import AshlarTestSupport
import Foundation
import Glibc
import Testing

/// What the `sqlite3` shell answers.
func shell(_ database: String, _ sql: String) throws -> [String] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["sqlite3", database, sql]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return text.split(separator: "\n").map(String.init)
}

@Suite("export")
struct ExportCommandTests {
    @Test("a store goes into a file that the sqlite3 shell opens, and again nothing is new")
    func sqlite() throws {
        let directory = TemporaryDirectory()
        let (store, file) = (directory.path + "/store", directory.path + "/out.db")
        try SampleStore.make(at: store)
        let run = try Tool.run("export", "sqlite", store, file, "--json")
        #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
        let summary = try #require(run.objects.first)
        #expect(summary["sequence"] as? Int == 9 && summary["blocks"] as? Int == 8)
        #expect(summary["events"] as? Int == 38 && summary["undoneBlocks"] as? Int == 2)
        let counts = try shell(file, "SELECT model, type, count(*) FROM canonical_events GROUP BY 1, 2 ORDER BY 1, 2")
        #expect(counts == ["headers|type.0|11", "utxo|type.1|11", "utxo|type.2|5"])
        #expect(
            try shell(file, "SELECT height, hex(substr(hash, 1, 1)) FROM canonical_blocks ORDER BY 1").last == "5|62")
        #expect(try shell(file, "SELECT count(*), sum(undone_by) FROM blocks WHERE undone_by IS NOT NULL") == ["2|14"])
        #expect(try shell(file, "SELECT payload FROM floating_events") == ["[1]"])
        #expect(try shell(file, "SELECT sequence, height FROM tip") == ["9|5"])
        let again = try Tool.run("export", "sqlite", store, file)
        #expect(again.status == 0 && again.text.contains("nothing new"))
        let consumers = try Tool.run("consumers", store, "--json")
        #expect(consumers.text.contains("sqlite:") && consumers.text.contains("out.db"))
    }

    @Test("--state-tables keeps the states that are tables, and check compares them")
    func stateTables() throws {
        let directory = TemporaryDirectory()
        let (store, file) = (directory.path + "/store", directory.path + "/out.db")
        try SampleStore.make(at: store)
        let run = try Tool.run("export", "sqlite", store, file, "--state-tables")
        #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
        let counts = try shell(file, "SELECT model, type, events FROM state_event_counts ORDER BY 1, 2")
        #expect(counts == ["headers|type.0|11", "utxo|type.1|11", "utxo|type.2|5"])
        #expect(try Tool.run("export", "check", store, file, "--state-tables").status == 0)
        _ = try shell(file, "DELETE FROM state_event_counts WHERE events = 5")
        let check = try Tool.run("export", "check", store, file, "--state-tables", "--json")
        #expect(check.status == 1)
        #expect(check.objects.first?["differentStates"] as? [String] == ["state_event_counts"])
        let schema = try Tool.run("export", "sqlite", store, file, "--print-schema", "--state-tables")
        #expect(schema.text.contains("CREATE TABLE \"state_event_counts\""))
    }

    @Test("check and status tell what is so, and a difference is damage")
    func checked() throws {
        let directory = TemporaryDirectory()
        let (store, file) = (directory.path + "/store", directory.path + "/out.db")
        try SampleStore.make(at: store)
        _ = try Tool.run("export", "sqlite", store, file)
        let check = try Tool.run("export", "check", store, "sqlite:" + file, "--json")
        #expect(check.status == 0 && check.objects.first?["sound"] as? Bool == true, "\(check.error)")
        let status = try Tool.run("export", "status", store, file, "--json")
        #expect(status.status == 0, "\(status.error)")
        #expect(status.objects.first?["lagCommits"] as? Int == 0 && status.objects.first?["height"] as? Int == 5)
        #expect(status.objects.first?["rowsPerSecond"] as? Int == 0)
        _ = try shell(file, "DELETE FROM events WHERE sequence = 3 AND ordinal = 2")
        let bad = try Tool.run("export", "check", store, file, "--json")
        #expect(bad.status == 1)
        let first = bad.objects.first?["first"] as? [String: Any]
        #expect(
            first?["sequence"] as? Int == 3 && first?["ordinal"] as? Int == 2
                && first?["problem"] as? String == "missing")
    }

    @Test("the printed schema makes the tables that --schema manual expects")
    func manual() throws {
        let directory = TemporaryDirectory()
        let (store, file) = (directory.path + "/store", directory.path + "/out.db")
        try SampleStore.make(at: store)
        let refused = try Tool.run("export", "sqlite", store, file, "--schema", "manual", "--json")
        #expect(refused.status == 2 && refused.errorObject["code"] as? String == "missingTables")
        let schema = try Tool.run("export", "sqlite", store, file, "--print-schema")
        #expect(schema.status == 0, "\(schema.error)")
        _ = try shell(file, schema.text)
        #expect(try Tool.run("export", "sqlite", store, file, "--schema", "manual").status == 0)
        #expect(try Tool.run("export", "check", store, file).status == 0)
    }

    @Test("what cannot be is refused with what to do")
    func refusals() throws {
        let directory = TemporaryDirectory()
        let (store, file) = (directory.path + "/store", directory.path + "/out.db")
        try SampleStore.make(at: store)
        let text = directory.file("text.db", Array(repeating: UInt8(ascii: "x"), count: 5_000))
        let damaged = try Tool.run("export", "sqlite", store, text)
        #expect(damaged.status == 4 && damaged.isOneLineError, "\(damaged.error)")
        #expect(try Tool.run("export", "sqlite", directory.path + "/none", file).status == 2)
        #expect(!FileManager.default.fileExists(atPath: file))
        let map = directory.file("map.json", Array("{\"tables\":[{\"name\":1}]}".utf8))
        let badMap = try Tool.run("export", "sqlite", store, file, "--map", map, "--json")
        #expect(badMap.status == 2 && badMap.errorObject["code"] as? String == "badMap")
        _ = try Tool.run("export", "sqlite", store, file)
        let other = try Tool.run("export", "sqlite", store, file, "--model", "utxo", "--json")
        #expect(other.status == 2 && other.errorObject["code"] as? String == "otherSelection")
    }

    @Test("killed at random moments and started again, the target is as if nothing had been")
    func killed() throws {
        let directory = TemporaryDirectory()
        let (store, file) = (directory.path + "/store", directory.path + "/out.db")
        var writer = try Writer.open(at: store, options: Samples.options())
        var storm = StormChain(seed: 21)
        var (random, killedMidway) = (SplitMix64(seed: 21), 0)
        for _ in 0..<CrashRounds.count {
            // What is to be exported does not run out, so that it is killed at work.
            for _ in 0..<250 { try storm.step(&writer) }
            try writer.sync()
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Tool.path)
            process.arguments = ["export", "sqlite", store, file, "--batch-events", "40", "--json"]
            process.standardOutput = FileHandle.nullDevice
            process.standardInput = FileHandle.nullDevice
            try process.run()
            usleep(UInt32(20_000 + random.below(150_000)))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            killedMidway += process.terminationReason == .uncaughtSignal ? 1 : 0
        }
        try writer.close()
        #expect(killedMidway > CrashRounds.count / 4)
        let run = try Tool.run("export", "sqlite", store, file)
        #expect(run.status == 0, "\(run.error)")
        let check = try Tool.run("export", "check", store, file, "--json")
        #expect(check.status == 0, "\(check.text) \(check.error)")
    }

    @Test("--follow takes what is appended, until a signal")
    func follows() throws {
        let directory = TemporaryDirectory()
        let (store, file) = (directory.path + "/store", directory.path + "/out.db")
        var writer = try Writer.open(at: store, options: Samples.options())
        var storm = StormChain(seed: 22)
        for _ in 0..<50 { try storm.step(&writer) }
        try writer.sync()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Tool.path)
        process.arguments = ["export", "sqlite", store, file, "--follow"]
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        for _ in 0..<100 {
            try storm.step(&writer)
            try writer.sync()
            usleep(5_000)
        }
        let last = writer.store.sequence
        for _ in 0..<600 {
            let status = try Tool.run("export", "status", store, file, "--interval", "0", "--json")
            if status.objects.first?["sequence"] as? Int == Int(last) { break }
            usleep(50_000)
        }
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        try writer.close()
        #expect(try Tool.run("export", "check", store, file).status == 0)
        #expect(try shell(file, "SELECT sequence FROM tip") == ["\(last)"])
    }
}
