import AshlarExport
import Testing

@Suite("Map files") struct MapTests {
    static func read(_ text: String) throws(TableMapError) -> TableMap {
        let bytes = Array(text.utf8)
        return try TableMap(json: bytes.span.bytes, file: "map.json")
    }

    private static func table(_ columns: String, _ more: String = "\"name\":\"t\"") -> String {
        "{\"tables\":[{\(more),\"model\":\"*\",\"type\":\"*\",\"columns\":[\(columns)]}]}"
    }

    @Test func saysWhatStandsInIt() throws {
        let map = try Self.read(
            """
            {"tables": [
              {"name": "transfers", "model": "0xA0b8", "type": "Transfer", "onMisfit": "fail", "columns": [
                {"name": "token", "path": "model", "type": "bytes", "index": true},
                {"name": "value", "path": "$.args['a.b'][12].c", "type": "numeric"},
                {"name": "at", "path": "$", "type": "timestamp", "unit": "milliseconds", "index": false}]},
              {"type": "*", "model": "*", "columns": [{"path": "$", "name": "all", "type": "json"}], "name": "raw"}
            ]}
            """)
        #expect(map.tables.map(\.name) == ["transfers", "raw"])
        let (first, second) = (map.tables[0], map.tables[1])
        #expect(first.onMisfit == .fail && second.onMisfit == .null)
        #expect(first.columns.map(\.kind) == [.bytes, .numeric, .timestamp])
        #expect(first.columns.map(\.isIndexed) == [true, false, false])
        #expect(first.columns[2].unit == .milliseconds)
        let path = try JSONPath("$.args['a.b'][12].c")
        #expect(first.columns.map(\.source) == [.model, .path(path), .path(try JSONPath("$"))])
        let names = ["args", "a.b", "c"].map { JSONPath.Step.member(Array($0.utf8)) }
        #expect(path.steps == [names[0], names[1], .element(12), names[2]])
        #expect(first.matches(model: "0xA0b8", type: "Transfer") && !first.matches(model: "0xa0b8", type: "Transfer"))
        #expect(second.matches(model: "anything", type: "at all"))
    }

    @Test(
        "errors say where and what to do",
        arguments: [
            ("", "line 1, byte 1: the file ends in the middle of a value; it was cut off"),
            ("[]", "line 1, byte 1: `the map` must be an object"),
            ("{}", "line 1, byte 1: the map must have `tables`; add it"),
            ("{\"tables\":[]}", "line 1, byte 2: `tables` is empty; give it at least one"),
            ("{\n \"table\":[]}", "line 2, byte 2: the map has no `table`; its members are `tables`"),
            ("{\"tables\":[{}]}", "line 1, byte 12: a table must have `name`; add it"),
            ("{\"tables\":1}", "line 1, byte 11: `tables` must be an array"),
            ("{\"tables\":[1,]}", "line 1, byte 12: `a table` must be an object"),
            ("{\"tables\":\n[}", "line 2, byte 2: not valid JSON: expected a value, found `}`"),
        ])
    func tellsPlaces(_ text: String, _ message: String) {
        let error = #expect(throws: TableMapError.self) { try Self.read(text) }
        #expect(error?.description == "map.json: " + message)
    }

    @Test(
        "what makes no sense is refused",
        arguments: [
            (
                Self.table("{\"name\":\"a\",\"path\":\"$.a\",\"type\":\"int\"}"),
                "`type` must be one of `bytes`, `numeric`"
            ),
            (Self.table("{\"name\":\"a\",\"path\":\"a\",\"type\":\"text\"}"), "`a` is no path: a path starts with `$`"),
            (Self.table("{\"name\":\"a b\",\"path\":\"$\",\"type\":\"text\"}"), "`a b` is no name; use letters"),
            (Self.table("{\"name\":\"1a\",\"path\":\"$\",\"type\":\"text\"}"), "no digit in front"),
            (Self.table("{\"name\":\"\",\"path\":\"$\",\"type\":\"text\"}"), "`` is no name"),
            (Self.table("{\"name\":\"Height\",\"path\":\"$\",\"type\":\"text\"}"), "which every table has already"),
            (Self.table("{\"name\":\"xmin\",\"path\":\"$\",\"type\":\"text\"}"), "PostgreSQL keeps the name `xmin`"),
            (
                Self.table(
                    "{\"name\":\"a\",\"path\":\"$\",\"type\":\"text\"},{\"name\":\"A\",\"path\":\"$\",\"type\":\"text\"}"
                ),
                "column `A` twice"
            ),
            (
                Self.table("{\"name\":\"a\",\"name\":\"a\",\"path\":\"$\",\"type\":\"text\"}"),
                "`name` stands here twice"
            ),
            (
                Self.table("{\"name\":\"a\",\"path\":\"$\",\"type\":\"text\",\"unit\":\"seconds\"}"),
                "has a `unit`; remove it"
            ),
            (Self.table("{\"name\":\"a\",\"path\":\"$\",\"type\":\"json\",\"index\":true}"), "cannot have an index"),
            (
                Self.table("{\"name\":\"a\",\"path\":\"$\",\"type\":\"text\",\"index\":1}"),
                "`index` must be true or false"
            ),
            (
                Self.table("{\"name\":\"a\",\"path\":\"$\",\"type\":\"text\"}", "\"name\":\"Events\""),
                "belongs to the exporter"
            ),
            (
                Self.table("{\"name\":\"a\",\"path\":\"$\",\"type\":\"text\"}", "\"name\":\"state_x\""),
                "belongs to the exporter"
            ),
            (
                Self.table(
                    "{\"name\":\"a\",\"path\":\"$\",\"type\":\"text\"}",
                    "\"name\":\"\(String(repeating: "t", count: 60))\""),
                "has more than 63 bytes; use shorter names"
            ),
            (
                Self.table(
                    "{\"name\":\"height\",\"path\":\"$\",\"type\":\"text\"}", "\"name\":\"t\",\"onMisfit\":\"skip\""),
                "`onMisfit` must be one of `null`, `fail`"
            ),
            (
                "{\"tables\":[{\"name\":\"a\",\"model\":\"*\",\"type\":\"*\",\"columns\":[{\"name\":\"b\",\"path\":\"$\",\"type\":\"text\","
                    + "\"index\":true}]},{\"name\":\"A_B\",\"model\":\"*\",\"type\":\"*\",\"columns\":[{\"name\":\"b\",\"path\":\"$\","
                    + "\"type\":\"text\"}]}]}", "the name `A_B` is needed twice"
            ),
        ])
    func refuses(_ text: String, _ message: String) {
        let error = #expect(throws: TableMapError.self) { try Self.read(text) }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }

    @Test(
        "paths that are none are refused",
        arguments: [
            "", "a", "$a", "$.", "$..a", "$.a.", "$[", "$[]", "$[a]", "$[-1]", "$[1", "$['a", "$['a'", "$[1]b",
            "$[9999999999]",
            "$" + String(repeating: ".a", count: 65),
        ])
    func refusesPaths(_ text: String) {
        #expect(throws: JSONPath.Problem.self) { try JSONPath(text) }
    }

    @Test("no part of a map is a map, and none is trouble")
    func survivesTruncations() throws {
        let text = Self.table("{\"name\":\"a\",\"path\":\"$.a['b'][0]\",\"type\":\"timestamp\",\"unit\":\"seconds\"}")
        _ = try Self.read(text)
        for count in 0..<text.utf8.count {
            #expect(throws: TableMapError.self) { try Self.read(String(text.prefix(count))) }
        }
    }
}
