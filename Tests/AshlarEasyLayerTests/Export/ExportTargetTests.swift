import Ashlar
import AshlarEasyLayer
import AshlarExport
import AshlarSQLite
import AshlarTestSupport
import Foundation
import Testing

/// What stands at the place of a file before an export, and after one that does not come to its end.
@Suite struct ExportTargetTests {
    let trip = RoundTrip()
    var unfinished: String { trip.filePath + ".unfinished" }

    init() throws {
        try trip.make { writer in
            for height in 0..<40 as Range<Int64> {
                _ = try writer.append(Samples.block(height), events: Samples.events(height, count: 60))
            }
        }
    }

    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    func write(_ text: String, to path: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }

    @Test func anExportIsReplacedOnlyIfAsked() throws {
        let first = try trip.export()
        #expect(first.rows == 40 * 60 + 1 && !exists(unfinished))
        let bytes = try Data(contentsOf: URL(fileURLWithPath: trip.filePath))
        guard case .refused("alreadyExported", let reason) = exportProblem({ try trip.export() }) else {
            Issue.record("replaced")
            return
        }
        #expect(reason.contains("up to sequence 40") && reason.contains("--replace"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: trip.filePath)) == bytes)
        // Also one that somebody wrote into, with a log beside it.
        let other = try SQLiteTarget(path: trip.filePath, create: false)
        try other.begin()
        try other.execute("DELETE FROM utxo")
        try other.commit()
        other.close()
        #expect(try trip.export(replaces: true) == first)
        #expect(!exists(trip.filePath + "-wal"))
        #expect(try trip.connection().value("SELECT count(*) FROM utxo") == .integer(40 * 40))
        #expect(try trip.connection().value("PRAGMA integrity_check") == .text("ok"))
    }

    @Test func tablesOfOthersAreNotTouched() throws {
        let other = try SQLiteTarget(path: trip.filePath, create: true)
        try other.execute("CREATE TABLE \"my \"\"table\" (a); CREATE VIEW seen AS SELECT 1")
        for replaces in [false, true] {
            guard case .refused("foreignTables", let reason) = exportProblem({ try trip.export(replaces: replaces) })
            else {
                Issue.record("taken")
                return
            }
            #expect(reason.contains("my \\\"table") && reason.contains("seen"))
        }
        // One more table in what an export made.
        try other.execute("DROP TABLE \"my \"\"table\"; DROP VIEW seen")
        other.close()
        try trip.export()
        try trip.connection().execute("CREATE TABLE mine (a)")
        #expect(refusal { try trip.export(replaces: true) } == "foreignTables")
        #expect(!exists(unfinished))
    }

    @Test func whatStandsInTheWayIsRefused() throws {
        try write(String(repeating: "text ", count: 1_000), to: trip.filePath)
        guard case .database(let failure) = exportProblem({ try trip.export(replaces: true) }) else {
            Issue.record("taken")
            return
        }
        #expect(failure.kind == .damaged)
        try FileManager.default.removeItem(atPath: trip.filePath)
        try FileManager.default.createDirectory(atPath: trip.filePath, withIntermediateDirectories: false)
        #expect(refusal { try trip.export() } == "isDirectory")
        try FileManager.default.removeItem(atPath: trip.filePath)
        try write("text", to: unfinished)
        #expect(refusal { try trip.export() } == "foreignFiles")
        #expect(try Data(contentsOf: URL(fileURLWithPath: unfinished)) == Data("text".utf8))
        try FileManager.default.removeItem(atPath: unfinished)
        try write("", to: trip.filePath + "-wal")
        #expect(refusal { try trip.export() } == "foreignFiles")
        try FileManager.default.removeItem(atPath: trip.filePath + "-wal")
        // An empty file is an empty database.
        try write("", to: trip.filePath)
        try trip.export()
    }

    @Test func aFileInUseIsNotReplaced() throws {
        try trip.export()
        let reader = try SQLiteTarget(path: trip.filePath, create: false, busyTimeout: 100)
        try reader.execute("BEGIN EXCLUSIVE")
        guard case .database(let failure) = exportProblem({ try trip.export(replaces: true) }) else {
            Issue.record("replaced")
            return
        }
        #expect(failure.kind == .busy)
        reader.rollback()
        try trip.export(replaces: true)
    }

    @Test func oneThatIsStoppedLeavesNothing() throws {
        var asked = 0
        #expect(
            exportProblem {
                try trip.export {
                    asked += 1
                    return asked > 2
                }
            } == .stopped)
        #expect(!exists(trip.filePath) && !exists(unfinished))
        // Whenever it is asked to stop, there is all or nothing.
        var stops = 0
        for after in 0...40 {
            var asked = 0
            let problem = exportProblem {
                try trip.export {
                    asked += 1
                    return asked > after
                }
            }
            #expect(exists(trip.filePath) == (problem == nil) && !exists(unfinished))
            guard problem == .stopped else { break }
            stops += 1
        }
        #expect(stops > 3 && stops < 40)
        #expect(refusal { try trip.export() } == "alreadyExported")
    }

    @Test func rowsThatAreNotWhatWasWrittenAreFound() throws {
        for fault in LossyConnection.Fault.allCases {
            let connection = LossyConnection(
                try SQLiteTarget(path: trip.folder.file("\(fault).db"), create: true), fault)
            let export = try EasyLayerExport(try Store.open(at: trip.storePath))
            guard case .different = exportProblem({ _ = try export.run(inOpenTransactionOf: connection) }) else {
                Issue.record("\(fault) was not found")
                continue
            }
        }
    }
}

/// A connection that does not write what it is given.
final class LossyConnection: SQLConnection {
    enum Fault: CaseIterable { case last, twice, payload, height }

    let target: SQLiteTarget
    let fault: Fault
    var dialect: SQLDialect { target.dialect }

    init(_ target: SQLiteTarget, _ fault: Fault) {
        self.target = target
        self.fault = fault
    }

    func insert(_ rows: RowBuffer, into table: Table) throws(SQLFailure) {
        try target.insert(rows, into: table)
        guard table.name == "utxo" else { return }
        let name = "\"\(table.name)\""
        switch fault {
        case .last: try target.execute("DELETE FROM \(name) WHERE id = (SELECT max(id) FROM \(name))")
        case .twice:
            try target.execute(
                """
                INSERT INTO \(name) SELECT id + 1, version + 1, "requestId", type, payload, "blockHeight", "isCompressed", timestamp
                FROM \(name) WHERE id = (SELECT max(id) FROM \(name))
                """)
        case .payload: try target.execute("UPDATE \(name) SET payload = CAST('{}' AS BLOB) WHERE id = 7")
        case .height: try target.execute("UPDATE \(name) SET \"blockHeight\" = 1 WHERE id = 7")
        }
    }

    func execute(_ sql: String) throws(SQLFailure) { try target.execute(sql) }
    func run(_ sql: String, _ parameters: [SQLValue]) throws(SQLFailure) -> Int { try target.run(sql, parameters) }
    func query(_ sql: String, _ parameters: [SQLValue], _ body: ([SQLValue]) throws(SQLFailure) -> Void)
        throws(SQLFailure)
    {
        try target.query(sql, parameters, body)
    }
    func begin() throws(SQLFailure) { try target.begin() }
    func commit() throws(SQLFailure) { try target.commit() }
    func rollback() { target.rollback() }
}
