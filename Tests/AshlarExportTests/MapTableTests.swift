import AshlarExport
import AshlarTestSupport
import Testing

@Suite("Typed tables") struct MapTableTests {
    /// What a table of columns `c0`, `c1` … makes of one payload: the values, or nil where one does not fit.
    static func values(
        _ payload: String, _ columns: String..., dialect: SQLDialect = .postgres
    ) throws -> [SQLValue]? {
        var table = try table(columns, dialect: dialect)
        var rows = RowBuffer(columnCount: table.table.columns.count)
        try append(payload, to: &rows, &table)
        guard table.misfitCount == 0 else { return nil }
        return columns.indices.map { rows.value(row: 0, column: 5 + $0) }
    }

    private static func table(
        _ columns: [String], onMisfit: String = "null", dialect: SQLDialect = .postgres
    ) throws -> TypedTable {
        let members = columns.enumerated().map { "{\"name\":\"c\($0)\",\($1)}" }.joined(separator: ",")
        let map = try MapTests.read(
            "{\"tables\":[{\"name\":\"t\",\"model\":\"*\",\"type\":\"*\",\"onMisfit\":\"\(onMisfit)\",\"columns\":[\(members)]}]}"
        )
        return TypedTable(map.tables[0], dialect: dialect)
    }

    private static func append(
        _ payload: String, model: String = "0x0aFf", to rows: inout RowBuffer, _ table: inout TypedTable
    ) throws(Misfit) {
        let (bytes, name) = (Array(payload.utf8), Array(model.utf8))
        try table.append(
            payload: bytes.span.bytes, model: name.span.bytes, sequence: 7, ordinal: 3, height: 9, time: 11, to: &rows)
    }

    private static func one(_ value: String, _ type: String, _ dialect: SQLDialect = .postgres) throws -> SQLValue? {
        try values("{\"v\":\(value)}", "\"path\":\"$.v\",\"type\":\(type)", dialect: dialect)?[0]
    }

