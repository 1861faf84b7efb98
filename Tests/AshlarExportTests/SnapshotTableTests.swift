import Ashlar
import AshlarExport
import AshlarExportTestSupport
import AshlarSQLite
import AshlarTestSupport
import Foundation
import Testing

@Suite("The table of snapshots")
struct SnapshotTableTests {
    let pair = ExportPair()

    /// Takes a snapshot of the events' counts at the tip.
    private func take(_ store: Store) throws {
        var options = ProjectionOptions()
        options.snapshots = SnapshotPolicy(blocks: nil, retention: SnapshotRetention(minKeep: .max, keepWindow: .max))
        let projection = Projection(store, options: options)
        _ = try projection.add(CountedEvents())
        try projection.advance()
        try projection.takeSnapshots()
    }

    private func append(_ heights: Range<Int64>, _ branch: Character = "a", to writer: inout Writer) throws {
        for height in heights {
            try writer.append(Samples.block(height, branch), events: Samples.events(height, branch))
        }
    }

    private func export(stateBytes: Int? = nil) throws {
        var options = ExportOptions()
        options.snapshotStateBytes = stateBytes
        _ = try Exporter(
            try Store.open(at: pair.storePath), into: try pair.target(), options: options,
            snapshotModels: [SnapshotModel(CountedEvents())]
        ).run()
    }

    private func heights() throws -> [Int64?] {
        try pair.target().rows("SELECT height FROM snapshots ORDER BY height").map { $0[0].integer }
    }

    private func check() throws -> CheckReport {
        var check = try ExportCheck(
            try Store.open(at: pair.storePath), try pair.target(), ExportOptions(),
            snapshotModels: [SnapshotModel(CountedEvents())])
        return try check.run()
    }

    @Test("it has what is valid: not what was undone, again what was taken up again, not what was removed")
    func life() throws {
        var writer = try pair.writer()
        try append(0..<10, to: &writer)
        try take(writer.store)
        try append(10..<15, to: &writer)
        try take(writer.store)
        try export()
        #expect(try heights() == [9, 14])
        let row = try pair.target().rows(
            "SELECT model, schema_version, sequence, hash, codec, stored_bytes, raw_bytes, state FROM snapshots "
                + "WHERE height = 9")[0]
        #expect(row[0] == .text("event-counts") && row[1] == .integer(1) && row[2] == .integer(10))
        #expect(row[3] == .bytes(Samples.hash(9).bytes) && row[4] == .text("lz4") && row[7] == .null)
        #expect(row[5].integer ?? 0 > row[6].integer ?? 0 && row[6].integer ?? 0 > 0)
        // Undone.
        try writer.append(Samples.block(12, "b", on: "a"), events: Samples.events(12, "b"))
        try writer.sync()
        try export()
        #expect(try heights() == [9])
        #expect(try check().isSound && check().lateSnapshots.isEmpty)
        // Taken up again: blocks 12 to 14 are in commits 13 to 15.
        try writer.adopt(branch: [13, 14, 15].map { .known(sequence: $0) }, belowFinality: true)
        try writer.sync()
        try export()
        #expect(try heights() == [9, 14])
        // Removed.
        try writer.store.removeSnapshots(heights: 0...9)
        let report = try check()
        #expect(report.isSound && report.lateSnapshots.count == 1)
        try export()
        #expect(try heights() == [14])
        #expect(try check().lateSnapshots.isEmpty)
        try writer.close()
    }

