/// The tables of one export: those that every target has, those of its map, and those of states.
///
/// Invariant: `tables` begins with `ExportSchema.logTables`; behind them stand those of `typed`, in order.
struct TableSet {
    let tables: [Table]
    let typed: [TypedTable]
    /// The tables of states, whose rows belong to no event.
    let states: [StateTable]

    init(_ options: ExportOptions, _ dialect: SQLDialect, _ states: [StateTable]) {
        self.states = states
        typed = (options.map?.tables ?? []).map { TypedTable($0, dialect: dialect) }
        tables = ExportSchema.logTables + typed.map(\.table)
    }

    /// The tables whose rows belong to a block, by `sequence`, and carry a mark when it is undone.
    var marked: [String] { [ExportSchema.blocks.name, ExportSchema.events.name] + typed.map(\.table.name) }

    /// The statements that create everything but the indexes.
    func createStatements(for target: any ExportTarget) -> [String] {
        ExportSchema.createStatements(for: target) + typed.map { target.createStatement($0.table) }
            + states.map { target.createStatement($0.table) }
            + typed.map {
                "CREATE VIEW \(quoted($0.viewName)) AS SELECT * FROM \(quoted($0.table.name)) "
                    + "WHERE undone_by IS NULL AND height IS NOT NULL"
            }
    }

    /// The statements that create the indexes; those that are there stay.
    func indexStatements() -> [String] { ExportSchema.indexStatements(tables + states.map(\.table)) }

    /// All statements for a database that somebody else prepares, each ending in a semicolon.
    func script(for target: any ExportTarget) -> String {
        (createStatements(for: target) + indexStatements()).map { $0 + ";\n" }.joined()
    }
}

extension ExportOptions {
    /// The statements that create all tables, views and indexes, each ending in a semicolon.
    package func script(for target: any ExportTarget, states: [StateTable] = []) -> String {
        TableSet(self, target.dialect, states).script(for: target)
    }
}
