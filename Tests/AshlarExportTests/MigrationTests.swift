import Ashlar
import AshlarExport
import AshlarExportTestSupport
import AshlarSQLite
import Testing

@Suite("Targets of an earlier layout, in SQLite")
struct MigrationTests {
    let folder = Folder()

    private func trial(_ golden: Golden) throws -> MigrationTrial { try MigrationTrial(golden, in: folder.path) }

    /// A target of layout 1.
    private func old(_ golden: Golden, _ name: String = "old.db") throws -> SQLiteTarget {
        let target = try SQLiteTarget(path: folder.file(name), create: true)
        try target.execute(try golden.dump(.sqlite))
        return target
    }

    private func fresh(_ trial: MigrationTrial) throws -> [String] {
        let target = try SQLiteTarget(path: folder.file("fresh-\(trial.golden.rawValue).db"), create: true)
        try trial.export(into: target)
        return try trial.contents(of: target)
    }

    @Test(
        "a target of layout 1 becomes what a fresh export is, users' indexes and views kept", arguments: Golden.allCases
    )
    func migrated(golden: Golden) throws {
        let (trial, target) = (try trial(golden), try old(golden))
        try target.execute(
            """
            CREATE INDEX mine ON events (type_id, version);
            CREATE VIEW my_meta AS SELECT * FROM ashlar_meta;
            CREATE VIEW my_events AS SELECT * FROM canonical_events
            """)
        #expect(try trial.export(into: target).rows == 0)
        #expect(try trial.version(of: target) == ExportSchema.version)
        #expect(try trial.check(target).isSound)
        #expect(try trial.contents(of: target) == fresh(trial))
        #expect(
            try target.value("SELECT count(*) FROM sqlite_master WHERE name IN ('mine', 'my_meta', 'my_events')")
                == .integer(3))
        #expect(try target.value("SELECT schema_version FROM my_meta") == .integer(ExportSchema.version))
        #expect(try target.value("SELECT count(*) FROM my_events") != .integer(0))
        // And it goes on like any other.
        #expect(try trial.export(into: target).rows == 0)
    }

    @Test("cut off at any call, it leaves layout 1 whole or layout 2", arguments: Golden.allCases)
    func cutOff(golden: Golden) throws {
        let (trial, target) = (try trial(golden), try old(golden))
        let before = try trial.contents(of: target)
        let (left, calls) = try trial.cutOff(target)
        #expect(calls > 6)
        let fresh = try fresh(trial)
        #expect(left.contains(before))
        for state in left where state != before && state != fresh {
            // Between the migration and the taking over of the old selection.
            #expect(state.contains { $0.hasPrefix("ashlar_tables (") })
            #expect(state.filter { !$0.hasPrefix("ashlar_") } == fresh.filter { !$0.hasPrefix("ashlar_") })
        }
        #expect(try trial.contents(of: target) == fresh)
    }

    @Test(
        "what has a name that is needed is named, and nothing is changed",
        arguments: [
            ("CREATE TABLE snapshots (a)", "snapshots"), ("CREATE VIEW ashlar_tables AS SELECT 1", "ashlar_tables"),
            ("CREATE INDEX snapshots_height ON events (time)", "snapshots_height"),
        ])
    func inTheWay(statement: String, name: String) throws {
        let (trial, target) = (try trial(.fork), try old(.fork))
        try target.execute(statement)
        let before = try trial.contents(of: target)
        #expect {
            try trial.export(into: target)
        } throws: { error in
            guard case .refused("inTheWay", let message)? = error as? ExportError else { return false }
            return message.contains("`\(name)`")
        }
        #expect(try trial.contents(of: target) == before)
        #expect(try trial.version(of: target) == 1)
    }

    @Test("where somebody else changes the tables, the printed statements do it", arguments: Golden.allCases)
    func manual(golden: Golden) throws {
        let (trial, target) = (try trial(golden), try old(golden))
        #expect(refusal { try trial.export(into: target) { $0.managesSchema = false } } == "olderSchema")
        #expect(refusal { _ = try trial.check(target) } == "olderSchema")
        #expect(try ExportStatus(trial.store, target).lagCommits == 0)
        try target.execute(SchemaMigration.script(from: 1, for: SQLiteSyntax()))
        #expect(try trial.check(target).isSound)
        try trial.export(into: target) { $0.managesSchema = false }
        #expect(try trial.contents(of: target) == fresh(trial))
    }

    @Test("a map that layout 1 cannot tell from another is made anew only when that is asked for")
    func otherMap() throws {
        let (trial, target) = (try trial(.fork), try old(.fork))
        // As another compiler would have written it.
        try target.execute("UPDATE ashlar_meta SET selection = replace(selection, '47dccdd896b92e97', 'abc')")
        #expect(refusal { try trial.export(into: target) } == "otherTables")
        try target.execute("UPDATE outputs SET branch = 'other'")
        try trial.export(into: target) { $0.changesTables = true }
        #expect(try trial.check(target).isSound)
        #expect(try trial.contents(of: target) == fresh(trial))
    }
}
