import Ashlar
import AshlarTestSupport
import Foundation
import Glibc
import Testing

@Suite("export: layouts, maps, states and snapshots")
struct ExportTablesTests {
    private func map(
        _ directory: borrowing TemporaryDirectory, _ columns: String, type: String = "*", _ name: String = "map.json"
    ) -> String {
        directory.file(
            name,
            Array("{\"tables\":[{\"name\":\"t\",\"model\":\"*\",\"type\":\"\(type)\",\"columns\":[\(columns)]}]}".utf8))
    }

    @Test("the schema is printed without a store, a database or a server; --from gives the way from an earlier layout")
    func printSchema() throws {
        for kind in ["sqlite", "postgres"] {
            let whole = try Tool.run("export", kind, "--print-schema", "--state-tables")
            #expect(whole.status == 0 && whole.error.isEmpty, "\(whole.error)")
            #expect(whole.text.contains("CREATE TABLE \"snapshots\"") && whole.text.contains("\"state_event_counts\""))
            let step = try Tool.run("export", kind, "--print-schema", "--from", "1")
            #expect(step.text.hasPrefix("BEGIN;") && step.text.hasSuffix("COMMIT;\n"))
            #expect(step.text.contains("CREATE TABLE \"snapshots\"") && !step.text.contains("CREATE TABLE \"events\""))
            #expect(try Tool.run("export", kind, "--print-schema", "--from", "2").status == 64)
            #expect(try Tool.run("export", kind, "--from", "1").status == 64)
            #expect(try Tool.run("export", kind).status == 64)
        }
        let parts = try Tool.run("export", "postgres", "--print-schema", "--partition-heights", "10")
        #expect(parts.text.contains("PARTITION BY RANGE"))
    }