    @Test("a snapshot that a prune keeps in two files is one row")
    func keptTwice() throws {
        var writer = try pair.writer()
        try append(0..<10, to: &writer)
        try take(writer.store)
        try writer.close()
        let files = FileManager.default
        let name = try #require(
            try files.contentsOfDirectory(atPath: pair.storePath).first { $0.hasSuffix(".snapshot") })
        let copy = name.replacingOccurrences(of: ".snapshot", with: "-copy.snapshot")
        try files.copyItem(atPath: "\(pair.storePath)/\(name)", toPath: "\(pair.storePath)/\(copy)")
        try export()
        #expect(try heights() == [9])
        #expect(try check().isSound && check().lateSnapshots.isEmpty)
        try files.removeItem(atPath: "\(pair.storePath)/\(name)")
        try export()
        #expect(try heights() == [9])
    }

    @Test("states are there as JSON if that is asked for and they are not too large")
    func states() throws {
        var writer = try pair.writer()
        try append(0..<10, to: &writer)
        try take(writer.store)
        try writer.close()
        func state() throws -> SQLValue? { try pair.target().value("SELECT state FROM snapshots") }
        try export()
        #expect(try state() == nil)
        try export(stateBytes: 1_000)
        #expect(try state() == .text("{\"models\":2,\"events\":50}"))
        #expect(try check().isSound)
        try pair.target().execute("UPDATE snapshots SET state = '{\"models\":2,\"events\":51}'")
        #expect(try check().first?.table == "snapshots")
        try export(stateBytes: 5)
        #expect(try state() == nil)
        try export(stateBytes: 1_000)
        try export()
        #expect(try state() == nil)
    }

    @Test("after every transaction each row is of a canonical block", arguments: [71, 72] as [UInt64])
    func storm(seed: UInt64) throws {
        var writer = try pair.writer()
        var storm = StormChain(seed: seed)
        var (seen, gone) = (0, 0)
        for round in 0..<40 {
            for _ in 0..<6 { try storm.step(&writer) }
            if round % 2 == 0 { try take(writer.store) }
            try writer.sync()
            var options = ExportOptions()
            options.batchEvents = 1
            let reader = try pair.target()
            var last = 0
            _ = try Exporter(
                writer.store, into: try pair.target(), options: options,
                report: { progress in
                    guard progress.phase == .rows || progress.phase == .waiting else { return }
                    let void = try? reader.value(
                        "SELECT count(*) FROM snapshots s WHERE NOT EXISTS (SELECT 1 FROM canonical_blocks b "
                            + "WHERE b.height = s.height AND b.hash = s.hash)")
                    #expect(void == .integer(0))
                    let count = Int((try? reader.value("SELECT count(*) FROM snapshots"))??.integer ?? 0)
                    gone += count < last ? 1 : 0
                    (seen, last) = (max(seen, count), count)
                }
            ).run()
        }
        try writer.close()
        #expect(seen > 3 && gone > 3)
        #expect(try check().isSound && check().lateSnapshots.isEmpty)
    }

    @Test("files of another store, and those that were cut off, are passed over")
    func foreign() throws {
        let other = ExportPair()
        for (pair, count) in [(pair, 5), (other, 7)] as [(ExportPair, Int64)] {
            var writer = try pair.writer()
            try append(0..<count, to: &writer)
            try take(writer.store)
            try writer.close()
        }
        let name = try #require(
            FileManager.default.contentsOfDirectory(atPath: other.storePath).first { $0.hasSuffix(".snapshot") })
        let data = try Data(contentsOf: URL(fileURLWithPath: other.storePath + "/" + name))
        try data.write(to: URL(fileURLWithPath: pair.storePath + "/" + name))
        try data.prefix(600).write(to: URL(fileURLWithPath: pair.storePath + "/short.snapshot"))
        try export(stateBytes: 1_000)
        #expect(try heights() == [4])
        #expect(try check().isSound)
    }

    @Test("--rewind leaves those that both have, and statistics are renewed where rows were written")
    func rewound() throws {
        var writer = try pair.writer()
        try append(0..<6, to: &writer)
        try take(writer.store)
        try writer.close()
        let backup = pair.folder.file("backup")
        try FileManager.default.copyItem(atPath: pair.storePath, toPath: backup)
        writer = try pair.writer()
        try append(6..<9, to: &writer)
        try writer.append(
            Samples.block(9), events: [Event(model: "short-lived", type: "type.9", payload: Array("{}".utf8))])
        try take(writer.store)
        try writer.close()
        try export()
        #expect(try heights() == [5, 9])
        try FileManager.default.removeItem(atPath: pair.storePath)
        try FileManager.default.moveItem(atPath: backup, toPath: pair.storePath)
        try pair.export { $0.rewinds = true }
        #expect(try heights() == [5])
        let report = try check()
        #expect(report.isSound && report.lateSnapshots.isEmpty, "\(report)")
        #expect(try pair.target().value("SELECT count(*) FROM models") == .integer(2))
    }

    @Test("the database renews its statistics at the end of a run that wrote rows")
    func statistics() throws {
        var writer = try pair.writer()
        try append(0..<6, to: &writer)
        try writer.sync()
        let target = CutOffTarget(try pair.target(), after: .max)
        _ = try Exporter(writer.store, into: target).run()
        _ = try Exporter(writer.store, into: target).run()
        #expect(target.statisticsCount == 1)
        try append(6..<8, to: &writer)
        try writer.close()
        _ = try Exporter(try Store.open(at: pair.storePath), into: target).run()
        #expect(target.statisticsCount == 2)
    }
}
