import Ashlar
import AshlarExport
import AshlarExportTestSupport
import AshlarPostgres
import AshlarTestSupport
import Foundation
import Synchronization
import Testing

@Suite("Targets of an earlier layout, changed maps and states, in PostgreSQL")
struct MigrationTests {
    /// A folder that goes with the test.
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("ashlar-pg-\(UUID().uuidString)").path

        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private let folder: Folder

    init() throws { folder = try Folder() }

    /// A target of layout 1 in a schema of its own.
    private func old(_ golden: Golden, _ schema: String) throws -> PostgresTarget {
        let admin = try makeTarget("anything")
        try admin.execute(try golden.dump(.postgres, schema: schema))
        return try makeTarget(schema, partitionHeights: golden.partitionHeights)
    }

    private func fresh(_ trial: MigrationTrial, _ schema: String) throws -> [String] {
        let target = try makeTarget(schema, partitionHeights: trial.golden.partitionHeights)
        try trial.export(into: target)
        return try trial.contents(of: target)
    }

    /// The message with which `body` is refused under a code; nil if it is not.
    private func refusal(_ code: String, _ body: () throws -> Void) -> String? {
        do { try body() } catch {
            guard case .refused(code, let message)? = error as? ExportError else { return nil }
            return message
        }
        return nil
    }

    @Test(
        "a target of layout 1 becomes what a fresh export is, users' indexes and views kept", arguments: Golden.allCases
    )
    func migrated(golden: Golden) throws {
        let trial = try MigrationTrial(golden, in: folder.path)
        let target = try old(golden, "migrated \(golden)")
        try target.execute(
            """
            CREATE INDEX mine ON events (type_id, version);
            CREATE VIEW my_meta AS SELECT * FROM ashlar_meta;
            CREATE VIEW my_events AS SELECT * FROM canonical_events
            """)
        #expect(try trial.export(into: target).rows == 0)
        #expect(try trial.version(of: target) == ExportSchema.version)
        #expect(try trial.check(target).isSound)
        #expect(try trial.contents(of: target) == fresh(trial, "migrated fresh \(golden)"))
        #expect(try target.taken(["mine", "my_meta", "my_events"]).count == 3)
        #expect(try target.value("SELECT count(*) FROM my_events") != .integer(0))
    }

    @Test("cut off at any call, it leaves layout 1 whole or layout 2")
    func cutOff() throws {
        let trial = try MigrationTrial(.fork, in: folder.path)
        let target = try old(.fork, "cut off")
        let before = try trial.contents(of: target)
        let fresh = try fresh(trial, "cut off fresh")
        let (left, calls) = try trial.cutOff(target)
        #expect(calls > 6 && left.contains(before))
        for state in left where state != before && state != fresh {
            #expect(state.contains { $0.hasPrefix("ashlar_tables (") })
            #expect(state.filter { !$0.hasPrefix("ashlar_") } == fresh.filter { !$0.hasPrefix("ashlar_") })
        }
        #expect(try trial.contents(of: target) == fresh)
    }

