import Ashlar
import AshlarExport
import AshlarSQLite
import AshlarTestSupport
import Foundation
import Testing

@Suite("Exporting")
struct ExporterTests {
    @Test("the target says what the log says, whatever the chain did", arguments: [1, 2, 3, 4] as [UInt64])
    func storm(seed: UInt64) throws {
        let pair = ExportPair()
        try pair.makeStore(seed: seed, steps: 400)
        let progress = try pair.export { $0.batchEvents = 50 }
        #expect(progress.undoneBlocks > 10)
        #expect(try pair.check().isSound)
        #expect(try canonical(try pair.target()) == canonical(try Store.open(at: pair.storePath)))
        let again = try pair.export()
        #expect(again.rows == 0)
    }

    @Test("a live reorg storm is followed: after every step the canonical view equals the store's")
    func live() throws {
        let pair = ExportPair()
        var writer = try pair.writer()
        var storm = StormChain(seed: 9)
        let target = try pair.target()
        for _ in 0..<80 {
            try storm.step(&writer)
            try writer.sync()
            _ = try Exporter(writer.store, into: target).run()
            #expect(try canonical(target) == canonical(writer.store))
        }
        try writer.close()
        #expect(try pair.check().isSound)
    }

    @Test("a status tells how many rows came since")
    func rowsSince() throws {
        let pair = ExportPair()
        try pair.makeStore(seed: 3, steps: 100)
        try pair.export()
        let target = try pair.target()
        let before = try ExportStatus(try Store.open(at: pair.storePath), target)
        #expect(try before.rowsSince(try Store.open(at: pair.storePath), target).rows == 0)
        var writer = try pair.writer()
        var height = try #require(try writer.store.view().tip()).block
        for _ in 0..<3 {
            var next = Samples.block(height.height + 1, "z")
            next.parent = height.hash
            try writer.append(next, events: Samples.events(next.height))
            height = next
        }
        try writer.close()
        try pair.export()
        let found = try before.rowsSince(try Store.open(at: pair.storePath), target)
        #expect(found.rows == 3 + 3 * Int64(Samples.events(1).count) && found.sequence == before.sequence + 3)
    }

    @Test("rows of undone blocks can be deleted instead", arguments: [5, 6] as [UInt64])
    func deleted(seed: UInt64) throws {
        let pair = ExportPair()
        try pair.makeStore(seed: seed, steps: 300)
        try pair.export {
            $0.keepsUndone = false
            $0.batchEvents = 40
        }
        let target = try pair.target()
        #expect(try target.value("SELECT count(*) FROM blocks WHERE undone_by IS NOT NULL") == .integer(0))
        #expect(try pair.check { $0.keepsUndone = false }.isSound)
        #expect(try canonical(target) == canonical(try Store.open(at: pair.storePath)))
    }

    @Test("stopped anywhere and started again, nothing is missing and nothing twice")
    func stopped() throws {
        let pair = ExportPair()
        try pair.makeStore(seed: 7, steps: 300)
        var options = ExportOptions()
        options.batchEvents = 10
        var random = SplitMix64(seed: 7)
        var runs = 0
        while true {
            runs += 1
            let deadline = Locked(random.below(40))
            let exporter = Exporter(
                try Store.open(at: pair.storePath), into: try pair.target(), options: options,
                shouldStop: { deadline.countDown() })
            let progress = try exporter.run()
            if progress.sequence == (try Store.open(at: pair.storePath)).sequence { break }
        }
        #expect(runs > 5)
        try pair.export()
        #expect(try pair.check().isSound)
    }

