import AshlarExport
import AshlarSQLite
import Testing

@Suite struct SQLiteValueTests {
    let folder: TemporaryFolder
    let target: SQLiteTarget

    init() throws {
        folder = try TemporaryFolder()
        target = try SQLiteTarget(path: folder.file("values.db"), create: true)
        try target.create(kinds)
    }

    /// Rows of the table `kinds`.
    private static let samples: [[SQLValue]] = [
        [.integer(.min), .integer(0), .integer(.min), .text(""), .bytes([]), .text("{}"), .integer(0), .text("0")],
        [.integer(0), .integer(0), .null, .null, .null, .null, .null, .null],
        [
            .integer(0), .integer(1), .integer(9_007_199_254_740_993), .text("it's \"quoted\"; DROP TABLE kinds; --"),
            .bytes([0, 255, 0]), .text(#"{"n":9007199254740993}"#), .integer(1_700_000_000_000_001),
            .text(String(repeating: "9", count: 78)),
        ],
        [
            .integer(.max), .integer(.max), .integer(.max), .text("häuser\u{0}🧱"), .bytes([UInt8](0...255)),
            .text("[]"), .integer(-1), .text("-1"),
        ],
    ]

    @Test func rowsOfEveryKindComeBackAsTheyWentIn() throws {
        var rows = RowBuffer(columnCount: 8)
        for value in Self.samples.joined() { rows.append(value) }
        try target.add(rows, to: kinds)
        #expect(try target.rows("SELECT * FROM kinds ORDER BY sequence, ordinal") == Self.samples)
    }

    @Test func parametersOfEveryKindComeBackAsTheyWentIn() throws {
        for row in Self.samples { try target.run("INSERT INTO kinds VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", row) }
        #expect(try target.rows("SELECT * FROM kinds ORDER BY sequence, ordinal") == Self.samples)
        #expect(try target.value("SELECT $1 / 2", [.real(1)]) == .real(0.5))
    }

    @Test func emptyIsNotNullEvenInABufferWithoutBytes() throws {
        let table = Table("empty", [Column("text", .text), Column("bytes", .bytes)], key: [])
        try target.create(table)
        var rows = RowBuffer(columnCount: 2)
        rows.append(text: "")
        rows.append(bytes: [])
        try target.add(rows, to: table)
        #expect(
            try target.rows("SELECT text, bytes, typeof(bytes) FROM empty") == [[.text(""), .bytes([]), .text("blob")]])
    }

    @Test func textIsWholeThoughSQLCountsItUpToAZeroCharacter() throws {
        let text = SQLValue.text("a\u{0}b")
        try target.run("INSERT INTO kinds (sequence, ordinal, text) VALUES (1, 1, $1)", [text])
        let row = try target.rows("SELECT text, length(text), length(CAST(text AS BLOB)) FROM kinds").first
        #expect(row == [text, .integer(1), .integer(3)])
        #expect(try target.value("SELECT count(*) FROM kinds WHERE text = $1", [text]) == .integer(1))
    }

    @Test func bytesThatAreNotUTF8ComeAsReplacementsAndStayAsTheyAre() throws {
        var rows = RowBuffer(columnCount: 2)
        rows.append(1)
        rows.append(.text, ([0x61, 0xff] as [UInt8]).span.bytes)
        try target.create(pairs)
        try target.add(rows, to: pairs)
        let row = try target.rows("SELECT payload, CAST(payload AS BLOB) FROM pairs").first
        #expect(row == [.text("a\u{fffd}"), .bytes([0x61, 0xff])])
    }

    @Test func parametersAreBoundByTheirNumberNotByTheirPlace() throws {
        let values: [SQLValue] = [.text("one"), .text("two"), .text("three")]
        #expect(try target.rows("SELECT $2, $1, $2, $3", values) == [[values[1], values[0], values[1], values[2]]])
        #expect(try target.rows("SELECT $3", values) == [[values[2]]])
        let twelve = (1...12).map { SQLValue.integer($0) }
        #expect(try target.rows("SELECT $12, $1, $11", twelve) == [[.integer(12), .integer(1), .integer(11)]])
        let missing = failure { () throws(SQLFailure) in _ = try target.rows("SELECT $1, $2", [.integer(1)]) }
        #expect(missing?.kind == .other)
        // What was bound before is not there for who binds less.
        #expect(try target.rows("SELECT $1, $2", [.integer(1), .null]) == [[.integer(1), .null]])
    }

    @Test func namesMayHaveAnyCharacterButZero() throws {
        let table = Table(
            "a\"b'; --", [Column("select \"x\"", .integer), Column("ü", .json, optional: true)], key: ["ü"])
        try target.create(table)
        var rows = RowBuffer(columnCount: 2)
        rows.append(7)
        rows.append(text: "{}")
        try target.add(rows, to: table)
        #expect(try target.hasTable(table.name))
        #expect(try target.columnNames(table.name) == table.columns.map(\.name))
        #expect(failure { () throws(SQLFailure) in try target.execute("SELECT 1; \u{0} nonsense") }?.kind == .other)
        #expect(failure { () throws(SQLFailure) in try target.run("SELECT 1\u{0}", []) }?.kind == .other)
    }

    @Test func tablesAndColumnsAreFound() throws {
        #expect(try target.hasTable("kinds"))
        #expect(try target.hasTable("KINDS"))
        #expect(try !target.hasTable("other"))
        #expect(try target.columnNames("kinds") == kinds.columns.map(\.name))
        #expect(try target.columnNames("other") == [])
        #expect(target.name == folder.file("values.db"))
        #expect(target.dialect == .sqlite)
    }
}
