import AshlarExport
import CAshlarSQLite
import Foundation
import Testing

@testable import AshlarSQLite

@Suite struct SQLiteFailureTests {
    let folder: TemporaryFolder
    let path: String
    let target: SQLiteTarget

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("failures.db")
        target = try SQLiteTarget(path: path, create: true, busyTimeout: 10)
        try target.create(pairs)
        try target.create(kinds)
    }

    private func opening(_ path: String, create: Bool = false) -> SQLFailure? {
        failure { () throws(SQLFailure) in _ = try SQLiteTarget(path: path, create: create) }
    }

    @Test func whatIsNotADatabaseIsDamagedAndStaysAsItIs() throws {
        let other = folder.file("letter.txt")
        let content = Data(String(repeating: "Dear reader, ", count: 1000).utf8)
        try content.write(to: URL(fileURLWithPath: other))
        let found = try #require(opening(other, create: true))
        #expect(found.kind == .damaged)
        #expect(found.message.hasPrefix("\(other): "))
        #expect(try Data(contentsOf: URL(fileURLWithPath: other)) == content)
    }

    @Test func pagesWithNonsenseAreDamaged() throws {
        try target.add(pairRows(0..<5000), to: pairs)
        target.close()
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.seek(toOffset: 4096)
        file.write(Data(repeating: 0xa5, count: 64 * 1024))
        try file.close()
        let found = failure { () throws(SQLFailure) in
            let target = try SQLiteTarget(path: path, create: false)
            _ = try target.rows("SELECT count(payload) FROM pairs")
        }
        #expect(found?.kind == .damaged)
    }

    @Test func whatIsNotThereIsSaidAndNotMade() throws {
        let missing = folder.file("missing.db")
        let found = try #require(opening(missing))
        #expect(found.kind == .other)
        #expect(found.message == "\(missing): unable to open database file: No such file or directory")
        #expect(!FileManager.default.fileExists(atPath: missing))
        #expect(opening(folder.file("no/such/folder.db"), create: true)?.message.hasSuffix("directory") == true)
        #expect(opening(folder.path, create: true)?.kind == .other)
        #expect(opening("", create: true) != nil)
    }

    @Test func pathsHaveNoSpecialMeaning() throws {
        let odd = folder.file("file:odd?mode=memory")
        try SQLiteTarget(path: odd, create: true).create(pairs)
        #expect(FileManager.default.fileExists(atPath: odd))
        #expect(opening(":memory:")?.kind == .other)
        #expect(opening("file::memory:")?.kind == .other)
    }

    @Test func whatIsOpenedToReadIsReadOnly() throws {
        let reader = try SQLiteTarget(readOnly: path)
        #expect(try reader.count(pairs) == 0)
        let found = failure { () throws(SQLFailure) in try reader.run("INSERT INTO pairs VALUES (1, 'a')", []) }
        #expect(found?.kind == .readOnly)
        #expect(found?.message == "\(path): attempt to write a readonly database")
    }

    @Test func aFullDiskIsFullAndWhatWasCommittedStays() throws {
        try target.add(pairRows(0..<10), to: pairs)
        try target.execute("PRAGMA max_page_count=20")
        try target.begin()
        let full = failure { () throws(SQLFailure) in
            try target.insert(pairRows(10..<10_000, payload: String(repeating: "x", count: 500)), into: pairs)
        }
        #expect(full?.kind == .full)
        target.rollback()
        target.rollback()
        #expect(try target.count(pairs) == 10)
        try target.execute("PRAGMA max_page_count=100000")
        try target.add(pairRows(10..<10_000), to: pairs)
        #expect(try target.count(pairs) == 10_000)
    }

    @Test func anotherWriterMakesItBusyUntilItIsDone() throws {
        let other = try SQLiteTarget(path: path, create: false)
        try other.begin()
        let busy = failure { () throws(SQLFailure) in try target.begin() }
        #expect(busy?.kind == .busy)
        #expect(busy?.message.contains("another connection") == true)
        other.rollback()
        try target.add(pairRows(0..<1), to: pairs)
    }

    @Test func missingTablesAndColumnsAreOfTheSchema() throws {
        let statements = [
            "SELECT * FROM absent", "SELECT absent FROM pairs", "INSERT INTO pairs (id, absent) VALUES (1, 2)",
            "INSERT INTO pairs VALUES (1)", "CREATE TABLE pairs (id INTEGER)", "DROP TABLE absent",
            "UPDATE pairs SET absent = 1", "DROP VIEW absent", "DROP INDEX absent",
        ]
        for statement in statements {
            #expect(failure { () throws(SQLFailure) in try target.run(statement, []) }?.kind == .schema, "\(statement)")
            #expect(failure { () throws(SQLFailure) in try target.execute(statement) }?.kind == .schema, "\(statement)")
        }
        let table = Table("absent", pairs.columns, key: ["id"])
        let found = failure { () throws(SQLFailure) in try target.add(pairRows(0..<1), to: table) }
        #expect(found?.message == "\(path): no such table: absent")
        target.rollback()
        #expect(failure { () throws(SQLFailure) in try target.run("nonsense", []) }?.kind == .other)
        #expect(failure { () throws(SQLFailure) in try target.run("SELECT 1; SELECT 2", []) }?.kind == .other)
        #expect(failure { () throws(SQLFailure) in try target.run("", []) }?.kind == .other)
    }

    @Test func valuesThatBreakARuleAreOfAConstraint() throws {
        try target.add(pairRows(0..<1), to: pairs)
        let statements = [
            "INSERT INTO pairs VALUES (0, 'again')", "INSERT INTO pairs VALUES (1, NULL)",
            "INSERT INTO kinds (sequence, ordinal) VALUES (1, -1)", "INSERT INTO pairs VALUES ('one', 'a')",
            "INSERT INTO pairs VALUES (1, x'00')", "INSERT INTO kinds (sequence) VALUES (1)",
        ]
        for statement in statements {
            let found = failure { () throws(SQLFailure) in try target.run(statement, []) }
            #expect(found?.kind == .constraint, "\(statement)")
        }
        try target.begin()
        let found = failure { () throws(SQLFailure) in try target.insert(pairRows(-2..<2), into: pairs) }
        #expect(found?.message == "\(path): UNIQUE constraint failed: pairs.id")
        #expect(found?.code == "1555")  // SQLITE_CONSTRAINT_PRIMARYKEY
        target.rollback()
        #expect(try target.count(pairs) == 1)
    }

    /// Permission bits do not apply to root.
    @Test(.enabled(if: geteuid() != 0)) func missingRightsAreSaid() throws {
        target.close()
        try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: path)
        #expect(opening(path)?.kind == .readOnly)
        try FileManager.default.setAttributes([.posixPermissions: 0o000], ofItemAtPath: path)
        #expect(opening(path)?.kind == .permission)
        try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
        #expect(opening(folder.file("new.db"), create: true)?.kind == .permission)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
    }

    @Test func systemErrorsSayWhatCanBeDone() {
        func kind(_ code: Int32, _ systemError: Int32) -> SQLFailure.Kind {
            SQLFailure(sqlite: code, message: "words", systemError: systemError, path: path).kind
        }
        #expect(kind(SQLITE_CANTOPEN, EACCES) == .permission)
        #expect(kind(SQLITE_CANTOPEN, EROFS) == .readOnly)
        #expect(kind(SQLITE_CANTOPEN, ENOENT) == .other)
        #expect(kind(SQLITE_IOERR | (3 << 8), ENOSPC) == .full)
        #expect(kind(SQLITE_IOERR | (3 << 8), EIO) == .other)
        #expect(kind(SQLITE_FULL, ENOSPC) == .full)
        #expect(kind(SQLITE_READONLY | (8 << 8), 0) == .readOnly)
        #expect(kind(SQLITE_BUSY | (1 << 8), 0) == .busy)
        #expect(kind(SQLITE_TOOBIG, 0) == .constraint)
        let old = SQLFailure(sqlite: SQLITE_BUSY, message: "words", systemError: ENOENT, path: path)
        #expect(!old.message.contains("No such file"))
    }
}
