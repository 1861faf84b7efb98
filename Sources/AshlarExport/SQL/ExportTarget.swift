/// A database that an exporter fills: a connection, and what each kind of database wants to be done around the loading.
package protocol ExportTarget: SQLConnection {
    /// How the target is called in messages: a path, or a URL without its password.
    var name: String { get }

    /// Opens it anew after the connection was lost. A file that is open already stays so.
    func reconnect() throws(SQLFailure)

    /// Makes the first load into empty tables fast; what it changes is put back by `finishBulkLoad`, or by a crash.
    func prepareBulkLoad() throws(SQLFailure)

    /// Puts back what `prepareBulkLoad` changed and gathers the statistics that queries are planned by.
    func finishBulkLoad() throws(SQLFailure)

    /// Makes room for blocks of these heights, where tables are partitioned. Part of the transaction that is open.
    func prepareHeights(_ heights: ClosedRange<Int64>) throws(SQLFailure)

    /// Tells others that a batch is there, where the database can. Part of the transaction that is open.
    func announce(sequence: UInt64) throws(SQLFailure)

    /// The statement that creates a table without its `indexes`, in this database's own types.
    func createStatement(_ table: Table) -> String

    /// Whether a table of this name is there.
    func hasTable(_ name: String) throws(SQLFailure) -> Bool

    /// The names of a table's columns, in order.
    func columnNames(_ table: String) throws(SQLFailure) -> [String]
}
