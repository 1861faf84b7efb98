/// A row of `ashlar_tables`: a table that a map or a state has in the target, and what its rows were made by.
struct OwnTable: Hashable {
    /// Where its rows come from.
    enum Kind: String {
        /// From payloads, as a map says.
        case map
        /// From the state of a model.
        case state
    }

    var name: String
    var kind: Kind
    /// The canonical text of the table of a map, or the definition of the table of a state.
    var definition: String

    /// Told apart byte by byte, as the log tells names apart.
    static func == (left: OwnTable, right: OwnTable) -> Bool {
        left.kind == right.kind && left.name.utf8.elementsEqual(right.name.utf8)
            && left.definition.utf8.elementsEqual(right.definition.utf8)
    }

    func hash(into hasher: inout Hasher) { for byte in name.utf8 { hasher.combine(byte) } }

    /// Those of a target, by name. Throws `schema` for a row that no exporter wrote.
    static func read(_ target: any ExportTarget) throws(SQLFailure) -> [OwnTable] {
        let rows = try target.rows("SELECT name, kind, definition FROM ashlar_tables ORDER BY name")
        var tables: [OwnTable] = []
        for row in rows {
            guard let name = row[0].text, let kind = row[1].text.flatMap(Kind.init), let text = row[2].text else {
                throw SQLFailure(.schema, code: "ashlar", message: "a row of ashlar_tables is of another form")
            }
            tables.append(OwnTable(name: name, kind: kind, definition: text))
        }
        return tables
    }

    /// Puts these in the place of those that are there. Part of the transaction that is open.
    static func write(_ tables: [OwnTable], _ target: any ExportTarget) throws(SQLFailure) {
        try target.run("DELETE FROM ashlar_tables", [])
        var rows = RowBuffer(columnCount: ExportSchema.ownTables.columns.count)
        for table in tables {
            rows.append(text: table.name)
            rows.append(text: table.kind.rawValue)
            rows.append(text: table.definition)
        }
        try target.insert(rows, into: ExportSchema.ownTables)
    }
}
