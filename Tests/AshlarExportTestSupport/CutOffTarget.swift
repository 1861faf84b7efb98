package import AshlarExport

/// A database that goes away after so many calls that would change it.
package final class CutOffTarget: ExportTarget {
    private let target: any ExportTarget
    private var callsLeft: Int
    /// How often statistics were renewed.
    package private(set) var statisticsCount = 0
    package var dialect: SQLDialect { target.dialect }
    package var name: String { target.name }

    /// Hands on so many calls to `target`, then none.
    package init(_ target: any ExportTarget, after calls: Int) {
        self.target = target
        callsLeft = calls
    }

    private func count() throws(SQLFailure) {
        guard callsLeft > 0 else { throw SQLFailure(.connection, code: "test", message: "cut off") }
        callsLeft -= 1
    }

    package func execute(_ sql: String) throws(SQLFailure) {
        try count()
        try target.execute(sql)
    }

    package func run(_ sql: String, _ parameters: [SQLValue]) throws(SQLFailure) -> Int {
        try count()
        return try target.run(sql, parameters)
    }

    package func query(
        _ sql: String, _ parameters: [SQLValue], _ body: ([SQLValue]) throws(SQLFailure) -> Void
    ) throws(SQLFailure) { try target.query(sql, parameters, body) }

    package func insert(_ rows: RowBuffer, into table: Table) throws(SQLFailure) {
        try count()
        try target.insert(rows, into: table)
    }

    package func begin() throws(SQLFailure) {
        try count()
        try target.begin()
    }

    package func commit() throws(SQLFailure) {
        try count()
        try target.commit()
    }

    package func rollback() { target.rollback() }
    package func reconnect() throws(SQLFailure) { try target.reconnect() }
    package func prepareBulkLoad() throws(SQLFailure) { try target.prepareBulkLoad() }
    package func finishBulkLoad() throws(SQLFailure) { try target.finishBulkLoad() }
    package func prepareHeights(_ heights: ClosedRange<Int64>) throws(SQLFailure) { try target.prepareHeights(heights) }
    package func announce(sequence: UInt64) throws(SQLFailure) { try target.announce(sequence: sequence) }
    package func createStatement(_ table: Table) -> String { target.createStatement(table) }
    package func definition(_ column: Column) -> String { target.definition(column) }
    package func taken(_ names: [String]) throws(SQLFailure) -> [String] { try target.taken(names) }
    package func additions(to table: String) throws(SQLFailure) -> [TableAddition] { try target.additions(to: table) }
    package func brokenViews() throws(SQLFailure) -> [String] { try target.brokenViews() }
    package func refreshStatistics() throws(SQLFailure) {
        statisticsCount += 1
        try target.refreshStatistics()
    }
    package func hasTable(_ name: String) throws(SQLFailure) -> Bool { try target.hasTable(name) }
    package func columnNames(_ table: String) throws(SQLFailure) -> [String] { try target.columnNames(table) }
}
