import AshlarExport
import AshlarPostgres
import AshlarTestSupport
import Foundation
import Testing

@Suite struct SchemaTests {
    private static let row = buffer([[.integer(1), .integer(2), .null, .text("{}")]])

    @Test func schemasOfOneDatabaseDoNotMix() throws {
        let one = try makeTarget("schema_1")
        let two = try makeTarget("schema_2")
        try one.execute(one.createStatement(events))
        #expect(try one.hasTable("events"))
        #expect(try !two.hasTable("events"))
        #expect(try two.columnNames("events").isEmpty)
        try one.insert(Self.row, into: events)
        let lost = failure { () throws(SQLFailure) in try two.insert(Self.row, into: events) }
        #expect(lost?.kind == .schema)
        try two.execute(two.createStatement(events))
        #expect(try two.value("SELECT count(*) FROM events") == .integer(0))
        #expect(try one.value("SELECT count(*) FROM events") == .integer(1))
        #expect(try one.columnNames("events") == ["sequence", "ordinal", "height", "payload"])
        try one.execute("ALTER TABLE events DROP COLUMN height; CREATE VIEW seen AS SELECT * FROM events")
        #expect(try one.columnNames("events") == ["sequence", "ordinal", "payload"])
        #expect(try !one.hasTable("seen"))
    }

    @Test func hostileNamesAreNames() throws {
        let names = ["a\"; DROP SCHEMA public; --", "ä'\\ $1 %s 🏠", "SELECT", "$user2", "public.x"]
        for name in names {
            let target = try makeTarget(name)
            let table = Table(
                name, [Column(name, .integer), Column(name + "2", .text, optional: true)], key: [name],
                checks: ["\(quoted(name)) > 0"])
            try target.execute(target.createStatement(table))
            try target.insert(buffer([[.integer(1), .text(name)]]), into: table)
            #expect(try target.hasTable(name))
            #expect(try target.columnNames(name) == [name, name + "2"])
            #expect(try target.rows("SELECT * FROM \(quoted(name))") == [[.integer(1), .text(name)]])
            let zero = failure { () throws(SQLFailure) in
                try target.insert(buffer([[.integer(0), .null]]), into: table)
            }
            #expect(zero?.kind == .constraint)
            try target.finishBulkLoad()
            try target.announce(sequence: .max)
            try target.reconnect()
            #expect(try target.hasTable(name))
        }
    }

    @Test(arguments: ["", "$user", "a\0b", String(repeating: "a", count: 64), "pg_mine"])
    func namesThatMeanSomethingElseAreRefused(name: String) throws {
        let refused = failure { () throws(SQLFailure) in _ = try PostgresTarget("host=/nonexistent", schemaName: name) }
        #expect(name == "pg_mine" || refused?.kind == .schema)
        #expect(throws: SQLFailure.self) { try makeTarget(name) }
    }

    @Test func settingsOfARoleDoNotChangeWhatIsRead() throws {
        let admin = try makeTarget("settings")
        try admin.execute(
            """
            CREATE ROLE settings LOGIN SUPERUSER PASSWORD 'secret';
            ALTER ROLE settings SET timezone TO 'Asia/Kathmandu';
            ALTER ROLE settings SET datestyle TO 'German';
            ALTER ROLE settings SET bytea_output TO 'escape';
            ALTER ROLE settings SET search_path TO public;
            ALTER ROLE settings SET standard_conforming_strings TO off;
            ALTER ROLE settings SET client_encoding TO 'LATIN1'
            """)
        let url = try PostgresServer.shared().url(user: "settings", password: "secret")
        let target = try PostgresTarget(url, schemaName: "settings")
        let read = try target.rows("SELECT 'epoch'::timestamptz, '\\x00ff'::bytea, 'ä', current_schema")
        #expect(read == [[.integer(0), .bytes([0, 255]), .text("ä"), .text("settings")]])
        #expect(try target.value("SHOW application_name") == .text("ashlar"))
    }

    @Test func listenersHearOfABatchOnceItIsThere() throws {
        let target = try makeTarget("listeners")
        let psql = Process()
        psql.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        psql.arguments = ["psql", "-X", "-q", try PostgresServer.shared().url]
        let (input, output) = (Pipe(), Pipe())
        psql.standardInput = input
        psql.standardOutput = output
        try psql.run()
        input.fileHandleForWriting.write(Data("LISTEN ashlar;\n\\echo listening\n".utf8))
        _ = output.fileHandleForReading.availableData
        try target.begin()
        try target.announce(sequence: 41)
        target.rollback()
        try target.begin()
        try target.announce(sequence: 42)
        try target.commit()
        input.fileHandleForWriting.write(Data("SELECT 1;\n".utf8))
        try input.fileHandleForWriting.close()
        let heard = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        psql.waitUntilExit()
        #expect(heard.contains("\"listeners 42\""))
        #expect(!heard.contains("listeners 41"))
    }
}
