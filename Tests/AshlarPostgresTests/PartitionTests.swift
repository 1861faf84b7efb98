import AshlarExport
import AshlarPostgres
import Testing

@Suite struct PartitionTests {
    private static let blocks = Table(
        "blocks", [Column("sequence", .integer), Column("height", .integer), Column("hash", .bytes)], key: ["sequence"])

    private static func event(_ sequence: Int64, _ ordinal: Int64, _ height: Int64?) -> RowBuffer {
        buffer([[.integer(sequence), .integer(ordinal), height.map { .integer($0) } ?? .null, .text("{}")]])
    }

    @Test func heightsLieInTheirPartitionsAndOthersAreNotRead() throws {
        let target = try makeTarget("partitions", partitionHeights: 100)
        try target.execute(target.createStatement(events))
        try target.execute(target.createStatement(Self.blocks))
        try target.begin()
        try target.prepareHeights(95...250)
        for sequence in [0, 95, 100, 199, 200] as [Int64] {
            try target.insert(Self.event(sequence, 1, sequence), into: events)
            let block: [SQLValue] = [.integer(sequence), .integer(sequence), .bytes([1])]
            try target.insert(buffer([block]), into: Self.blocks)
        }
        try target.insert(Self.event(7, 1, nil), into: events)
        try target.commit()
        try target.finishBulkLoad()
        let places = try target.rows("SELECT tableoid::regclass::text, sequence FROM events ORDER BY height, sequence")
        #expect(
            places.map { $0[0].text } == [
                "events_0_99", "events_0_99", "events_100_199", "events_100_199", "events_200_299", "events_floating",
            ])
        let plan = try target.rows("EXPLAIN SELECT * FROM events WHERE height BETWEEN 110 AND 190")
        let read = plan.compactMap(\.first?.text).joined(separator: "\n")
        #expect(read.contains("events_100_199"))
        for other in ["events_0_99", "events_200_299", "events_floating"] { #expect(!read.contains(other)) }
        let floating = try target.rows("EXPLAIN SELECT * FROM events WHERE height IS NULL")
        #expect(floating.compactMap(\.first?.text).joined().contains("events_floating"))
        #expect(!floating.compactMap(\.first?.text).joined().contains("events_100_199"))
        let blocks = try target.rows("EXPLAIN SELECT * FROM blocks WHERE height = 0").compactMap(\.first?.text)
        #expect(blocks.joined().contains("blocks_0_99"))
        #expect(!blocks.joined().contains("blocks_100_199"))
    }

    @Test func noRowIsThereTwiceNorInTheWay() throws {
        let target = try makeTarget("partition_keys", partitionHeights: 10)
        try target.execute(target.createStatement(events))
        try target.prepareHeights(0...0)
        try target.insert(Self.event(1, 1, 5), into: events)
        try target.insert(Self.event(2, 1, nil), into: events)
        for again in [Self.event(1, 1, 5), Self.event(2, 1, nil)] {
            let twice = failure { () throws(SQLFailure) in try target.insert(again, into: events) }
            #expect(twice?.code == "23505")
        }
        // Nothing was prepared for this height: it does not get into the partition without heights.
        let unprepared = failure { () throws(SQLFailure) in try target.insert(Self.event(3, 1, 10), into: events) }
        #expect(unprepared?.kind == .constraint)
        try target.prepareHeights(10...10)
        try target.insert(Self.event(3, 1, 10), into: events)
    }

    @Test func partitionsAreMadeOnceAndAgainAfterARollback() throws {
        let target = try makeTarget("partition_rollback", partitionHeights: 1 << 40)
        try target.execute(target.createStatement(events))
        try target.begin()
        try target.prepareHeights(.max - 1 ... .max)
        target.rollback()
        let other = try makeTarget("partition_rollback", partitionHeights: 1 << 40)
        for target in [target, other, target] {
            try target.begin()
            try target.prepareHeights(.max - 1 ... .max)
            try target.commit()
        }
        try target.insert(Self.event(1, 1, .max), into: events)
        #expect(try target.value("SELECT height FROM events") == .integer(.max))
    }

    @Test func whatCannotBePartitionedIsTold() throws {
        let plain = try makeTarget("partition_plain")
        try plain.execute(plain.createStatement(events))
        try plain.prepareHeights(0...1_000_000)
        let target = try makeTarget("partition_plain", partitionHeights: 10)
        #expect(failure { () throws(SQLFailure) in try target.prepareHeights(0...9) }?.kind == .schema)
        #expect(failure { () throws(SQLFailure) in try target.prepareHeights(0 ... .max) }?.kind == .constraint)
        try plain.execute("DROP TABLE events")
        try target.execute(target.createStatement(events))
        try target.prepareHeights(0...9)
        let wider = try makeTarget("partition_plain", partitionHeights: 100)
        #expect(failure { () throws(SQLFailure) in try wider.prepareHeights(5...5) }?.kind == .schema)
    }
}
