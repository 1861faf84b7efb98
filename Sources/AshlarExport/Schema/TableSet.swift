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

    /// All tables, those that every target has first.
    var all: [Table] { ExportSchema.tables + typed.map(\.table) + states.map(\.table) }

    /// What `ashlar_tables` says of the tables of the map and of states.
    var defined: [OwnTable] {
        typed.map { OwnTable(name: $0.table.name, kind: .map, definition: $0.mapped.canonicalText) }
            + states.map { OwnTable(name: $0.table.name, kind: .state, definition: $0.definition) }
    }

    /// The statements that create everything but the indexes.
    func createStatements(for syntax: any SQLSyntax) -> [String] {
        ExportSchema.createStatements(for: syntax) + typed.map { syntax.createStatement($0.table) }
            + states.map { syntax.createStatement($0.table) } + typed.map { $0.createView }
    }

    /// The statements that create the indexes; those that are there stay.
    func indexStatements() -> [String] {
        ExportSchema.indexStatements([ExportSchema.snapshots] + tables + states.map(\.table))
    }

    /// All statements for a database that somebody else prepares, each ending in a semicolon.
    func script(for syntax: any SQLSyntax) -> String {
        (createStatements(for: syntax) + indexStatements()).map { $0 + ";\n" }.joined()
    }
}

extension TypedTable {
    /// The statement that creates the view of its rows that are not undone and not floating.
    var createView: String { createView(table.columns.map(\.name), replacing: false) }

    /// The statement that creates the view with these columns, in their order.
    func createView(_ columns: [String], replacing: Bool) -> String {
        let list = columns.map(quoted).joined(separator: ", ")
        return "CREATE \(replacing ? "OR REPLACE " : "")VIEW \(quoted(viewName)) AS SELECT \(list) FROM "
            + "\(quoted(table.name)) WHERE undone_by IS NULL AND height IS NOT NULL"
    }
}

extension ExportOptions {
    /// All tables of a target, those that every target has first.
    package func tables(for dialect: SQLDialect, states: [StateTable] = []) -> [Table] {
        TableSet(self, dialect, states).all
    }

    /// The statements that create all tables, views and indexes, each ending in a semicolon.
    package func script(for syntax: any SQLSyntax, states: [StateTable] = []) -> String {
        TableSet(self, syntax.dialect, states).script(for: syntax)
    }
}
