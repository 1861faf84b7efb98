import Ashlar
import AshlarExport
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
}