    @Test("the table has what every table has, then its own columns, and indexes of rows that are not undone")
    func describesTable() throws {
        let table = try Self.table([
            "\"path\":\"$.a\",\"type\":\"text\",\"index\":true", "\"path\":\"$.b\",\"type\":\"numeric\"",
        ])
        #expect(table.table.columns.map(\.name) == ["sequence", "ordinal", "height", "time", "undone_by", "c0", "c1"])
        #expect(
            table.table.columns.map(\.type) == [.integer, .integer, .integer, .timestamp, .integer, .text, .numeric])
        #expect(table.table.columns.map(\.isOptional) == [false, false, true, true, true, true, true])
        #expect(table.table.key == ["sequence", "ordinal"])
        #expect(table.table.indexes.map(\.name) == ["t_height", "t_c0"])
        #expect(table.table.indexes.allSatisfy { $0.condition == "undone_by IS NULL" })
        #expect(table.viewName == "canonical_t")
    }

    @Test func takesAllPathsInOneWalk() throws {
        let payload =
            "{\"x\":[1,{\"y\":\"a\"},[2,3]],\"o\":{\"p\":{\"q\":5},\"\\u0072\":\"r\"},\"é.[\":true,\"n\":null,\"o2\":{}}"
        let row = try Self.values(
            payload, "\"path\":\"$.x[2][1]\",\"type\":\"bigint\"", "\"path\":\"$.x[1].y\",\"type\":\"text\"",
            "\"path\":\"$.o.p\",\"type\":\"json\"", "\"path\":\"$.o.p.q\",\"type\":\"numeric\"",
            "\"path\":\"$.o.r\",\"type\":\"text\"", "\"path\":\"$['é.[']\",\"type\":\"text\"",
            "\"path\":\"$.n\",\"type\":\"bytes\"", "\"path\":\"$.missing.deep[3]\",\"type\":\"bigint\"",
            "\"path\":\"$.x.y\",\"type\":\"text\"", "\"path\":\"$.o[0]\",\"type\":\"text\"",
            "\"path\":\"model\",\"type\":\"bytes\"",
            "\"path\":\"$.x[1].y\",\"type\":\"text\"")
        #expect(
            row == [
                .integer(3), .text("a"), .text("{\"q\":5}"), .text("5"), .text("r"), .text("true"), .null, .null, .null,
                .null,
                .bytes([0x0A, 0xFF]), .text("a"),
            ])
    }

    @Test("of a member named twice, the last counts, with all below it")
    func takesLastOfTwo() throws {
        let columns = ["\"path\":\"$.a.b\",\"type\":\"text\"", "\"path\":\"$.a.c\",\"type\":\"text\""]
        #expect(
            try Self.values("{\"a\":{\"b\":\"1\",\"c\":\"2\"},\"a\":{\"b\":\"3\"}}", columns[0], columns[1]) == [
                .text("3"), .null,
            ])
    }

    @Test(
        "bytes come from hex",
        arguments: [
            ("\"0x00fF\"", [0, 255]), ("\"00Ff\"", [0, 255]), ("\"0X10\"", [16]), ("\"0x\"", []), ("\"\"", []),
            ("\"\\u0030x01\"", [1]), ("\"0x1\"", nil), ("\"0xg0\"", nil), ("\"x0\"", nil), ("12", nil), ("true", nil),
            ("[]", nil),
            ("\"0\"", nil), ("\"00é\"", nil), ("\"\\ud800\"", nil),
        ] as [(String, [UInt8]?)])
    func readsBytes(_ value: String, _ expected: [UInt8]?) throws {
        #expect(try Self.one(value, "\"bytes\"") == expected.map { .bytes($0) })
    }

    @Test(
        "64-bit integers are exact",
        arguments: [
            ("9223372036854775807", .max), ("\"-9223372036854775808\"", .min), ("9223372036854775808", nil),
            ("\"007\"", 7),
            ("-0", 0), ("1.0", nil), ("1e3", nil), ("\"\"", nil), ("\"-\"", nil), ("\"+1\"", nil), ("\" 1\"", nil),
            ("true", nil),
            ("{}", nil), ("9007199254740993", 9_007_199_254_740_993),
        ] as [(String, Int64?)])
    func readsIntegers(_ value: String, _ expected: Int64?) throws {
        #expect(try Self.one(value, "\"bigint\"") == expected.map { .integer($0) })
    }

    @Test(
        "text is text",
        arguments: [
            ("\"a\\n\\u00e9\"", "a\né"), ("\"\"", ""), ("1.50", "1.50"), ("false", "false"), ("\"\\u0000\"", nil),
            ("\"\\udc00\"", nil), ("[1]", nil), ("{}", nil),
        ] as [(String, String?)])
    func readsText(_ value: String, _ expected: String?) throws {
        #expect(try Self.one(value, "\"text\"") == expected.map { .text($0) })
    }

    @Test("JSON goes where the database keeps it")
    func readsJSON() throws {
        #expect(try Self.one("[1, {}]", "\"json\"") == .text("[1, {}]"))
        #expect(try Self.one("\"\\u0000\"", "\"json\"") == nil)
        #expect(try Self.one("\"\\u0000\"", "\"json\"", .sqlite) == .text("\"\\u0000\""))
    }

    @Test("values that an index cannot hold do not fit an indexed column")
    func boundsIndexedValues() throws {
        for (count, fits) in [(2_000, true), (2_001, false)] {
            let text = "\"" + String(repeating: "a", count: count) + "\""
            #expect(try (Self.one(text, "\"text\",\"index\":true") != nil) == fits)
            #expect(try Self.one(text, "\"text\"") != nil)
            let hex = "\"" + String(repeating: "ab", count: count) + "\""
            #expect(try (Self.one(hex, "\"bytes\",\"index\":true") != nil) == fits)
        }
    }

    @Test("misfits become null and are counted, or end it all and leave no part of a row")
    func handlesMisfits() throws {
        let columns = ["\"path\":\"$.a\",\"type\":\"text\"", "\"path\":\"$.b\",\"type\":\"bytes\""]
        var lenient = try Self.table(columns)
        var rows = RowBuffer(columnCount: 7)
        try Self.append("{\"a\":\"x\",\"b\":\"\(String(repeating: "z", count: 100))\"}", to: &rows, &lenient)
        try Self.append("{\"a\":\"x\",\"b\":\"00\"}", to: &rows, &lenient)
        try Self.append("not JSON", to: &rows, &lenient)
        #expect(rows.rowCount == 3 && lenient.misfits == [1, 2])
        let first = try #require(lenient.firstMisfit)
        #expect(first.column == "c1" && first.table == "t" && first.sequence == 7 && first.ordinal == 3)
        #expect(first.value == "\"" + String(repeating: "z", count: 59) + "…")
        #expect(
            (0..<7).map { rows.value(row: 0, column: $0) }.prefix(5) == [
                .integer(7), .integer(3), .integer(9), .integer(11), .null,
            ])
        #expect(rows.value(row: 0, column: 6) == .null && rows.value(row: 1, column: 6) == .bytes([0]))

        var strict = try Self.table(columns, onMisfit: "fail")
        let before = rows.bytes.count
        #expect(throws: first) {
            try Self.append("{\"a\":\"x\",\"b\":\"\(String(repeating: "z", count: 100))\"}", to: &rows, &strict)
        }
        #expect(rows.cells.count == 21 && rows.bytes.count == before)
        #expect(first.description.contains("column `c1` of the table `t`, which holds bytes"))
    }

    @Test("hostile payloads are no trouble")
    func survivesAnything() throws {
        var table = try Self.table(
            ["bytes", "numeric", "text", "bigint", "timestamp", "json"].map {
                "\"path\":\"$.a[1].b\",\"type\":\"\($0)\""
            })
        var rows = RowBuffer(columnCount: table.table.columns.count)
        var random = SplitMix64(seed: 3)
        let good = Array("{\"a\":[0,{\"b\":\"2020-01-01T00:00:00Z\"}],\"c\":\"\\u00e9\"}".utf8)
        let name = Array("m".utf8)
        for _ in 0..<2_000 {
            var bytes = good.prefix(random.chance(50) ? good.count : random.below(good.count)) + []
            if !bytes.isEmpty { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
            try table.append(
                payload: bytes.span.bytes, model: name.span.bytes, sequence: .max, ordinal: 0, height: nil, time: nil,
                to: &rows)
        }
        #expect(rows.rowCount == 2_000)
    }
}
