import Ashlar
import AshlarBitcoin
import AshlarExport
import AshlarPostgres
import AshlarTestSupport
import Foundation
import Testing

@Suite("A streaming standby")
struct StandbyTests {
    @Test("it answers as its primary does, and promoted, the exporter goes on there: nothing is lost or doubled")
    func failover() throws {
        let directory = TemporaryDirectory()
        let checks = TemporaryDirectory()
        directory.file("../map.json", Documentation.hereDocument("MAP"))
        let options = ["--schema-name", "coins", "--map", directory.path + "/map.json", "--state-tables"]
        var writer = try Writer.open(
            at: directory.store, options: Samples.options { $0.creation?.allowsHeightGaps = true })
        var storm = CoinStorm(seed: 71)
        for _ in 0..<400 { try storm.step(&writer) }
        try writer.sync()
        let server = try PostgresServer()
        try server.startStandby()
        // As libpq has it: whichever of the two takes writes.
        let hosts = "host=\(server.directory),\(server.directory)/standby-socket user=postgres dbname=postgres"
        let url = hosts + " target_session_attrs=read-write"
        let exporter = try IndexProcess(
            ["store", "export", "postgres", directory.store, url, "--follow", "--batch-events", "50"] + options,
            in: directory)
        defer {
            exporter.process.terminate()
            #expect(
                contents(of: directory.path + "/err").isEmpty, "what it said while it connected anew goes to a terminal"
            )
        }
        let primary = try connected { try PostgresTarget(server.url, schemaName: "coins", createsSchema: false) }
        let standby = try connected { try PostgresTarget(server.standbyURL, schemaName: "coins", createsSchema: false) }
        for _ in 0..<max(CrashRounds.count / 4, 3) {
            for _ in 0..<60 {
                try storm.step(&writer)
                try writer.sync()
            }
            try wait(for: writer.sequence, primary)
            try compare(primary, standby)
        }
        // Under work: what the primary had committed and not sent yet is lost with it, and comes again.
        for _ in 0..<200 { try storm.step(&writer) }
        try writer.sync()
        try server.stopImmediately()
        try server.promoteStandby()
        for _ in 0..<60 {
            try storm.step(&writer)
            try writer.sync()
        }
        try standby.reconnect()
        try wait(for: writer.sequence, standby)
        #expect(storm.reorgs > 100)
        let ended = exporter.end(by: SIGTERM)
        #expect(ended.status == 130, "\(ended.output) \(ended.error)")
        let check = try IndexProcess(
            ["store", "export", "check", directory.store, server.standbyURL, "--json"] + options, in: checks
        ).end()
        #expect(check.status == 0 && check.output.contains("\"sequence\":\(writer.sequence),"), "\(check.output)")
        try writer.close()
    }

    /// Asks both what the documentation asks, once the standby has all that the primary has.
    private func compare(_ primary: PostgresTarget, _ standby: PostgresTarget) throws {
        let place = try #require(try primary.value("SELECT pg_current_wal_lsn()::text"))
        try wait(until: { try standby.value("SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn", [place]) == .integer(1) })
        #expect(try standby.value("SELECT pg_is_in_recovery()") == .integer(1))
        #expect(Documentation.postgres.count == 7)
        for query in Documentation.postgres {
            let sql = query.sql.trimmingCharacters(in: .whitespacesAndNewlines).replacing(";", with: "")
            let rows = try primary.rows(sql)
            #expect(!rows.isEmpty, "\(sql)")
            #expect(try standby.rows(sql) == rows, "\(sql)")
        }
    }

    /// Waits until a database has come to a commit.
    private func wait(for sequence: UInt64, _ target: PostgresTarget) throws {
        try wait(until: { try target.value("SELECT sequence FROM tip") == .integer(Int64(sequence)) })
    }

    private func wait(until condition: () throws -> Bool) throws {
        for _ in 0..<12_000 {
            if try condition() { return }
            usleep(10_000)
        }
        throw Stuck()
    }

    /// It did not come to what was waited for.
    private struct Stuck: Error {}

    /// Connects to a schema with an export in it, as soon as there is one.
    private func connected(by connect: () throws -> PostgresTarget) throws -> PostgresTarget {
        var found: PostgresTarget?
        try wait(until: {
            guard let target = try? connect(), try target.hasTable(ExportSchema.tip.name) else { return false }
            found = target
            return true
        })
        return try #require(found)
    }
}
