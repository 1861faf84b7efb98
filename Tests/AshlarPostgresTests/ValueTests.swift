import AshlarExport
import AshlarPostgres
import Testing

@Suite struct ValueTests {
    @Test func everyTypeComesBackAsItWentIn() throws {
        let target = try makeTarget("every_type")
        try target.execute(target.createStatement(everyType))
        let nines = String(repeating: "9", count: 78)
        let rows: [[SQLValue]] = [
            [.integer(.min), .text(""), .bytes([]), .text("{}"), .integer(0), .text("0")],
            [
                .integer(-1), .text("häuser \\ ' \" \n 🏠"), .bytes(Array(0...255)), .text(#"{"a": [1, "\\"]}"#),
                .integer(1_231_006_505_000_001), .text("-10000"),
            ],
            [.integer(0), .null, .null, .null, .null, .null],
            [
                .integer(.max), .text("\\N"), .bytes([0]), .text("123456789012345678901234567890"), .integer(-1),
                .text(nines),
            ],
        ]
        try target.begin()
        try target.insert(buffer(rows), into: everyType)
        try target.commit()
        let read = try target.rows("SELECT * FROM \"every type\" ORDER BY number")
        #expect(read == rows)
    }

    @Test func numbersOfAnySizeAreExact() throws {
        let target = try makeTarget("numerics")
        let table = Table("numbers", [Column("place", .integer), Column("number", .numeric)], key: [])
        try target.execute(target.createStatement(table))
        let ones = String(repeating: "1", count: 78)
        let numbers = [
            ("-0", "0"), ("007", "7"), ("1", "1"), ("10000", "10000"), ("-12345678", "-12345678"), (ones, ones),
            ("100000000000000000000", "100000000000000000000"), ("-" + ones, "-" + ones),
            (String(repeating: "0", count: 90) + "5", "5"),
        ]
        for (place, number) in numbers.enumerated() {
            let row: [SQLValue] = [.integer(Int64(place)), .text(number.0)]
            try target.insert(buffer([row]), into: table)
            try target.run("INSERT INTO numbers VALUES ($1, $2)", row)
        }
        let read = try target.rows("SELECT DISTINCT place, number FROM numbers ORDER BY place")
        #expect(read.map { $0[1].text } == numbers.map(\.1))
    }

    @Test func integersInNumericColumnsAreNumbers() throws {
        let target = try makeTarget("numeric_integers")
        let table = Table("numbers", [Column("number", .numeric)], key: [])
        try target.execute(target.createStatement(table))
        try target.insert(buffer([[.integer(.min)], [.integer(0)], [.integer(.max)]]), into: table)
        let read = try target.rows("SELECT number FROM numbers ORDER BY 1")
        #expect(read == [[.text("-9223372036854775808")], [.text("0")], [.text("9223372036854775807")]])
    }

    @Test func timesBeyondTheCalendarAreInfinite() throws {
        let target = try makeTarget("times")
        let table = Table("times", [Column("number", .integer), Column("time", .timestamp)], key: ["number"])
        try target.execute(target.createStatement(table))
        let first: Int64 = -210_866_803_200_000_000
        // The turns of our era, the year before the first, a century without a leap day, one with it, both ends.
        let inside: [Int64] = [
            first, -62_135_596_800_000_000, -62_135_596_800_000_001, -62_167_219_200_000_000, -2_203_977_600_000_000,
            -1,
            951_782_400_000_000, 951_868_799_999_999, .max - 1,
        ]
        let times = inside + [first - 1, .min, .max]
        let rows = times.enumerated().map { [SQLValue.integer(Int64($0)), .integer($1)] }
        try target.insert(buffer(rows), into: table)
        let read = try target.rows("SELECT time FROM times ORDER BY number").compactMap(\.first?.integer)
        #expect(read == inside + [.min, .min, .max])
        let infinities = try target.rows("SELECT time::text FROM times WHERE NOT isfinite(time) ORDER BY number")
        #expect(infinities.map(\.first?.text) == ["-infinity", "-infinity", "infinity"])
        #expect(try target.value("SELECT '294276-12-31 23:59:59.999999+00'::timestamptz") == .integer(.max))
        #expect(
            try target.value("SELECT time::text FROM times WHERE number = 5") == .text("1969-12-31 23:59:59.999999+00"))
    }

    @Test func parametersTakeTheTypeOfTheirPlace() throws {
        let target = try makeTarget("parameters")
        try target.execute(target.createStatement(everyType))
        let sql = "INSERT INTO \"every type\" VALUES ($1, $2, $3, $4, $5, $6)"
        let row: [SQLValue] = [
            .integer(1), .text("a"), .bytes([0, 255]), .text("[1]"), .text("1970-01-01 00:00:01+00"), .text("-5"),
        ]
        #expect(try target.run(sql, row) == 1)
        #expect(try target.run(sql, [.integer(2)] + Array(repeating: SQLValue.null, count: 5)) == 1)
        #expect(try target.run("UPDATE \"every type\" SET text = NULL WHERE number > $1", [.integer(0)]) == 2)
        let read = try target.rows("SELECT * FROM \"every type\" WHERE bytes = $1", [.bytes([0, 255])])
        #expect(read == [[.integer(1), .null, .bytes([0, 255]), .text("[1]"), .integer(1_000_000), .text("-5")]])
        let zero = failure { () throws(SQLFailure) in _ = try target.rows("SELECT $1::text", [.text("a\0b")]) }
        #expect(zero?.kind == .constraint)
    }

    @Test func queriesReadEveryKindOfNumber() throws {
        let target = try makeTarget("numbers")
        let sql = "SELECT 1::int2, 2::int4, 3::int8, true, false, 0.5::float4, $1::float8, 1.50::numeric, 'x'::name"
        let row: [SQLValue] = [
            .integer(1), .integer(2), .integer(3), .integer(1), .integer(0), .real(0.5), .real(0.1), .text("1.50"),
            .text("x"),
        ]
        #expect(try target.rows(sql, [.real(0.1)]) == [row])
    }
}
