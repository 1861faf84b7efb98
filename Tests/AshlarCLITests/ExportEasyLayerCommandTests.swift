import Ashlar
import AshlarEasyLayer
import AshlarExport
import AshlarSQLite
import AshlarTestSupport
import Foundation
import Glibc
import Testing

@Suite("export easylayer")
struct ExportEasyLayerCommandTests {
    /// Imports a file that was exported, and gives the store.
    func importBack(_ file: String, into store: String) throws -> Store {
        let files = try EasyLayerFiles(path: file) { (path) throws(SQLFailure) in try SQLiteTarget(readOnly: path) }
        let report = try EasyLayerImport(files).run(into: store)
        #expect(report.isWhole, "\(report.difference ?? "")")
        return try Store.open(at: store)
    }

    /// The canonical chain and events of each model, in short.
    func summary(_ path: String) throws -> [String] {
        let view = try Store.open(at: path).view()
        let blocks = try view.blocks().map { try "\($0.get().block.height) \($0.get().block.hash)" }
        return blocks + (try view.events().map { "\($0.height ?? -1) \($0.model) \($0.type) \($0.payload)" }.sorted())
    }

    @Test("a store goes into EasyLayer's tables, and comes back from them")
    func sqlite() throws {
        let directory = TemporaryDirectory()
        let (store, file) = (directory.path + "/store", directory.path + "/out.db")
        try SampleStore.make(at: store)
        let run = try Tool.run("export", "easylayer", store, "sqlite:" + file, "--json")
        #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
        let summary = try #require(run.objects.first)
        #expect(summary["sequence"] as? Int == 9 && summary["height"] as? Int == 5)
        #expect(summary["network"] as? String == "network" && summary["snapshots"] as? [String] == ["event-counts"])
        let tables = try #require(summary["tables"] as? [[String: Any]])
        #expect(tables.map { $0["name"] as? String } == ["headers", "mempool", "network", "utxo"])
        #expect(tables.map { $0["rows"] as? Int } == [11, 1, 3, 16])
        #expect(tables[2]["model"] is NSNull && tables[3]["model"] as? String == "utxo")
        #expect(
            try shell(file, "SELECT type, blockHeight FROM network ORDER BY id").last
                == "BitcoinNetworkBlocksAddedEvent|5")
        #expect(try shell(file, "SELECT version, blockHeight, payload FROM mempool") == ["1||[1]"])
        #expect(
            try shell(
                file,
                "SELECT aggregateId, blockHeight, version, json_extract(payload, '$.headers.\"type.0\"') FROM snapshots"
            )
                == ["event-counts|5|28|11"])
        _ = try importBack(file, into: directory.path + "/back")
        #expect(try self.summary(directory.path + "/back") == self.summary(store))
        let again = try Tool.run("export", "easylayer", store, file)
        #expect(again.status == 2 && again.isOneLineError && again.error.contains("--replace"), "\(again.error)")
        let replaced = try Tool.run(
            "export", "easylayer", store, file, "--replace", "--no-snapshots", "--network", "none")
        #expect(replaced.status == 0 && replaced.text.contains("utxo: 16 rows"), "\(replaced.error)")
        #expect(try shell(file, "SELECT count(*) FROM snapshots") == ["0"])
    }

    @Test("a server's schema takes it too, and no password is told")
    func postgres() throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        try SampleStore.make(at: store)
        let url = try PostgresServer.shared().url(password: "topsecret")
        let options = ["--schema-name", "easylayer cli", "--json"]
        let run = try Tool.run(["export", "easylayer", store, "postgres:" + url] + options)
        #expect(run.status == 0 && run.objects.first?["sequence"] as? Int == 9, "\(run.error)")
        let again = try Tool.run(["export", "easylayer", store, url] + options)
        #expect(again.status == 2 && again.errorObject["code"] as? String == "alreadyExported")
        #expect(try Tool.run(["export", "easylayer", store, url, "--replace"] + options).status == 0)
        for text in [run.error, run.text, again.error] { #expect(!text.contains("topsecret")) }
        let nobody = try Tool.run("export", "easylayer", store, "postgresql://nobody:topsecret@%2Fnowhere/x", "--json")
        #expect(nobody.status == 4 && !nobody.error.contains("topsecret"), "\(nobody.error)")
    }

    @Test("what cannot be is refused with what to do")
    func refusals() throws {
        let directory = TemporaryDirectory()
        let (store, file) = (directory.path + "/store", directory.path + "/out.db")
        var writer = try Writer.create(at: store, options: Samples.options())
        for (height, model) in ["a b", "c\u{7}d", "e=f"].enumerated() {
            _ = try writer.append(
                Samples.block(Int64(height)), events: [Event(model: model, type: "t", payload: Array("x".utf8))])
        }
        try writer.close()
        func run(_ options: String...) throws -> ToolRun {
            try Tool.run(["export", "easylayer", store, file] + options)
        }
        let names = try run()
        #expect(
            names.status == 2 && names.isOneLineError && names.error.contains("\"a b\"")
                && names.error.contains("2 more"))
        let renames = ["--rename", "a b=ab", "--rename", "c\u{7}d=cd", "--rename", "e=f=ef"]
        let payload = try Tool.run(["export", "easylayer", store, file, "--json"] + renames)
        #expect(payload.status == 2 && payload.errorObject["code"] as? String == "notJSON", "\(payload.error)")
        #expect("\(payload.errorObject["message"] ?? "")".contains("--any-payload"))
        #expect(
            !FileManager.default.fileExists(atPath: file)
                && !FileManager.default.fileExists(atPath: file + ".unfinished"))
        let taken = try Tool.run(["export", "easylayer", store, file, "--any-payload"] + renames)
        #expect(taken.status == 0 && taken.text.contains("cd: 1 rows (model "), "\(taken.error)")
        let fitted = try run("--any-payload", "--fit-names", "--replace")
        #expect(fitted.status == 0 && fitted.text.contains("c_d: 1 rows"), "\(fitted.error)")
        #expect(try run("--rename", "x").status == 64)
        #expect(try run("--network", "none", "--network-model", "x").status == 64)
        #expect(try Tool.run("export", "easylayer", directory.path + "/none", file).status == 2)
        let nowhere = try Tool.run(
            "export", "easylayer", store, directory.path + "/no/where.db", "--any-payload", "--fit-names")
        #expect(nowhere.status == 4 && nowhere.isOneLineError, "\(nowhere.error)")
        let help = try Tool.run("export", "easylayer", "--help")
        #expect(help.status == 0 && help.text.contains("EXAMPLES"))
    }

    @Test("a read-only directory is refused with exit code 4", .enabled(if: ProcessTests.withoutOverride != nil))
    func readOnly() throws {
        let directory = TemporaryDirectory()
        let (store, place) = (directory.path + "/store", directory.path + "/place")
        try SampleStore.make(at: store)
        AshlarCLITests.shell("mkdir '\(place)' && chmod 500 '\(place)'")
        defer { AshlarCLITests.shell("chmod 700 '\(place)'") }
        let wrapper = try #require(ProcessTests.withoutOverride)
        let run = try Tool.run(["export", "easylayer", store, place + "/out.db"], wrapper: wrapper)
        #expect(run.status == 4 && run.isOneLineError && run.error.contains("permissions"), "\(run.error)")
    }

    @Test(
        "a full disk is told, and leaves nothing",
        .enabled(if: SmallDisk.isPossible, "a small file system cannot be mounted here"))
    func fullDisk() throws {
        let directory = TemporaryDirectory()
        let (store, disk) = (directory.path + "/store", directory.path + "/disk")
        try makeStorm(store, steps: 600)
        AshlarCLITests.shell("mkdir '\(disk)' && mount -t tmpfs -o size=96k tmpfs '\(disk)'")
        defer { AshlarCLITests.shell("umount '\(disk)'") }
        let arguments = ["export", "easylayer", store, disk + "/out.db", "--any-payload", "--fit-names"]
        let run = try Tool.run(arguments)
        #expect(run.status == 4 && run.isOneLineError && run.error.contains("free some space"), "\(run.error)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk).isEmpty)
        AshlarCLITests.shell("mount -o remount,size=64m '\(disk)'")
        #expect(try Tool.run(arguments).status == 0)
    }

    func makeStorm(_ path: String, steps: Int) throws {
        var writer = try Writer.open(at: path, options: Samples.options())
        var storm = StormChain(seed: 31)
        for _ in 0..<steps { try storm.step(&writer) }
        try writer.close()
    }

    @Test("killed or stopped at random moments, there is nothing, a draft, or all of it; and the next run ends well")
    func killed() throws {
        let directory = TemporaryDirectory()
        let (store, file) = (directory.path + "/store", directory.path + "/out.db")
        try makeStorm(store, steps: 1_000)
        let arguments = ["export", "easylayer", store, file, "--any-payload", "--fit-names", "--json"]
        let began = ContinuousClock.now
        #expect(try Tool.run(arguments).status == 0)
        let whole = UInt32((ContinuousClock.now - began) / .microseconds(1))
        let expected = try rows(file)
        try FileManager.default.removeItem(atPath: file)
        var random = SplitMix64(seed: 21)
        var ends: [String: Int] = [:]
        for round in 0..<CrashRounds.count {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Tool.path)
            process.arguments = arguments
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            process.standardInput = FileHandle.nullDevice
            // A kill's draft stays until the next run gets as far as to begin its own.
            let hadDraft = FileManager.default.fileExists(atPath: file + ".unfinished")
            try process.run()
            usleep(whole / 8 + UInt32(random.below(Int(whole))))
            let signal = round % 3 == 2 ? SIGINT : SIGKILL
            kill(process.processIdentifier, signal)
            process.waitUntilExit()
            let isThere = FileManager.default.fileExists(atPath: file)
            let hasDraft = FileManager.default.fileExists(atPath: file + ".unfinished")
            if process.terminationReason == .exit {
                #expect(process.terminationStatus == (isThere ? 0 : 130))
                #expect(!hasDraft || (hadDraft && !isThere))
            }
            ends[isThere ? "whole" : hasDraft ? "draft" : "nothing", default: 0] += 1
            if isThere {
                #expect(try rows(file) == expected)
                try FileManager.default.removeItem(atPath: file)
            }
        }
        #expect(ends["draft", default: 0] > 0, "\(ends)")
        #expect(try Tool.run(arguments).status == 0)
        #expect(try rows(file) == expected)
        #expect(!FileManager.default.fileExists(atPath: file + ".unfinished"))
    }

    /// The number of rows of each table, and of the ids of all.
    private func rows(_ file: String) throws -> [String] {
        #expect(try shell(file, "PRAGMA integrity_check") == ["ok"])
        return try shell(file, "SELECT value FROM _ashlar_export WHERE item LIKE 'table m%'")
            + shell(file, "SELECT count(*), sum(id) FROM model_0 UNION ALL SELECT count(*), sum(id) FROM network")
    }

    @Test("killed while it writes to a server, there is nothing or all of it")
    func killedOverAServer() throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        try makeStorm(store, steps: 500)
        let url = try PostgresServer.shared().url()
        let arguments = [
            "export", "easylayer", store, url, "--schema-name", "easylayer_killed", "--any-payload", "--fit-names",
            "--replace",
        ]
        let began = ContinuousClock.now
        #expect(try Tool.run(arguments).status == 0)
        let whole = UInt32((ContinuousClock.now - began) / .microseconds(1))
        let sum =
            "SELECT count(*), sum(id), sum(version), count(DISTINCT \"blockHeight\") FROM easylayer_killed.model_0"
        let expected = try psql(url, sum)
        // Whoever looks from outside sees the old export or the new one.
        try #require(expected.count > 6)
        var random = SplitMix64(seed: 22)
        for _ in 0..<CrashRounds.count {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Tool.path)
            process.arguments = arguments
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            process.standardInput = FileHandle.nullDevice
            try process.run()
            usleep(whole / 8 + UInt32(random.below(Int(whole))))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            #expect(try psql(url, sum) == expected)
        }
        #expect(try Tool.run(arguments).status == 0)
        #expect(try psql(url, sum) == expected)
    }

    /// What the `psql` client answers.
    private func psql(_ url: String, _ sql: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["psql", "-XAtq", url, "-c", sql]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return text
    }

    static let fixtures: [(String, [String])] = [
        ("mainnet-0-4312.events.jsonl.gz", ["headers", "utxo"]), ("mainnet-forks-822528-824999.jsonl.gz", ["headers"]),
        ("mainnet-17686110-17686120.events.jsonl.gz", []), ("reorg-btcd-8.events.jsonl", ["headers", "utxo"]),
    ]

    @Test("recorded chains come back from a file", arguments: fixtures)
    func recorded(_ name: String, _ models: [String]) throws {
        let directory = TemporaryDirectory()
        let (store, file, back) = (directory.path + "/store", directory.path + "/out.db", directory.path + "/back")
        let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/" + name).path
        #expect(try Tool.run("ingest", store, fixture).status == 0)
        let run = try Tool.run("export", "easylayer", store, file, "--fit-names", "--json")
        #expect(run.status == 0, "\(run.error)")
        let tables = try #require(run.objects.first?["tables"] as? [[String: Any]])
        var names: [String: String] = [:]
        for table in tables {
            if let model = table["model"] as? String, let name = table["name"] as? String { names[model] = name }
        }
        if models.isEmpty { #expect(names.count > 700) } else { #expect(names.keys.sorted() == models) }
        _ = try importBack(file, into: back)
        let view = try Store.open(at: store).view()
        let other = try Store.open(at: back).view()
        #expect(
            try view.blocks().map { try $0.get().block.hash } == other.blocks().map { try $0.get().block.hash })
        let events = try view.events().map {
            "\($0.height ?? -1) \(names[$0.model] ?? "?") \($0.type) \($0.timestamp) \($0.payload)"
        }
        let others = try other.events().map {
            "\($0.height ?? -1) \($0.model) \($0.type) \($0.timestamp) \($0.payload)"
        }
        #expect(events.sorted() == others.sorted())
        #expect(try rollbacks(store) == rollbacks(back))
    }

    private func rollbacks(_ path: String) throws -> [Int] {
        try Store.open(at: path).commits().compactMap { commit in
            switch try commit.get().content {
            case .block(_, let rollback): rollback?.undoneBlocks
            case .rollback(let rollback): rollback.undoneBlocks
            case .floating, .control: nil
            }
        }
    }
}
