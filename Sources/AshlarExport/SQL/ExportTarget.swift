/// How a kind of database writes what the others write otherwise; it takes no connection to know.
package protocol SQLSyntax {
    /// Which database it is.
    var dialect: SQLDialect { get }

    /// The statement that creates a table without its `indexes`, in this database's own types; several where it is partitioned.
    func createStatement(_ table: Table) -> String

    /// A column as it stands in the statement that adds it to a table: name, type, and whether it must have a value.
    func definition(_ column: Column) -> String
}

/// A database that an exporter fills: a connection, and what each kind of database wants to be done around the loading.
package protocol ExportTarget: SQLConnection, SQLSyntax {
    /// Which database it is.
    var dialect: SQLDialect { get }

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

    /// Whether a table of this name is there.
    func hasTable(_ name: String) throws(SQLFailure) -> Bool

    /// The names of a table's columns, in order.
    func columnNames(_ table: String) throws(SQLFailure) -> [String]

    /// Those of some names, of tables, views and indexes, that something in the database has already.
    func taken(_ names: [String]) throws(SQLFailure) -> [String]

    /// What somebody else put on a table, by name: indexes, with the columns they need, and triggers, which need all of it.
    func additions(to table: String) throws(SQLFailure) -> [TableAddition]

    /// The views that cannot be read, since something they name is not there.
    ///
    /// None where the database lets nothing go that a view needs.
    func brokenViews() throws(SQLFailure) -> [String]

    /// Brings the statistics that queries are planned by up to date where they are far off, and the database does not by itself.
    func refreshStatistics() throws(SQLFailure)
}

/// An index or a trigger on a table.
package struct TableAddition: Sendable, Hashable {
    /// Its name.
    package var name: String
    /// The column of the table it cannot do without; nil for a trigger.
    package var column: String?

    /// An index over a column, or a trigger.
    package init(_ name: String, column: String? = nil) {
        self.name = name
        self.column = column
    }
}