    @Test("of exporters that attach at the same time, one brings the target to the present layout, and no other minds")
    func together() throws {
        let trial = try MigrationTrial(.fork, in: folder.path)
        for round in 0..<3 {
            let target = try old(.fork, "together \(round)")
            let failures = Mutex<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 4) { _ in
                do { try trial.export(into: try makeTarget("together \(round)")) } catch {
                    // The others may see that one of them took the old selection over, or moved the cursor.
                    if case .database(_, let failure)? = error as? ExportError, failure.kind == .busy { return }
                    failures.withLock { $0.append("\(error)") }
                }
            }
            #expect(failures.withLock { $0 } == [])
            try trial.export(into: target)
            #expect(try trial.check(target).isSound)
        }
    }

    @Test("what has a name that is needed is named; the printed statements do the same as the exporter")
    func manual() throws {
        let trial = try MigrationTrial(.everyKind, in: folder.path)
        let target = try old(.everyKind, "manual layout")
        try target.execute("CREATE VIEW snapshots AS SELECT 1 AS a")
        #expect(refusal("inTheWay") { try trial.export(into: target) }?.contains("`snapshots`") == true)
        #expect(try trial.version(of: target) == 1)
        try target.execute("DROP VIEW snapshots")
        #expect(refusal("olderSchema") { try trial.export(into: target) { $0.managesSchema = false } } != nil)
        try target.execute(SchemaMigration.script(from: 1, for: PostgresSyntax()))
        try trial.export(into: target) { $0.managesSchema = false }
        #expect(try trial.check(target).isSound)
        #expect(try trial.contents(of: target) == fresh(trial, "manual layout fresh"))
    }

    @Test("each change of map and states makes the target as a fresh one; what is in the way is named")
    func course() throws {
        let trial = try ChangeTrial(in: folder.path, seed: 52, steps: 120)
        let target = try makeTarget("course")
        for (place, wanted) in ChangeTrial.course.enumerated() {
            if place > 0 { #expect(refusal("otherTables") { try trial.export(wanted, into: target) } != nil) }
            try trial.export(wanted, into: target) { $0.changesTables = true }
            let report = try trial.check(wanted, target)
            #expect(report.isSound, "step \(place): \(report)")
            let fresh = try makeTarget("course fresh \(place)")
            try trial.export(wanted, into: fresh)
            #expect(try trial.contents(wanted, target) == trial.contents(wanted, fresh), "step \(place)")
        }
    }

    @Test("users' indexes and views on what stays are kept, and on what goes named")
    func users() throws {
        let trial = try ChangeTrial(in: folder.path, seed: 53, steps: 60)
        let (target, course) = (try makeTarget("users"), ChangeTrial.course)
        try trial.export(course[2], into: target)
        try target.execute(
            "CREATE INDEX my_text ON t (lower(text)); CREATE VIEW my_view AS SELECT text, sequence FROM canonical_t")
        try trial.export(course[3], into: target) { $0.changesTables = true }
        #expect(try target.taken(["my_text", "my_view"]).count == 2)
        let withoutText = ChangeTrial.Wanted([ChangeTrial.table("t", ChangeTrial.column("n", "$.n", "numeric"))])
        func change(_ wanted: ChangeTrial.Wanted) throws {
            try trial.export(wanted, into: target) { $0.changesTables = true }
        }
        for wanted in [withoutText, course[7]] {
            #expect(refusal("inTheWay") { try change(wanted) }?.contains("my_text") == true)
        }
        try target.execute("DROP INDEX my_text")
        for wanted in [withoutText, course[7]] {
            #expect(refusal("inTheWay") { try change(wanted) }?.contains("my_view") == true)
        }
        #expect(try trial.check(course[3], target).isSound)
        try target.execute("DROP VIEW my_view")
        try change(withoutText)
        #expect(try trial.check(withoutText, target).isSound)
    }

    @Test("cut off at any call, a change leaves the tables as they were, or as they are to be")
    func changeCutOff() throws {
        let trial = try ChangeTrial(in: folder.path, seed: 54, steps: 40)
        let (before, after) = (ChangeTrial.course[3], ChangeTrial.course[4])
        let target = try makeTarget("change cut off")
        try trial.export(before, into: target)
        var calls = 0
        while true {
            let cut = CutOffTarget(target, after: calls)
            do {
                try trial.export(after, into: cut) { $0.changesTables = true }
                break
            } catch let error as ExportError {
                guard case .database(_, let failure) = error, failure.code == "test" else { throw error }
                cut.rollback()
            }
            let isOld = refusal("otherTables") { _ = try trial.check(after, target) } != nil
            #expect(try trial.check(isOld ? before : after, target).isSound)
            calls += 1
        }
        #expect(calls > 8)
        #expect(try trial.check(after, target).isSound)
    }

    @Test("a row that is gone, changed, in another's place or too many is named, whatever the table")
    func faults() throws {
        let faults = try FaultTrial(in: folder.path, keepsUndone: true).run(try makeTarget("faults"))
        #expect(faults.count > 60)
        for failure in faults.failures { Issue.record("\(failure)") }
    }
}