    @Test("another map is refused with what would become of the tables, and made with --change-tables")
    func changed() throws {
        let directory = TemporaryDirectory()
        let (store, file) = (directory.path + "/store", directory.path + "/out.db")
        try SampleStore.make(at: store)
        let first = map(directory, "{\"name\":\"height\(1)\",\"path\":\"$.height\",\"type\":\"bigint\"}")
        #expect(try Tool.run("export", "sqlite", store, file, "--map", first).status == 0)
        let second = map(
            directory,
            "{\"name\":\"height1\",\"path\":\"$.height\",\"type\":\"bigint\"},{\"name\":\"branch\",\"path\":\"$.branch\",\"type\":\"text\"}"
        )
        let refused = try Tool.run("export", "sqlite", store, file, "--map", second, "--json")
        #expect(refused.status == 2 && refused.errorObject["code"] as? String == "otherTables")
        #expect(refused.error.contains("add the column branch"))
        let done = try Tool.run("export", "sqlite", store, file, "--map", second, "--state-tables", "--change-tables")
        #expect(done.status == 0, "\(done.error)")
        #expect(try shell(file, "SELECT DISTINCT branch FROM t WHERE branch IS NOT NULL ORDER BY 1") == ["a", "b"])
        let check = try Tool.run("export", "check", store, file, "--map", second, "--state-tables", "--json")
        #expect(check.status == 0, "\(check.text)")
        #expect(check.objects.first?["tables"] as? Int ?? 0 >= 11)
        let status = try Tool.run("export", "status", store, file, "--json")
        #expect(status.objects.first?["tables"] as? [String] == ["state_event_counts", "t"])
        _ = try shell(file, "UPDATE t SET branch = 'c' WHERE sequence = 3 AND ordinal = 1")
        let bad = try Tool.run("export", "check", store, file, "--map", second, "--state-tables")
        #expect(
            bad.status == 1 && bad.text.contains("first in t: sequence 3, ordinal 1, height 2: different"),
            "\(bad.text)")
    }

    @Test("a table of the map without a row is a warning, and so in JSON")
    func emptyTable() throws {
        let directory = TemporaryDirectory()
        let (store, file) = (directory.path + "/store", directory.path + "/out.db")
        try SampleStore.make(at: store)
        let map = map(directory, "{\"name\":\"a\",\"path\":\"$\",\"type\":\"json\"}", type: "typo")
        let run = try Tool.run("export", "sqlite", store, file, "--map", map)
        #expect(run.status == 0 && run.text.contains("warning: the table t of the map has no row"))
        let json = try Tool.run("export", "sqlite", store, file, "--map", map, "--json")
        #expect(json.objects.first?["emptyTables"] as? [String] == ["t"])
    }

    @Test("snapshots stand in the target, their states if that is asked for")
    func snapshots() throws {
        let directory = TemporaryDirectory()
        let (store, file) = (directory.path + "/store", directory.path + "/out.db")
        try SampleStore.make(at: store)
        #expect(try Tool.run("snapshots", "take", store).status == 0)
        #expect(try Tool.run("export", "sqlite", store, file, "--snapshot-states", "100000").status == 0)
        let rows = try shell(file, "SELECT model, height, json_extract(state, '$.utxo.\"type.1\"') FROM snapshots")
        #expect(rows == ["event-counts|5|11"])
        #expect(try Tool.run("export", "check", store, file).status == 0)
        _ = try shell(file, "UPDATE snapshots SET raw_bytes = 1")
        #expect(try Tool.run("export", "check", store, file, "--json").objects.first?["sound"] as? Bool == false)
        #expect(try Tool.run("export", "sqlite", store, file, "--snapshot-states", "0").status == 64)
    }

    @Test("killed while it brings a target to the present layout, it leaves the old one whole, or the new one")
    func killedMigration() throws {
        let directory = TemporaryDirectory()
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let fixtures = root.appendingPathComponent("Tests/Fixtures/sql-v1").path
        let store = directory.path + "/store"
        try FileManager.default.copyItem(
            atPath: root.appendingPathComponent("format-spec/vectors/fork/store").path, toPath: store)
        let options = ["--map", fixtures + "/map.json", "--view-per-model", "--state-tables"]
        var random = SplitMix64(seed: 82)
        for round in 0..<CrashRounds.count {
            let file = directory.path + "/\(round).db"
            _ = try shell(file, ".read '\(fixtures)/fork.sqlite.sql'")
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Tool.path)
            process.arguments = ["export", "sqlite", store, file] + options
            process.standardOutput = FileHandle.nullDevice
            process.standardInput = FileHandle.nullDevice
            try process.run()
            usleep(UInt32(10_000 + random.below(120_000)))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            let version = try shell(file, "SELECT schema_version FROM ashlar_meta")
            let added = try shell(
                file,
                "SELECT count(*) FROM sqlite_schema WHERE name IN ('snapshots', 'ashlar_tables', 'snapshots_height')")
            #expect((version, added) == (["1"], ["0"]) || (version, added) == (["2"], ["3"]))
            let run = try Tool.run(["export", "sqlite", store, file] + options)
            #expect(run.status == 0, "\(run.error)")
            let check = try Tool.run(["export", "check", store, file, "--json"] + Array(options))
            #expect(check.status == 0, "\(check.text) \(check.error)")
        }
    }

    @Test(
        "killed while it makes tables of a map and of states, drops them, or keeps them, the target is as if nothing had been"
    )
    func killed() throws {
        let directory = TemporaryDirectory()
        let (store, file) = (directory.path + "/store", directory.path + "/out.db")
        var writer = try Writer.open(at: store, options: Samples.options())
        var storm = StormChain(seed: 81)
        for _ in 0..<1_500 { try storm.step(&writer) }
        try writer.close()
        let maps = [
            map(directory, "{\"name\":\"n\",\"path\":\"$.n\",\"type\":\"numeric\"}", "one.json"),
            map(
                directory,
                "{\"name\":\"n\",\"path\":\"$.n\",\"type\":\"text\",\"index\":true},{\"name\":\"whole\",\"path\":\"$\",\"type\":\"json\"}",
                "two.json"),
        ]
        let choices = [[], ["--map", maps[0], "--state-tables"], ["--map", maps[1]], ["--state-tables"]]
        var random = SplitMix64(seed: 81)
        var killed = 0
        for _ in 0..<CrashRounds.count {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Tool.path)
            process.arguments =
                ["export", "sqlite", store, file, "--batch-events", "40", "--change-tables"]
                + choices[random.below(choices.count)]
            process.standardOutput = FileHandle.nullDevice
            process.standardInput = FileHandle.nullDevice
            try process.run()
            usleep(UInt32(20_000 + random.below(250_000)))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            killed += process.terminationReason == .uncaughtSignal ? 1 : 0
        }
        #expect(killed > 2)
        for choice in choices {
            let run = try Tool.run(["export", "sqlite", store, file, "--change-tables"] + choice)
            #expect(run.status == 0, "\(run.error)")
            let check = try Tool.run(["export", "check", store, file, "--json"] + choice)
            #expect(check.status == 0, "\(check.text) \(check.error)")
        }
    }
}
