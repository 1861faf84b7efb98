import Ashlar
import AshlarExport
import AshlarExportTestSupport
import AshlarSQLite
import AshlarTestSupport
import Testing

@Suite("What a check finds in every table, in SQLite")
struct CheckedTablesTests {
    @Test(
        "a row that is gone, changed, in another's place or too many is named, whatever the table",
        arguments: [true, false])
    func faults(keepsUndone: Bool) throws {
        let folder = Folder()
        let trial = try FaultTrial(in: folder.path, keepsUndone: keepsUndone)
        let target = try SQLiteTarget(path: folder.file("target.db"), create: true)
        let faults = try trial.run(target)
        #expect(faults.count > 60)
        for failure in faults.failures { Issue.record("\(failure)") }
    }
}
