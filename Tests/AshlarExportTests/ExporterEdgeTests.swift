import Ashlar
import AshlarExport
import AshlarExportTestSupport
import AshlarSQLite
import AshlarTestSupport
import Foundation
import Testing

@Suite("Exporting where little is usual")
struct ExporterEdgeTests {
    /// Two names that Swift takes for one.
    static let names = ["\u{E9}", "e\u{301}"]

    @Test("names that differ in bytes alone are two: as models, in a selection, and in a map")
    func equalNames() throws {
        let pair = ExportPair()
        var writer = try pair.writer()
        for height in 0..<3 as Range<Int64> {
            try writer.append(
                Samples.block(height),
                events: Self.names.map { Event(model: $0, type: $0, payload: Array("{\"a\":1}".utf8)) })
        }
        try writer.close()
        try pair.export { $0.models = [Self.names[0]] }
        #expect(refusal { try pair.export { $0.models = [Self.names[1]] } } == "otherSelection")
        let whole = ExportPair()
        try FileManager.default.copyItem(atPath: pair.storePath, toPath: whole.storePath)
        let json =
            "{\"tables\":[{\"name\":\"t\",\"model\":\"\(Self.names[0])\",\"type\":\"*\",\"columns\":["
            + "{\"name\":\"a\",\"path\":\"$.a\",\"type\":\"bigint\"}]}]}"
        let map = try TableMap(json: Array(json.utf8).span.bytes, file: "map")
        try whole.export { $0.map = map }
        #expect(try whole.check { $0.map = map }.isSound)
        #expect(try whole.target().value("SELECT count(*) FROM models") == .integer(2))
        #expect(try whole.target().value("SELECT count(*) FROM t") == .integer(3))
    }

    @Test("a quotation mark is doubled whatever stands behind it")
    func quotation() {
        let name = quoted("a\"\u{301}b\"")
        #expect(Array(name.utf8) == Array("\"a\"\"\u{301}b\"\"\"".utf8))
    }

    @Test("of two exporters into one target, the slower one does not take the cursor back")
    func twoExporters() throws {
        let pair = ExportPair()
        try pair.makeStore(seed: 3, steps: 200)
        // Nothing is selected, so no row of one is in the way of the other.
        let select: (inout ExportOptions) -> Void = {
            $0.heights = 1_000_000...2_000_000
            $0.batchEvents = 10
        }
        var options = ExportOptions()
        select(&options)
        var isFirst = true
        let slower = Exporter(
            try Store.open(at: pair.storePath), into: try pair.target(), options: options,
            report: { _ in
                if isFirst { #expect(throws: Never.self) { try pair.export(select) } }
                isFirst = false
            })
        #expect {
            _ = try slower.run()
        } throws: { error in
            guard case .database(_, let failure)? = error as? ExportError else { return false }
            return failure.kind == .busy
        }
        let store = try Store.open(at: pair.storePath)
        #expect(try pair.target().value("SELECT sequence FROM tip")?.integer == Int64(store.sequence))
        #expect(try ExportStatus(store, try pair.target()).lagCommits == 0)
    }

    @Test("a row of the tip that somebody deleted comes again")
    func deletedTip() throws {
        let pair = ExportPair()
        var writer = try pair.writer()
        try writer.append(Samples.block(0), events: [])
        try writer.sync()
        let target = try pair.target()
        _ = try Exporter(writer.store, into: target).run()
        try target.execute("DELETE FROM tip")
        try writer.append(Samples.block(1), events: [])
        try writer.sync()
        _ = try Exporter(writer.store, into: target).run()
        let block = Samples.block(1)
        let time = block.timestamp.microseconds
        let tip: [SQLValue] = [
            .integer(1), .integer(2), .integer(1), .bytes(Array(block.hash.bytes)), .integer(time),
        ]
        #expect(try target.rows("SELECT * FROM tip") == [tip])
        try writer.close()
    }

    @Test("the tip is that of the selected heights, also where a commit is taken in parts")
    func tip() throws {
        let pair = ExportPair()
        var writer = try pair.writer()
        for height in 0..<6 as Range<Int64> { try writer.append(Samples.block(height), events: Samples.events(height)) }
        try writer.append(Samples.block(4, "b", on: "a"), events: Samples.events(4, "b"))
        try writer.close()
        try pair.export {
            $0.heights = 5...5
            $0.batchEvents = 1
        }
        #expect(try pair.target().rows("SELECT sequence, height, hash FROM tip")[0] == [.integer(7), .null, .null])
    }

