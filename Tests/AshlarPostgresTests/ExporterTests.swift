import Ashlar
import AshlarExport
import AshlarPostgres
import AshlarTestSupport
import Foundation
import Testing

@Suite("Exporting into PostgreSQL")
struct ExporterTests {
    @Test(
        "the target says what the log says, whatever the chain did",
        arguments: [(1, nil), (2, 7), (3, nil)] as [(UInt64, Int64?)])
    func storm(seed: UInt64, partitionHeights: Int64?) throws {
        let path = try makeStore(seed: seed, steps: 300)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let store = try Store.open(at: path)
        let target = try makeTarget("storm \(seed)", partitionHeights: partitionHeights)
        var options = ExportOptions()
        options.batchEvents = 50
        options.keepsUndone = seed != 3
        let progress = try Exporter(store, into: target, options: options).run()
        #expect(progress.undoneBlocks > 10)
        #expect(try isSound(store, target, options))
        let blocks = try target.rows("SELECT sequence FROM canonical_blocks ORDER BY height").map { $0[0].integer }
        #expect(try blocks == store.view().blocks().map { Int64(try $0.get().sequence) })
        #expect(
            try target.value("SELECT count(*) FROM canonical_events")?.integer == Int64(store.view().events().count))
        #expect(try Exporter(store, into: target, options: options).run().rows == 0)
    }

    @Test("a target of a log that was cut back is refused, and --rewind takes it to what both have")
    func rewind() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("ashlar-pg-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var writer = try Writer.open(at: path, options: Samples.options())
        var storm = StormChain(seed: 4)
        for _ in 0..<150 { try storm.step(&writer) }
        try writer.close()
        let backup = path + ".backup"
        try FileManager.default.copyItem(atPath: path, toPath: backup)
        writer = try Writer.open(at: path, options: Samples.options())
        for _ in 0..<100 { try storm.step(&writer) }
        try writer.close()
        let target = try makeTarget("rewind")
        var options = ExportOptions()
        _ = try Exporter(try Store.open(at: path), into: target, options: options).run()
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: backup, toPath: path)
        let store = try Store.open(at: path)
        #expect(throws: ExportError.self) { _ = try Exporter(store, into: target, options: options).run() }
        options.rewinds = true
        _ = try Exporter(store, into: target, options: options).run()
        #expect(try isSound(store, target, options))
        let blocks = try target.rows("SELECT sequence FROM canonical_blocks ORDER BY height").map { $0[0].integer }
        #expect(try blocks == store.view().blocks().map { Int64(try $0.get().sequence) })
    }

    @Test("what an exporter writes while the check runs is no difference; times out of range and far heights are none")
    func checked() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("ashlar-pg-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var writer = try Writer.open(at: path, options: Samples.options())
        let first: Int64 = -210_866_803_200_000_000
        let times = [.min, .min + 1, first - 1, first, -1, 0, .max - 1, .max]
        for (height, time) in zip(0..<8 as Range<Int64>, times) {
            var block = Samples.block(height)
            block.timestamp = Timestamp(microseconds: time)
            try writer.append(block, events: Samples.events(height))
        }
        try writer.sync()
        let options = ExportOptions()
        let target = try makeTarget("checked")
        _ = try Exporter(writer.store, into: target, options: options).run()
        #expect(try target.value("SELECT height = 7 AND time = 'infinity' FROM tip") == .integer(1))
        var check = try ExportCheck(writer.store, try makeTarget("checked"), options)
        try writer.append(Samples.block(5, "b", on: "a"), events: Samples.events(5, "b"))
        try writer.sync()
        _ = try Exporter(writer.store, into: target, options: options).run()
        let report = try check.run()
        #expect(report.isSound && report.blocks == 8, "\(report)")
        #expect(try isSound(writer.store, target, options))
        try target.execute(
            "INSERT INTO events SELECT sequence, 999, 9223372036854775807, model_id, type_id, version, time, "
                + "request_id, payload, payload_bytes, undone_by FROM events LIMIT 1")
        var again = try ExportCheck(writer.store, target, options)
        #expect(try again.run().first?.problem == .unexpected)
        try writer.close()
    }

    @Test("a server that is stopped under the exporter costs nothing: it goes on where the server's last commit was")
    func stoppedServer() throws {
        let server = try PostgresServer()
        let url = server.url()
        try withStorm(seed: 5, steps: 300) { writer, storm in
            let export = FollowingExport(of: writer.store, batchEvents: 20) { () throws(SQLFailure) in
                try PostgresTarget(url, schemaName: "crash")
            }
            var (random, stopsMidway) = (SplitMix64(seed: 5), 0)
            let rounds = CrashRounds.isSoak ? CrashRounds.count : CrashRounds.count / 2
            for _ in 0..<rounds {
                // What is to be exported does not run out, so that the server stops under work, not under waiting.
                for _ in 0..<200 { try storm.step(&writer) }
                try writer.sync()
                usleep(UInt32(20_000 + random.below(150_000)))
                try server.stopImmediately()
                if export.sequence < writer.sequence { stopsMidway += 1 }
                try server.start()
            }
            #expect(stopsMidway > rounds / 2)
            try export.finish(at: writer.sequence)
            #expect(try isSound(writer.store, try PostgresTarget(url, schemaName: "crash"), ExportOptions()))
        }
    }
}
