import AshlarExport
import AshlarPostgres
import AshlarTestSupport
import Testing

@Suite struct InsertTests {
    @Test func aHundredThousandRowsInOneCopy() throws {
        let target = try makeTarget("many_rows")
        try target.execute(target.createStatement(events))
        var rows = RowBuffer(columnCount: 4)
        for number in 0..<100_000 as Range<Int64> {
            rows.append(number)
            rows.append(number % 7)
            rows.append(number % 10 == 0 ? nil : number / 10)
            rows.append(text: "{\"number\": \(number)}")
        }
        try target.begin()
        try target.prepareBulkLoad()
        try target.insert(rows, into: events)
        try target.commit()
        try target.finishBulkLoad()
        let sums = try target.rows(
            """
            SELECT count(*), sum(sequence)::int8, count(height), sum((payload->>'number')::int8)::int8, max(ordinal)
            FROM events
            """)
        let sum = SQLValue.integer(4_999_950_000)
        #expect(sums == [[.integer(100_000), sum, .integer(90_000), sum, .integer(6)]])
        let estimate = try target.value("SELECT reltuples::int8 FROM pg_class WHERE oid = 'events'::regclass")
        #expect(estimate == .integer(100_000))
    }

    @Test func valuesLargerThanAChunkAreCopiedWhole() throws {
        let target = try makeTarget("large_values")
        let table = Table("large", [Column("number", .integer), Column("bytes", .bytes)], key: ["number"])
        try target.execute(target.createStatement(table))
        var random = SplitMix64(seed: 4)
        let values = [0, 131_071, 131_072, 262_145, 3_000_000].map { size in
            (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        }
        let rows = values.enumerated().map { [SQLValue.integer(Int64($0)), .bytes($1)] }
        try target.insert(buffer(rows), into: table)
        let read = try target.rows("SELECT * FROM large ORDER BY number")
        #expect(read.map { $0[1].bytes } == values)
    }

    @Test func noRowsAreNoCopy() throws {
        let target = try makeTarget("no_rows")
        try target.insert(RowBuffer(columnCount: 4), into: events)
    }

    @Test func whatDoesNotFitIsRefusedAndTheConnectionGoesOn() throws {
        let target = try makeTarget("misfits")
        try target.execute(target.createStatement(everyType))
        let misfits: [(column: Int, value: SQLValue)] = [
            (0, .null), (0, .text("1")), (1, .integer(1)), (1, .bytes([1])), (1, .text("a\0b")), (2, .text("a")),
            (3, .bytes([1])), (3, .text("{")), (3, .text(#""\u0000""#)), (4, .text("now")), (5, .text("1.5")),
            (5, .text("-")), (5, .text("")), (5, .bytes([49])), (5, .text(String(repeating: "1", count: 79))),
        ]
        let good: [SQLValue] = [.integer(0), .null, .null, .null, .null, .null]
        for misfit in misfits {
            var row = good
            row[0] = .integer(1)
            row[misfit.column] = misfit.value
            try target.begin()
            let refused = failure { () throws(SQLFailure) in
                try target.insert(buffer([good, row]), into: everyType)
            }
            #expect(refused?.kind == .constraint, "\(misfit)")
            // A transaction that has failed is never reported as there.
            let committed = failure { () throws(SQLFailure) in try target.commit() }
            #expect(committed?.code == "25P02")
            target.rollback()
        }
        try target.insert(buffer([good]), into: everyType)
        #expect(try target.value("SELECT count(*) FROM \"every type\"") == .integer(1))
    }

    @Test func aKeyThatIsThereTwiceBreaksARule() throws {
        let target = try makeTarget("keys")
        try target.execute(target.createStatement(events))
        let row: [SQLValue] = [.integer(1), .integer(1), .null, .null]
        let twice = failure { () throws(SQLFailure) in try target.insert(buffer([row, row]), into: events) }
        #expect(twice?.kind == .constraint)
        #expect(twice?.code == "23505")
        #expect(twice?.message.contains("(sequence, ordinal)=(1, 1)") == true)
    }
}