    /// What is done to a target, how it is mended, and what the exporter says meanwhile.
    static let troubles: [(String, String, SQLFailure.Kind)] = [
        ("ALTER TABLE undone_blocks RENAME TO gone", "ALTER TABLE gone RENAME TO undone_blocks", .schema),
        (
            "ALTER TABLE events RENAME COLUMN payload TO other", "ALTER TABLE events RENAME COLUMN other TO payload",
            .schema
        ),
        ("PRAGMA max_page_count=1", "PRAGMA max_page_count=1000000", .full),
        ("PRAGMA query_only=1", "PRAGMA query_only=0", .readOnly),
    ]

    @Test("trouble midway leaves whole commits, and mended, the export goes on", arguments: troubles.indices)
    func trouble(index: Int) throws {
        let (damage, cure, kind) = Self.troubles[index]
        let pair = ExportPair()
        try pair.makeStore(seed: 6, steps: 300)
        var options = ExportOptions()
        options.batchEvents = 20
        let store = try Store.open(at: pair.storePath)
        let target = try pair.target()
        // Between two transactions: a report within one does not tell of another sequence.
        var sequences: Set<UInt64> = []
        let exporter = Exporter(
            store, into: target, options: options,
            report: { progress in
                guard sequences.insert(progress.sequence).inserted, sequences.count == 8 else { return }
                #expect(throws: Never.self) { try target.execute(damage) }
            })
        #expect {
            _ = try exporter.run()
        } throws: { error in
            guard case .database(_, let failure)? = error as? ExportError else { return false }
            return failure.kind == kind
        }
        try target.execute(cure)
        let (report, sequence) = (try pair.check(), store.sequence)
        #expect(report.isSound && report.sequence > 0 && report.sequence < sequence)
        _ = try Exporter(store, into: target, options: options).run()
        #expect(try pair.check().sequence == sequence)
        #expect(try pair.check().isSound)
    }

    @Test("cut off at any call to the database, it goes on from there", arguments: [true, false])
    func cutOff(keepsUndone: Bool) throws {
        let pair = ExportPair()
        try pair.makeStore(seed: 10, steps: 40)
        let store = try Store.open(at: pair.storePath)
        var options = ExportOptions()
        options.batchEvents = 10
        options.keepsUndone = keepsUndone
        var calls = 0
        while true {
            calls += 1
            let target = CutOffTarget(try pair.target(), after: calls)
            do throws(ExportError) {
                _ = try Exporter(store, into: target, options: options).run()
                break
            } catch {
                guard case .database(_, let failure) = error, failure.kind == .connection else { throw error }
                target.rollback()
            }
        }
        #expect(calls > 20)
        #expect(try pair.check { $0.keepsUndone = keepsUndone }.isSound)
        #expect(try canonical(try pair.target()) == canonical(store))
    }

    @Test("an event that is too large for a row of SQLite is named")
    func tooLarge() throws {
        let pair = ExportPair()
        var writer = try pair.writer()
        try writer.append(
            Samples.block(0),
            events: Samples.events(0) + [Event(model: "m", type: "t", payload: [UInt8](repeating: 0x7B, count: 9_000))])
        try writer.close()
        let target = try pair.target()
        target.limitRows(toBytes: 8_000)
        #expect {
            _ = try Exporter(try Store.open(at: pair.storePath), into: target).run()
        } throws: { error in
            guard case .database(_, let failure)? = error as? ExportError else { return false }
            return failure.kind == .constraint && failure.message.contains("sequence 1, ordinal 5 of events")
                && failure.message.contains("at most 8000 bytes")
        }
        target.limitRows(toBytes: 100_000)
        _ = try Exporter(try Store.open(at: pair.storePath), into: target).run()
        #expect(try pair.check().isSound)
    }

    @Test("a table of the map that nothing belongs to is told of at the end")
    func emptyTables() throws {
        let pair = ExportPair()
        try pair.makeStore(seed: 5, steps: 50)
        let tables = [
            ChangeTrial.table("some", ChangeTrial.column("n", "$.n", "text")),
            ChangeTrial.table("none", model: "modle 1", ChangeTrial.column("n", "$.n", "text")),
        ]
        let map = try TableMap(
            json: Array("{\"tables\":[\(tables.joined(separator: ","))]}".utf8).span.bytes, file: "map")
        #expect(try pair.export { $0.map = map }.emptyTables == ["none"])
        #expect(try pair.export { $0.map = map }.emptyTables == ["none"])
    }
}
