import Ashlar
import AshlarPostgres
import AshlarSQLite
import AshlarTestSupport
import Foundation
import Glibc
import Testing

@Suite("import easylayer")
struct ImportCommandTests {
    @Test("a database becomes a store, with a summary; the same command again only compares")
    func whole() throws {
        let directory = TemporaryDirectory()
        let (source, store) = (directory.path + "/source.db", directory.path + "/store")
        try ImportSources.make(source)
        let run = try Tool.run("import", "easylayer", "sqlite:" + source, store, "--consumer", "mine", "--json")
        #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
        let summary = try #require(run.objects.first)
        #expect(summary["whole"] as? Bool == true && summary["stopped"] as? Bool == false)
        let models = try #require(summary["models"] as? [[String: Any]])
        #expect(models.map { $0["name"] as? String } == ["Mem-pool", "balances", "network", "transfers"])
        for model in models {
            let name = try #require(model["name"] as? String)
            let rows = try shell(
                source, "SELECT count(*) FROM \"\(name)\" WHERE type <> 'BitcoinNetworkReorganizedEvent'")
            let bases = name == "transfers" ? 1 : 0
            #expect(model["bases"] as? Int == bases)
            #expect("\((model["rows"] as? Int ?? 0) - bases)" == rows.first)
            #expect(model["events"] as? Int == model["rows"] as? Int && model["same"] as? Bool == true)
        }
        let reorgs = try shell(source, "SELECT count(*) FROM network WHERE type = 'BitcoinNetworkReorganizedEvent'")
        #expect(summary["rollbacks"] as? Int == reorgs.first.flatMap { Int($0) })
        #expect((summary["bases"] as? [[String: Any]])?.first?["model"] as? String == "transfers")
        // The first undelivered event comes first to who follows from there.
        let outbox = try #require(summary["outbox"] as? [String: Any])
        let cursor = try #require(outbox["cursor"] as? String)
        let payload = try shell(
            source, "SELECT \"requestId\" FROM outbox ORDER BY id LIMIT 1"
        ).first
        let tail = try Tool.run("tail", store, "--from", cursor)
        let event = (tail.objects.first?["events"] as? [[String: Any]])?.first
        #expect(event?["requestId"] as? String == payload && payload != nil)
        let consumers = try Tool.run("consumers", store, "--json")
        #expect(consumers.objects.first?["cursor"] as? String == outbox["safeCursor"] as? String)
        #expect(try Tool.run("verify", store).status == 0)
        let sequence = try Store.open(at: store).sequence
        let again = try Tool.run("import", "easylayer", source, store, "--consumer", "mine")
        #expect(again.status == 0 && again.text.contains("0 blocks") && again.text.contains("digests are the same"))
        #expect(again.text.contains("base: transfers starts from its snapshot at height"))
        #expect(again.text.contains("was there already"))
        #expect(try Store.open(at: store).sequence == sequence)
    }

