import AshlarExport
import AshlarPostgres
import AshlarTestSupport
import Testing

@Suite struct FailureTests {
    @Test func aServerThatIsNotThereIsNoConnection() {
        for string in ["host=/nonexistent user=postgres", "host=127.0.0.1 port=1 user=postgres"] {
            let refused = failure { () throws(SQLFailure) in _ = try PostgresTarget(string) }
            #expect(refused?.kind == .connection)
            #expect(refused?.code == "08001")
        }
    }

    @Test func whatIsMissingOrOtherwiseIsASchemaFailure() throws {
        let target = try makeTarget("missing")
        try target.execute(target.createStatement(events))
        let rows = buffer([[.integer(1), .integer(1), .null, .null]])
        try target.execute("ALTER TABLE events RENAME COLUMN payload TO content")
        let renamed = failure { () throws(SQLFailure) in try target.insert(rows, into: events) }
        #expect(renamed?.kind == .schema)
        #expect(renamed?.code == "42703")
        try target.execute("ALTER TABLE events ALTER COLUMN height TYPE jsonb USING NULL")
        let changed = failure { () throws(SQLFailure) in
            try target.run("UPDATE events SET height = $1", [.integer(1)])
        }
        #expect(changed?.kind == .schema)
        #expect(changed?.code == "42804")
        try target.execute("DROP TABLE events")
        let dropped = failure { () throws(SQLFailure) in try target.insert(rows, into: events) }
        #expect(dropped?.kind == .schema)
        #expect(dropped?.code == "42P01")
        let url = try PostgresServer.shared().url(database: "nowhere")
        #expect(failure { () throws(SQLFailure) in _ = try PostgresTarget(url) }?.code == "3D000")
        let server = try PostgresServer.shared().url
        let manual = try PostgresTarget(server, schemaName: "not there", createsSchema: false)
        #expect(try !manual.hasTable("events"))
        let create = manual.createStatement(events)
        #expect(failure { () throws(SQLFailure) in try manual.execute(create) }?.kind == .schema)
    }

    @Test func aRoleMayOnlyWhatItWasGranted() throws {
        let server = try PostgresServer.shared()
        let admin = try makeTarget("rights")
        try admin.execute(admin.createStatement(events))
        try admin.execute("CREATE ROLE rights LOGIN PASSWORD 'secret'")
        let url = server.url(user: "rights", password: "secret")
        let open = failure { () throws(SQLFailure) in _ = try PostgresTarget(url, schemaName: "rights") }
        #expect(open?.kind == .permission)
        let create = failure { () throws(SQLFailure) in _ = try PostgresTarget(url, schemaName: "rights_2") }
        #expect(create?.kind == .permission)
        try admin.execute("GRANT USAGE ON SCHEMA rights TO rights; GRANT SELECT ON events TO rights")
        let target = try PostgresTarget(url, schemaName: "rights")
        #expect(try target.rows("SELECT * FROM events").isEmpty)
        let rows = buffer([[.integer(1), .integer(1), .null, .null]])
        let write = failure { () throws(SQLFailure) in try target.insert(rows, into: events) }
        #expect(write?.kind == .permission)
        #expect(write?.code == "42501")
        try admin.execute("GRANT INSERT ON events TO rights")
        try target.insert(rows, into: events)
        // Statistics are the owner's business: no failure, and nothing done.
        try target.finishBulkLoad()
    }

    /// All a role needs: a schema that belongs to it, made by an administrator.
    @Test func aRoleThatOwnsItsSchemaNeedsNothingElse() throws {
        let server = try PostgresServer.shared()
        let admin = try makeTarget("least_admin")
        try admin.execute("CREATE ROLE least LOGIN PASSWORD 'secret'; CREATE SCHEMA least AUTHORIZATION least")
        let url = server.url(user: "least", password: "secret")
        let target = try PostgresTarget(url, schemaName: "least", partitionHeights: 10)
        try target.execute(target.createStatement(events))
        try target.prepareBulkLoad()
        try target.begin()
        try target.prepareHeights(0...25)
        try target.insert(buffer([[.integer(1), .integer(1), .integer(25), .null]]), into: events)
        try target.announce(sequence: 1)
        try target.commit()
        try target.finishBulkLoad()
        #expect(try target.value("SELECT count(*) FROM events") == .integer(1))
    }

    @Test func aReadOnlyRoleIsReadOnly() throws {
        let admin = try makeTarget("reading")
        try admin.execute(admin.createStatement(events))
        try admin.execute(
            """
            CREATE ROLE reading LOGIN SUPERUSER PASSWORD 'secret';
            ALTER ROLE reading SET default_transaction_read_only TO on
            """)
        let url = try PostgresServer.shared().url(user: "reading", password: "secret")
        let target = try PostgresTarget(url, schemaName: "reading")
        try target.begin()
        let rows = buffer([[.integer(1), .integer(1), .null, .null]])
        let write = failure { () throws(SQLFailure) in try target.insert(rows, into: events) }
        #expect(write?.kind == .readOnly)
        target.rollback()
        #expect(try target.rows("SELECT * FROM events").isEmpty)
    }

    @Test func whatAnotherHoldsIsBusy() throws {
        let one = try makeTarget("locks")
        try one.execute(one.createStatement(events))
        let other = try makeTarget("locks")
        try one.begin()
        try one.execute("LOCK TABLE events")
        try other.execute("SET lock_timeout TO '10ms'")
        let locked = failure { () throws(SQLFailure) in try other.run("DELETE FROM events", []) }
        #expect(locked?.kind == .busy)
        one.rollback()
        #expect(try other.run("DELETE FROM events", []) == 0)
    }

    @Test func anErrorOfTheReaderEndsTheQueryAndNothingElse() throws {
        let target = try makeTarget("readers")
        let stop = SQLFailure(.other, code: "", message: "enough")
        for isWithin in [false, true] {
            if isWithin { try target.begin() }
            var count = 0
            let ended = failure { () throws(SQLFailure) in
                try target.query("SELECT generate_series(1, 1000000)", []) { (_) throws(SQLFailure) in
                    count += 1
                    if count == 3 { throw stop }
                }
            }
            #expect(ended == stop)
            #expect(count == 3)
            #expect(try target.value("SELECT 7") == .integer(7))
        }
        try target.commit()
        let late = failure { () throws(SQLFailure) in
            _ = try target.rows("SELECT 1 / (3 - n) FROM generate_series(1, 5) n")
        }
        #expect(late?.kind == .constraint)
    }
}
