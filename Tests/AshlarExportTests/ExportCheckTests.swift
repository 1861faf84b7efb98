import Ashlar
import AshlarExport
import AshlarSQLite
import AshlarTestSupport
import Foundation
import Testing

@Suite("Checking an export, and going back")
struct ExportCheckTests {
    /// What is done to the target, and what the check must say of it.
    static let damages: [(String, String, CheckReport.Problem)] = [
        ("DELETE FROM events WHERE sequence = 20 AND ordinal = 1", "events", .missing),
        (
            "UPDATE events SET payload_bytes = x'00', payload = NULL WHERE sequence = 20 AND ordinal = 1", "events",
            .different
        ),
        ("UPDATE events SET undone_by = 4000 WHERE sequence = 20 AND ordinal = 1", "events", .different),
        ("UPDATE events SET version = 99 WHERE sequence = 20 AND ordinal = 1", "events", .different),
        (
            "INSERT INTO events SELECT sequence, 999, height, model_id, type_id, version, time, request_id, payload, "
                + "payload_bytes, undone_by FROM events WHERE sequence = 20 AND ordinal = 1", "events", .unexpected
        ),
        ("UPDATE events SET height = 18 WHERE sequence = 20 AND ordinal = 1", "events", .different),
        (
            "UPDATE events SET ordinal = 99 WHERE sequence = 20 AND ordinal = 1; "
                + "UPDATE events SET ordinal = 1 WHERE sequence = 20 AND ordinal = 2; "
                + "UPDATE events SET ordinal = 2 WHERE sequence = 20 AND ordinal = 99", "events", .different
        ),
        ("UPDATE blocks SET hash = x'00' WHERE sequence = 20", "blocks", .different),
        ("UPDATE blocks SET height = 18 WHERE sequence = 20", "blocks", .different),
        ("DELETE FROM blocks WHERE sequence = 20", "blocks", .missing),
    ]

    @Test("the first difference is named", arguments: damages.indices)
    func differences(index: Int) throws {
        let pair = ExportPair()
        var writer = try pair.writer()
        for height in 0..<50 as Range<Int64> {
            try writer.append(Samples.block(height), events: Samples.events(height))
        }
        try writer.close()
        try pair.export()
        #expect(try pair.check().isSound)
        let (damage, table, problem) = Self.damages[index]
        try pair.target().execute(damage)
        let report = try pair.check()
        #expect(!report.isSound)
        #expect(report.first?.table == table)
        #expect(report.first?.problem == problem)
        #expect(report.first?.sequence == 20)
        #expect(report.first?.height == 19)
        #expect(report.differentRanges == [0...999])
    }

    @Test("a row at the ends of 64 bits is a difference like any other", arguments: [.min, .max] as [Int64])
    func extremeHeights(height: Int64) throws {
        let pair = ExportPair()
        try pair.makeStore(seed: 1, steps: 20)
        try pair.export()
        try pair.target().run(
            "INSERT INTO events SELECT sequence, 999, $1, model_id, type_id, version, time, request_id, payload, "
                + "payload_bytes, undone_by FROM events LIMIT 1", [.integer(height)])
        let report = try pair.check()
        #expect(report.first?.problem == .unexpected && report.first?.height == height)
        #expect(report.differentRanges.count == 1 && report.differentRanges.first?.contains(height) == true)
    }

    @Test("what an exporter writes while the check runs is no difference")
    func concurrent() throws {
        let pair = ExportPair()
        var writer = try pair.writer()
        var storm = StormChain(seed: 4)
        for _ in 0..<50 { try storm.step(&writer) }
        try writer.sync()
        try pair.export()
        let before = writer.store.sequence
        var check = try ExportCheck(writer.store, try pair.target(), ExportOptions())
        for _ in 0..<100 { try storm.step(&writer) }
        try writer.sync()
        try pair.export()
        let report = try check.run()
        #expect(report.isSound && report.sequence == before)
        try writer.close()
    }

    @Test("a check never takes the target back, whatever the options say")
    func writesNothing() throws {
        let pair = ExportPair()
        try pair.makeStore(seed: 2, steps: 20)
        try FileManager.default.copyItem(atPath: pair.storePath, toPath: pair.folder.file("backup"))
        var writer = try pair.writer()
        try writer.appendFloating(Samples.events(0), timestamp: Timestamp(seconds: 1))
        try writer.close()
        try pair.export()
        try FileManager.default.removeItem(atPath: pair.storePath)
        try FileManager.default.moveItem(atPath: pair.folder.file("backup"), toPath: pair.storePath)
        #expect(refusal { _ = try pair.check { $0.rewinds = true } } == "cursorNotFound")
    }

    @Test(
        "a log that was cut back is refused, and --rewind goes back to what both have",
        arguments: [11, 12, 13] as [UInt64])
    func rewind(seed: UInt64) throws {
        let pair = ExportPair()
        var writer = try pair.writer()
        var storm = StormChain(seed: seed)
        for _ in 0..<150 { try storm.step(&writer) }
        try writer.close()
        try FileManager.default.copyItem(atPath: pair.storePath, toPath: pair.folder.file("backup"))
        let fork = storm
        writer = try pair.writer()
        for _ in 0..<100 { try storm.step(&writer) }
        try writer.close()
        try pair.export { $0.batchEvents = 30 }
        try FileManager.default.removeItem(atPath: pair.storePath)
        try FileManager.default.moveItem(atPath: pair.folder.file("backup"), toPath: pair.storePath)
        #expect(refusal { try pair.export() } == "cursorNotFound")
        // The log goes on otherwise, further than the target knows.
        writer = try pair.writer()
        storm = fork
        for _ in 0..<200 { try storm.step(&writer) }
        try writer.close()
        #expect(refusal { try pair.export() } == "cursorNotFound")
        try pair.export { $0.rewinds = true }
        #expect(try pair.check().isSound)
        #expect(try canonical(try pair.target()) == canonical(try Store.open(at: pair.storePath)))
    }

    @Test(
        "blocks that only the lost part of the log undid or took up are marked as before",
        arguments: [14, 15, 16] as [UInt64])
    func rewindsMarks(seed: UInt64) throws {
        let pair = ExportPair()
        var writer = try pair.writer()
        var storm = StormChain(seed: seed)
        for _ in 0..<150 { try storm.step(&writer) }
        try writer.close()
        try FileManager.default.copyItem(atPath: pair.storePath, toPath: pair.folder.file("backup"))
        writer = try pair.writer()
        for _ in 0..<100 { try storm.step(&writer) }
        try writer.close()
        try pair.export()
        try FileManager.default.removeItem(atPath: pair.storePath)
        try FileManager.default.moveItem(atPath: pair.folder.file("backup"), toPath: pair.storePath)
        try pair.export { $0.rewinds = true }
        #expect(try pair.check().isSound)
        #expect(try canonical(try pair.target()) == canonical(try Store.open(at: pair.storePath)))
    }
}
