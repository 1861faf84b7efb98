import AshlarExport
import AshlarSQLite
import Foundation
import Testing

@Suite struct SQLiteTransactionTests {
    let folder: TemporaryFolder
    let path: String
    let target: SQLiteTarget

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("rows.db")
        target = try SQLiteTarget(path: path, create: true, busyTimeout: 10)
        try target.create(pairs)
    }

    private func pragma(_ name: String) throws(SQLFailure) -> SQLValue? { try target.value("PRAGMA \(name)") }

    @Test func whatIsTakenBackIsGoneAndWhatIsCommittedIsThere() throws {
        try target.begin()
        try target.insert(pairRows(0..<3), into: pairs)
        #expect(try target.count(pairs) == 3)
        target.rollback()
        #expect(try target.count(pairs) == 0)
        try target.add(pairRows(0..<2), to: pairs)
        try target.add(pairRows(2..<5), to: pairs)
        target.close()
        let again = try SQLiteTarget(readOnly: path)
        #expect(try again.rows("SELECT id FROM pairs ORDER BY id") == (0..<5).map { [.integer($0)] })
    }

    @Test func changesAreCounted() throws {
        #expect(try target.run("INSERT INTO pairs VALUES ($1, $2), (2, 'b')", [.integer(1), .text("a")]) == 2)
        #expect(try target.run("CREATE TABLE other (a INTEGER)", []) == 0)
        #expect(try target.run("UPDATE pairs SET payload = 'c'", []) == 2)
        #expect(try target.run("DELETE FROM pairs WHERE id = 7", []) == 0)
        #expect(try target.run("SELECT * FROM pairs", []) == 0)
    }

    @Test func queriesMayNestAndMayEndEarly() throws {
        try target.add(pairRows(0..<10), to: pairs)
        let sql = "SELECT id FROM pairs WHERE id >= $1 ORDER BY id"
        var seen: [Int64?] = []
        let stop = SQLFailure(.other, code: "0", message: "enough")
        let found = failure { () throws(SQLFailure) in
            try target.query(sql, [.integer(7)]) { (outer) throws(SQLFailure) in
                try target.query(sql, [.integer(9)]) { (inner) throws(SQLFailure) in seen.append(inner[0].integer) }
                seen.append(outer[0].integer)
                if seen.count == 4 { throw stop }
            }
        }
        #expect(found == stop)
        #expect(seen == [9, 7, 9, 8])
        #expect(try target.rows(sql, [.integer(8)]).count == 2)
    }

    @Test func manyDifferentStatementsAreNotKeptForEver() throws {
        for number in 0..<1000 {
            #expect(try target.value("SELECT \(number) + $1", [.integer(1)]) == .integer(Int64(number) + 1))
        }
        try target.add(pairRows(0..<1), to: pairs)
    }

    @Test func pragmasAreThoseOfABulkLoadUntilItIsDone() throws {
        let names = ["synchronous", "cache_size", "wal_autocheckpoint", "threads", "journal_mode"]
        let usual = try names.map { try pragma($0) }
        #expect(usual[0] == .integer(2))
        #expect(usual[4] == .text("wal"))
        try target.prepareBulkLoad()
        #expect(try pragma("synchronous") == .integer(1))
        #expect(try pragma("journal_mode") == .text("wal"))
        try target.add(pairRows(0..<1000), to: pairs)
        #expect(try pragma("synchronous") == .integer(1))
        try target.execute("CREATE INDEX pairs_by_payload ON pairs (payload)")
        try target.finishBulkLoad()
        #expect(try names.map { try pragma($0) } == usual)
        #expect(try target.value("SELECT count(*) FROM sqlite_stat1 WHERE idx = 'pairs_by_payload'") == .integer(1))
        #expect(try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int == 0)
    }

    @Test func aBulkLoadMayBeTheFirstThingThatIsDone() throws {
        let fresh = try SQLiteTarget(path: folder.file("fresh.db"), create: true)
        try fresh.prepareBulkLoad()
        try fresh.create(pairs)
        #expect(try fresh.value("PRAGMA synchronous") == .integer(1))
        try fresh.finishBulkLoad()
        #expect(try fresh.value("PRAGMA synchronous") == .integer(2))
    }

    @Test func openingChangesNothingInTheFile() throws {
        let other = folder.file("other.db")
        let shell = try SQLiteShell(other)
        #expect(shell.run("CREATE TABLE a (b); INSERT INTO a VALUES (1); SELECT * FROM a;") == "1")
        shell.finish()
        let before = try Data(contentsOf: URL(fileURLWithPath: other))
        let target = try SQLiteTarget(path: other, create: true)
        #expect(try target.columnNames("a") == ["b"])
        #expect(try !target.hasTable("pairs"))
        target.close()
        #expect(try Data(contentsOf: URL(fileURLWithPath: other)) == before)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("other") } == [
                "other.db"
            ])
    }

    @Test func aReaderInTheShellSeesWholeBatchesAndDisturbsNothing() throws {
        try target.prepareBulkLoad()
        try target.add(pairRows(0..<10), to: pairs)
        let shell = try SQLiteShell(path)
        #expect(shell.run("BEGIN; SELECT count(*) FROM pairs;") == "10")
        try target.add(pairRows(10..<5000), to: pairs)
        try target.execute("CREATE INDEX pairs_by_payload ON pairs (payload)")
        try target.finishBulkLoad()
        try target.begin()
        try target.insert(pairRows(5000..<6000), into: pairs)
        #expect(shell.run("SELECT count(*) FROM pairs;") == "10")
        #expect(shell.run("COMMIT; SELECT count(*) FROM pairs;") == "5000")
        try target.commit()
        #expect(shell.run("SELECT count(*) FROM pairs; PRAGMA integrity_check;") == "6000\nok")
        shell.finish()
    }

    @Test func reconnectingFindsTheFileAgainAndMakesNone() throws {
        try target.add(pairRows(0..<1), to: pairs)
        try target.reconnect()
        #expect(try target.count(pairs) == 1)
        let moved = folder.file("moved.db")
        for suffix in ["", "-wal", "-shm"] {
            try FileManager.default.moveItem(atPath: path + suffix, toPath: moved + suffix)
        }
        #expect(failure { () throws(SQLFailure) in try target.begin() }?.kind == .connection)
        #expect(failure { () throws(SQLFailure) in try target.reconnect() }?.kind == .other)
        #expect(failure { () throws(SQLFailure) in try target.begin() }?.kind == .other)
        #expect(!FileManager.default.fileExists(atPath: path))
        target.rollback()
        for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: moved + suffix) {
            try FileManager.default.moveItem(atPath: moved + suffix, toPath: path + suffix)
        }
        try target.reconnect()
        try target.add(pairRows(1..<2), to: pairs)
        #expect(try target.count(pairs) == 2)
    }
}