    @Test("models and heights can be selected, and must stay the same")
    func selection() throws {
        let pair = ExportPair()
        try pair.makeStore(seed: 8, steps: 200)
        let select: (inout ExportOptions) -> Void = {
            $0.models = ["model 1", "model 3"]
            $0.heights = 10...40
        }
        try pair.export(select)
        let target = try pair.target()
        #expect(try pair.check(select).isSound)
        #expect(try target.value("SELECT count(*) FROM models") == .integer(2))
        #expect(
            try target.rows("SELECT min(height), max(height) FROM events")[0].allSatisfy {
                (10...40).contains($0.integer ?? 0)
            })
        #expect(refusal { try pair.export() } == "otherSelection")
    }

    @Test("a database that is not ours is refused")
    func refused() throws {
        let pair = ExportPair()
        try pair.makeStore(seed: 1, steps: 20)
        try pair.target().execute("CREATE TABLE blocks (a)")
        #expect(refusal { try pair.export() } == "notOurs")
        #expect(refusal { _ = try pair.check() } == "notOurs")
        let other = ExportPair()
        try other.makeStore(seed: 2, steps: 20)
        try other.export()
        let store = try Store.open(at: pair.storePath)
        #expect(refusal { _ = try Exporter(store, into: try other.target()).run() } == "otherStore")
        try other.target().execute("UPDATE ashlar_meta SET schema_version = 99")
        #expect(refusal { try other.export() } == "newerSchema")
        // A newer layout may have other columns.
        try other.target().execute("ALTER TABLE ashlar_meta RENAME COLUMN selection TO choice")
        #expect(refusal { try other.export() } == "newerSchema")
    }

    @Test("tables that somebody prepared must be empty")
    func prepared() throws {
        let pair = ExportPair()
        try pair.makeStore(seed: 3, steps: 20)
        try pair.target().execute(ExportOptions().script(for: try pair.target(), states: []))
        try pair.target().execute("INSERT INTO types VALUES (1, 'stray')")
        #expect(refusal { try pair.export { $0.managesSchema = false } } == "notEmpty")
        try pair.target().execute("DELETE FROM types")
        try pair.export { $0.managesSchema = false }
        #expect(try pair.check().isSound)
    }

    @Test("each model has a view, whatever its name is")
    func viewPerModel() throws {
        let pair = ExportPair()
        var writer = try pair.writer()
        let names = ["utxo", "a\"; DROP TABLE events; --", "0xABC", String(repeating: "ä", count: 100)]
        try writer.append(
            Samples.block(0), events: names.map { Event(model: $0, type: "t", payload: Array("{}".utf8)) })
        try writer.append(Samples.block(1), events: [])
        try writer.close()
        try pair.export { $0.viewsPerModel = true }
        let views = try pair.target().rows(
            "SELECT name FROM sqlite_schema WHERE type = 'view' AND name LIKE 'model%' ORDER BY name")
        #expect(
            views.compactMap { $0[0].text }.prefix(3) == [
                "model_1_utxo", "model_2_a___drop_table_events____", "model_3_0xabc",
            ])
        for view in views {
            #expect(try pair.target().value("SELECT count(*) FROM \(quoted(view[0].text ?? ""))") == .integer(1))
        }
    }

    @Test("a reorg shows old and new block at each height")
    func reorgs() throws {
        let pair = ExportPair()
        var writer = try pair.writer()
        for height in 0..<6 as Range<Int64> { try writer.append(Samples.block(height), events: Samples.events(height)) }
        try writer.append(Samples.block(4, "b", on: "a"), events: [])
        try writer.append(Samples.block(5, "b"), events: [])
        try writer.close()
        try pair.export()
        let rows = try pair.target().rows(
            "SELECT sequence, height, old_sequence, new_sequence FROM reorgs ORDER BY height")
        #expect(rows.map { $0.compactMap(\.integer) } == [[7, 4, 5, 7], [7, 5, 6, 8]])
        let tip = try pair.target().rows("SELECT sequence, height, hash FROM tip")[0]
        #expect(tip == [.integer(8), .integer(5), .bytes(Samples.hash(5, "b").bytes)])
    }
}

/// A number that several threads count down.
final class Locked: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Int

    init(_ value: Int) { self.value = value }

    /// True once it was asked as often as it says.
    func countDown() -> Bool {
        lock.withLock {
            value -= 1
            return value < 0
        }
    }
}
