import Ashlar
import AshlarExport

/// All rows that an exporter makes of a store, in memory, and the statements around them: what a bare loop has to insert.
///
/// Complexity: O(the store) of memory, about 400 bytes for an event of 200.
struct RecordedRows: Sendable {
    /// Rows of one table.
    struct Insertion: Sendable {
        var table: Table
        var rows: RowBuffer
    }

    /// What creates the tables.
    fileprivate(set) var tableStatements: [String] = []
    /// The rows, as the exporter puts them into transactions.
    fileprivate(set) var transactions: [[Insertion]] = []

    /// The rows of a store for the database that `target` stands for; nothing is written there.
    init(of store: Store, for target: any ExportTarget) throws(ExportError) {
        let recorder = RowRecorder(target)
        _ = try Exporter(store, into: recorder).run()
        self = recorder.recorded
    }

    fileprivate init() {}
}

/// A target that is nowhere and keeps what it is given.
private final class RowRecorder: ExportTarget {
    let name = "memory"
    let dialect: SQLDialect
    private let model: any ExportTarget
    private var insertions: [RecordedRows.Insertion] = []
    private(set) var recorded = RecordedRows()

    init(_ model: any ExportTarget) {
        self.model = model
        dialect = model.dialect
    }

    func execute(_ sql: String) throws(SQLFailure) {
        // Those behind the rows are the indexes.
        if recorded.transactions.isEmpty { recorded.tableStatements.append(sql) }
    }

    func insert(_ rows: RowBuffer, into table: Table) throws(SQLFailure) {
        guard ExportSchema.logTables.contains(table) else { return }
        insertions.append(RecordedRows.Insertion(table: table, rows: rows))
    }

    func commit() throws(SQLFailure) {
        if !insertions.isEmpty { recorded.transactions.append(insertions) }
        insertions = []
    }

    /// Always one row: that of `ashlar_meta`.
    func run(_ sql: String, _ parameters: [SQLValue]) throws(SQLFailure) -> Int { 1 }
    func createStatement(_ table: Table) -> String { model.createStatement(table) }
    func definition(_ column: Column) -> String { model.definition(column) }

    // It is empty, and nothing of it can fail.

    func query(
        _ sql: String, _ parameters: [SQLValue], _ body: ([SQLValue]) throws(SQLFailure) -> Void
    ) throws(SQLFailure) {}
    func hasTable(_ name: String) throws(SQLFailure) -> Bool { false }
    func columnNames(_ table: String) throws(SQLFailure) -> [String] { [] }
    func taken(_ names: [String]) throws(SQLFailure) -> [String] { [] }
    func additions(to table: String) throws(SQLFailure) -> [TableAddition] { [] }
    func brokenViews() throws(SQLFailure) -> [String] { [] }
    func refreshStatistics() throws(SQLFailure) {}
    func begin() throws(SQLFailure) {}
    func rollback() {}
    func reconnect() throws(SQLFailure) {}
    func prepareBulkLoad() throws(SQLFailure) {}
    func finishBulkLoad() throws(SQLFailure) {}
    func prepareHeights(_ heights: ClosedRange<Int64>) throws(SQLFailure) {}
    func announce(sequence: UInt64) throws(SQLFailure) {}
}
