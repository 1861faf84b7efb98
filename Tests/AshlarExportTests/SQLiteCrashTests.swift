import AshlarExport
import AshlarSQLite
import Foundation
import Testing

/// What a kill or a power cut leaves, by copies of the files: a kill leaves what the system calls wrote so far, a power cut perhaps
/// less of the log.
@Suite struct SQLiteCrashTests {
    let folder: TemporaryFolder
    let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("bulk.db")
    }

    private func copyFiles(to copy: String, logBytes: Int? = nil) throws {
        try? FileManager.default.removeItem(atPath: copy)
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        let log = try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))
        try log.prefix(logBytes ?? log.count).write(to: URL(fileURLWithPath: copy + "-wal"))
    }

    /// Number of bytes in the log.
    private func logSize() throws -> Int { try Data(contentsOf: URL(fileURLWithPath: path + "-wal")).count }

    /// Rows that fill many more pages than the cache of `bulkTarget` has.
    private func rows(_ ids: Range<Int64>) -> RowBuffer { pairRows(ids, payload: String(repeating: "x", count: 500)) }

    /// The number of rows in a copy, which is whole.
    private func rowsOfCopy(_ copy: String) throws -> Int64? {
        let target = try SQLiteTarget(path: copy, create: false)
        #expect(try target.value("PRAGMA integrity_check") == .text("ok"))
        return try target.hasTable("pairs") ? target.count(pairs) : nil
    }

    /// A target in bulk mode that writes pages of an open transaction to the files before it commits.
    private func bulkTarget() throws -> SQLiteTarget {
        let target = try SQLiteTarget(path: path, create: true)
        try target.prepareBulkLoad()
        try target.execute("PRAGMA cache_size=10")
        try target.create(pairs)
        return target
    }

    @Test func aKillDuringABulkLoadLeavesTheLastBatch() throws {
        let target = try bulkTarget()
        let copy = folder.file("copy.db")
        for batch in Int64(0)..<4 {
            try target.begin()
            let before = try logSize()
            try target.insert(rows(batch * 1000..<batch * 1000 + 999), into: pairs)
            #expect(try logSize() > before + 100_000)
            try copyFiles(to: copy)
            #expect(try rowsOfCopy(copy) == batch * 1000)
            try target.insert(rows(batch * 1000 + 999..<batch * 1000 + 1000), into: pairs)
            try target.commit()
            try copyFiles(to: copy)
            #expect(try rowsOfCopy(copy) == (batch + 1) * 1000)
        }
    }

    @Test func aLogThatIsCutAnywhereLeavesSomeBatch() throws {
        let target = try bulkTarget()
        for batch in Int64(0)..<4 { try target.add(rows(batch * 1000..<batch * 1000 + 1000), to: pairs) }
        let copy = folder.file("copy.db")
        let size = try logSize()
        var found: [Int64] = []
        for length in stride(from: 0, through: size, by: 40_001) {
            try copyFiles(to: copy, logBytes: length)
            found.append(try rowsOfCopy(copy) ?? 0)
        }
        #expect(found == found.sorted())
        #expect(Set(found).isSubset(of: [0, 1000, 2000, 3000, 4000]))
        #expect(Set(found).count > 3)
    }

    @Test func aConnectionThatIsDroppedTakesBackWhatIsOpen() throws {
        var target: SQLiteTarget? = try bulkTarget()
        try target?.begin()
        try target?.insert(rows(0..<5000), into: pairs)
        target = nil
        let again = try SQLiteTarget(path: path, create: false)
        #expect(try again.count(pairs) == 0)
        try again.begin()
        #expect(try again.value("PRAGMA synchronous") == .integer(2))
        again.rollback()
    }
}
