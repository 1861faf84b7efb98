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
}