    @Test("a server gives the same store as a file with the same rows")
    func postgres() throws {
        let directory = TemporaryDirectory()
        let source = directory.path + "/source.db"
        try ImportSources.make(source, seed: 3)
        let server = try PostgresServer.shared()
        let target = try PostgresTarget(server.url(), schemaName: "crawler")
        try ImportSources.copy(source, into: target)
        let file = try Tool.run("import", "easylayer", source, directory.path + "/file")
        #expect(file.status == 0, "\(file.error)")
        let run = try Tool.run(
            "import", "easylayer", "postgres:" + server.url(), directory.path + "/server", "--schema-name", "crawler")
        #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
        #expect(
            try ImportSources.contents(directory.path + "/server")
                == ImportSources.contents(directory.path + "/file"))
        let none = try Tool.run("import", "easylayer", server.url(), directory.path + "/none", "--json")
        #expect(none.status == 2 && none.errorObject["code"] as? String == "notEasyLayer", "\(none.error)")
        try target.execute("CREATE ROLE crawlers LOGIN PASSWORD 'hunter2'")
        let wrong = try Tool.run(
            "import", "easylayer", server.url(user: "crawlers", password: "hunter3"), directory.path + "/none", "--json"
        )
        #expect(wrong.status == 4 && wrong.errorObject["code"] as? String == "databaseAuthentication")
        #expect(!wrong.error.contains("hunter"))
        let denied = try Tool.run(
            "import", "easylayer", server.url(user: "crawlers", password: "hunter2"), directory.path + "/none",
            "--schema-name", "crawler", "--json")
        #expect(denied.status == 4 && denied.errorObject["code"] as? String == "databasePermission", "\(denied.error)")
        #expect(!denied.error.contains("hunter"))
    }

    @Test("what cannot be is refused with what to do, and nothing is written")
    func refusals() throws {
        let directory = TemporaryDirectory()
        let (source, store) = (directory.path + "/source.db", directory.path + "/store")
        let missing = try Tool.run("import", "easylayer", "sqlite:" + directory.path + "/no", store, "--json")
        #expect(missing.status == 2 && missing.errorObject["code"] as? String == "noSource")
        let text = directory.file("text.db", Array(repeating: UInt8(ascii: "x"), count: 5_000))
        let noDatabase = try Tool.run("import", "easylayer", text, store)
        #expect(noDatabase.status == 4 && noDatabase.isOneLineError && noDatabase.error.contains(text))
        let other = directory.path + "/other.db"
        _ = try shell(other, "CREATE TABLE a (b)")
        let foreign = try Tool.run("import", "easylayer", other, store, "--json")
        #expect(foreign.status == 2 && foreign.errorObject["code"] as? String == "notEasyLayer")
        try ImportSources.make(source, blocks: 10)
        let noModel = try Tool.run("import", "easylayer", source, store, "--spine", "nobody", "--json")
        #expect(noModel.status == 2 && noModel.errorObject["code"] as? String == "notEasyLayer")
        #expect(try Tool.run("import", "easylayer", source, store, "--spine", "a", "--no-spine").status == 64)
        #expect(!FileManager.default.fileExists(atPath: store))
        try SampleStore.make(at: store)
        let taken = try Tool.run("import", "easylayer", source, store, "--json")
        #expect(taken.status == 2 && taken.errorObject["code"] as? String == "otherImport")
        let writer = try Writer.open(at: store)
        let inUse = try Tool.run("import", "easylayer", source, store, "--json")
        #expect(inUse.status == 3 && inUse.errorObject["code"] as? String == "inUse")
        try writer.close()
        let database = try SQLiteTarget(path: source, create: false)
        try database.execute("BEGIN EXCLUSIVE")
        let locked = try Tool.run("import", "easylayer", source, directory.path + "/new", "--json")
        #expect(locked.status == 4 && locked.error.contains("stop EasyLayer"), "\(locked.error)")
    }

    @Test("a damaged row is named and found after the rest, a changed one by the comparison")
    func damage() throws {
        let directory = TemporaryDirectory()
        let (source, store) = (directory.path + "/source.db", directory.path + "/store")
        try ImportSources.make(source)
        _ = try shell(source, "UPDATE balances SET \"isCompressed\" = 1 WHERE id = 40")
        let damaged = try Tool.run("import", "easylayer", source, store, "--json")
        #expect(damaged.status == 1 && damaged.error.contains("row 40 of `balances`"), "\(damaged.error)")
        _ = try shell(source, "UPDATE balances SET \"isCompressed\" = 0 WHERE id = 40")
        #expect(try Tool.run("import", "easylayer", source, store).status == 0)
        _ = try shell(
            source, "UPDATE balances SET payload = '{}' WHERE id = 41; UPDATE \"Mem-pool\" SET type = 'x' WHERE id = 2")
        let different = try Tool.run("import", "easylayer", source, store)
        #expect(different.status == 1 && different.text.contains("different"))
        #expect(different.error.contains("`balances`") && different.error.contains("`Mem-pool`"), "\(different.error)")
        #expect(!different.error.contains("`network`"))
        // A base too.
        _ = try shell(source, "DELETE FROM snapshots")
        let changed = try Tool.run("import", "easylayer", source, store, "--json")
        #expect(changed.status == 2 && changed.errorObject["code"] as? String == "otherImport")
        let lacking = try Tool.run("import", "easylayer", source, directory.path + "/new")
        #expect(lacking.status == 0 && lacking.text.contains("warning: the first events of transfers are gone"))
    }

    @Test(
        "a signal stops it at a commit with exit code 130, and the same command goes on", arguments: [SIGINT, SIGTERM])
    func stopped(_ signal: Int32) throws {
        let directory = TemporaryDirectory()
        let (source, store) = (directory.path + "/source.db", directory.path + "/store")
        try ImportSources.make(source, blocks: 1_000, seed: 5)
        var stops = 0
        for attempt in 0..<20 where stops < 2 {
            let process = try ImportProcess([source, store, "--durability", "block"])
            usleep(UInt32(100_000 + 50_000 * attempt))
            let said = process.end(by: signal)
            // It may have been over already, or not have begun to listen.
            guard process.process.terminationReason == .exit, process.process.terminationStatus == 130 else { continue }
            stops += 1
            #expect(said == "ashlar: stopped; the same command goes on here\n")
        }
        #expect(stops > 0)
        #expect(try Tool.run("import", "easylayer", source, store).status == 0)
        #expect(try Tool.run("import", "easylayer", source, directory.path + "/whole").status == 0)
        #expect(try ImportSources.contents(store) == ImportSources.contents(directory.path + "/whole"))
    }

    @Test("killed at random moments and started again, the store is as one imported in one go")
    func killed() throws {
        let directory = TemporaryDirectory()
        let (source, store) = (directory.path + "/source.db", directory.path + "/store")
        try ImportSources.make(source, blocks: 1_000, seed: 7)
        let started = ContinuousClock.now
        let whole = try Tool.run("import", "easylayer", source, directory.path + "/whole")
        #expect(whole.status == 0, "\(whole.error)")
        // How long a run takes here and now, in microseconds.
        let usual = max(1, Int(started.duration(to: .now) / .microseconds(1)))
        let expected = try ImportSources.contents(directory.path + "/whole")
        func sequence() -> UInt64 { (try? Store.open(at: store, horizon: .committed).sequence) ?? 0 }
        var random = SplitMix64(seed: 7)
        var (killed, grown) = (0, 0)
        var last: UInt64 = 0
        for round in 0..<CrashRounds.count {
            let process = try ImportProcess([source, store, "--durability", "interval:5", "--segment-bytes", "200000"])
            if round.isMultiple(of: 2) {
                usleep(UInt32(random.below(usual)))
            } else {
                // Once it writes, wherever that is.
                while process.process.isRunning, sequence() == last { usleep(2_000) }
                usleep(UInt32(random.below(usual / 8 + 1)))
            }
            _ = process.end(by: SIGKILL)
            killed += process.process.terminationReason == .uncaughtSignal ? 1 : 0
            let reached = sequence()
            grown += reached > last ? 1 : 0
            last = reached
            guard process.process.terminationReason == .exit else { continue }
            // It was over: from the beginning, in a new place.
            #expect(try ImportSources.contents(store) == expected)
            try FileManager.default.removeItem(atPath: store)
            last = 0
        }
        #expect(killed > 2 && grown > 1, "\(killed) \(grown)")
        let run = try Tool.run("import", "easylayer", source, store, "--json")
        #expect(run.status == 0 && run.objects.first?["whole"] as? Bool == true, "\(run.error)")
        #expect(try ImportSources.contents(store) == expected)
        #expect(try Tool.run("verify", store).status == 0)
    }
}
