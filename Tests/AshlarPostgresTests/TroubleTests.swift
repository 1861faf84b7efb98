import Ashlar
import AshlarExport
import AshlarPostgres
import AshlarTestSupport
import Foundation
import Testing

@Suite("Trouble while exporting into PostgreSQL")
struct TroubleTests {
    /// What an administrator does to the tables in the midst of an export, how that is mended, and what the exporter says.
    struct Trouble: CustomTestStringConvertible {
        var name: String
        var damage: String
        var cure: String
        var kind: SQLFailure.Kind
        var testDescription: String { name }
    }

    static let all = [
        Trouble(
            name: "dropped",
            damage: "CREATE TABLE kept (LIKE undone_blocks INCLUDING ALL); "
                + "INSERT INTO kept SELECT * FROM undone_blocks; DROP TABLE undone_blocks CASCADE",
            cure: "ALTER TABLE kept RENAME TO undone_blocks; ALTER TABLE undone_blocks OWNER TO trouble_dropped",
            kind: .schema),
        Trouble(
            name: "renamed", damage: "ALTER TABLE events RENAME COLUMN payload TO other",
            cure: "ALTER TABLE events RENAME COLUMN other TO payload", kind: .schema),
        Trouble(
            name: "type", damage: "ALTER TABLE rollbacks ALTER COLUMN undone_count TYPE integer",
            cure: "ALTER TABLE rollbacks ALTER COLUMN undone_count TYPE bigint", kind: .schema),
        Trouble(
            name: "rights", damage: "REVOKE INSERT ON events FROM trouble_rights",
            cure: "GRANT INSERT ON events TO trouble_rights", kind: .permission),
        Trouble(
            name: "readonly",
            damage: "ALTER ROLE trouble_readonly SET default_transaction_read_only TO on; "
                + "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'trouble_readonly'",
            cure: "ALTER ROLE trouble_readonly RESET default_transaction_read_only", kind: .readOnly),
        Trouble(
            name: "full",
            damage: "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
                + "'BEGIN RAISE EXCEPTION USING ERRCODE = ''disk_full'', MESSAGE = ''no space left''; END'; "
                + "CREATE TRIGGER full_disk BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION full_disk()",
            cure: "DROP TRIGGER full_disk ON events", kind: .full),
    ]
    @Test("it ends with a clear error, whole commits and an untouched log; mended, the export goes on", arguments: all)
    func trouble(_ trouble: Trouble) throws {
        let role = "trouble_" + trouble.name
        let admin = try makeTarget("trouble")
        try admin.execute("CREATE ROLE \(role) LOGIN PASSWORD 'secret'; CREATE SCHEMA \(role) AUTHORIZATION \(role)")
        let inside = try makeTarget(role)
        let path = try makeStore(seed: 41, steps: 300)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let (store, before) = (try Store.open(at: path), try bytes(of: path))
        let target = try PostgresTarget(
            PostgresServer.shared().url(user: role, password: "secret"), schemaName: role)
        var options = ExportOptions()
        options.batchEvents = 20
        var following = options
        following.follows = true
        // Damage between two transactions: a report within one does not tell of another sequence.
        var sequences: Set<UInt64> = []
        let exporter = Exporter(
            store, into: target, options: following,
            report: { progress in
                guard sequences.insert(progress.sequence).inserted, sequences.count == 8 else { return }
                #expect(throws: Never.self) { try inside.execute(trouble.damage) }
            })
        let thrown = #expect(throws: ExportError.self) { _ = try exporter.run() }
        guard case .database(let name, let failure)? = thrown else { return }
        #expect(failure.kind == trouble.kind, "\(failure)")
        #expect(name.hasPrefix("postgresql://\(role)@") && thrown?.description.contains("; ") == true)
        #expect(thrown?.description.contains("secret") == false)
        try inside.execute(trouble.cure)
        #expect(try isSound(store, target, options))
        let reached = try target.value("SELECT sequence FROM tip")?.integer ?? 0
        #expect(reached > 0 && reached < Int64(store.sequence))
        #expect(try Exporter(store, into: target, options: options).run().sequence == store.sequence)
        #expect(try isSound(store, target, options))
        #expect(try bytes(of: path) == before)
    }

    /// The files of a store, with what is in them.
    private func bytes(of store: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: store) {
            files[name] = FileManager.default.contents(atPath: store + "/" + name)
        }
        return files
    }
}
