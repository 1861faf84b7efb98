import AshlarExport
import AshlarPostgres
import AshlarTestSupport
import Testing

@Suite struct ReconnectTests {
    @Test func aServerThatStopsUnderATransactionIsConnectedToAnew() throws {
        let server = try PostgresServer()
        let target = try PostgresTarget(server.url, partitionHeights: 10)
        try target.execute(target.createStatement(events))
        func row(_ sequence: Int64) -> RowBuffer { buffer([[.integer(sequence), .integer(1), .integer(3), .null]]) }
        try target.begin()
        try target.prepareHeights(0...5)
        try target.insert(row(1), into: events)
        try target.commit()
        for sequence in [2, 3] as [Int64] {
            try target.begin()
            try target.prepareHeights(15...15)
            try target.insert(row(sequence), into: events)
            try server.stopImmediately()
            let lost = failure { () throws(SQLFailure) in
                if sequence == 2 { try target.commit() } else { try target.insert(row(4), into: events) }
            }
            #expect(lost?.kind == .connection)
            target.rollback()
            #expect(failure { () throws(SQLFailure) in _ = try target.rows("SELECT 1") }?.kind == .connection)
            #expect(failure { () throws(SQLFailure) in try target.reconnect() }?.kind == .connection)
            #expect(failure { () throws(SQLFailure) in try target.begin() }?.kind == .connection)
            try server.start()
            try target.reconnect()
            // The search path is set again, and the transaction is gone with its partition.
            #expect(try target.rows("SELECT sequence FROM events") == [[.integer(1)]])
            #expect(try !target.hasTable("events_10_19"))
        }
        try target.begin()
        try target.prepareHeights(15...15)
        try target.commit()
        #expect(try target.hasTable("events_10_19"))
    }

    @Test func aServerThatStopsWhileRowsAreSentIsLost() throws {
        let server = try PostgresServer()
        let target = try PostgresTarget(server.url)
        try target.execute("CREATE TABLE events (sequence bigint, ordinal bigint, height bigint, payload jsonb)")
        // Ends its own server process when the first row comes.
        try target.execute(
            """
            CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END';
            CREATE TRIGGER stop BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION stop()
            """)
        let table = Table("events", events.columns.dropLast(), key: [])
        var rows = RowBuffer(columnCount: 3)
        for number in 0..<600_000 as Range<Int64> { rows.append(number) }
        let lost = failure { () throws(SQLFailure) in try target.insert(rows, into: table) }
        #expect(lost?.kind == .connection)
        try target.reconnect()
        #expect(try target.value("SELECT count(*) FROM events") == .integer(0))
    }
}
