extension ExportSchema {
    /// The views, by name, in the order in which they can be created.
    ///
    /// Names come by outer joins, which both databases leave out of a query that asks for none.
    package static let views: [(name: String, query: String)] = [
        (
            "canonical_blocks",
            """
            SELECT sequence, height, hash, parent, time, appended_at, request_id, event_count FROM blocks \
            WHERE undone_by IS NULL
            """
        ),
        (
            "canonical_events",
            """
            SELECT e.sequence, e.ordinal, e.height, m.name AS model, t.name AS type, e.version, e.time, e.request_id, \
            e.payload, e.payload_bytes FROM events e LEFT JOIN models m ON m.id = e.model_id \
            LEFT JOIN types t ON t.id = e.type_id WHERE e.undone_by IS NULL AND e.height IS NOT NULL
            """
        ),
        (
            "floating_events",
            """
            SELECT e.sequence, e.ordinal, m.name AS model, t.name AS type, e.time, e.request_id, \
            e.payload, e.payload_bytes FROM events e LEFT JOIN models m ON m.id = e.model_id \
            LEFT JOIN types t ON t.id = e.type_id WHERE e.height IS NULL
            """
        ),
        (
            "reorgs",
            """
            SELECT u.sequence, r.appended_at, u.height, u.block_sequence AS old_sequence, u.hash AS old_hash, \
            n.sequence AS new_sequence, n.hash AS new_hash \
            FROM undone_blocks u JOIN rollbacks r ON r.sequence = u.sequence LEFT JOIN blocks n ON n.sequence = \
            (SELECT c.block_sequence FROM \
            (SELECT sequence AS since, sequence AS block_sequence, height FROM blocks \
            UNION ALL SELECT sequence, block_sequence, height FROM readopted_blocks) c \
            WHERE c.height = u.height AND c.since >= u.sequence ORDER BY c.since LIMIT 1)
            """
        ),
    ]

    /// The statements that create the tables of a target without the indexes that a first load makes after the rows.
    static func createStatements(for syntax: any SQLSyntax) -> [String] {
        tables.map { syntax.createStatement($0) }
            + views.map { "CREATE VIEW \(quoted($0.name)) AS \($0.query)" }
    }

    /// The statement that creates the view of one model's canonical events.
    ///
    static func createView(ofModel id: Int64, named name: String) -> String {
        "CREATE VIEW \(viewName(ofModel: id, named: name)) AS SELECT e.sequence, e.ordinal, e.height, "
            + "t.name AS type, e.version, e.time, e.request_id, e.payload, e.payload_bytes FROM events e "
            + "LEFT JOIN types t ON t.id = e.type_id "
            + "WHERE e.model_id = \(id) AND e.undone_by IS NULL AND e.height IS NOT NULL"
    }

    /// The name of that view, in quotation marks: `model_`, the model's number, which makes it unique, and of its name what a name in SQL needs no
    /// quotation marks for.
    static func viewName(ofModel id: Int64, named name: String) -> String {
        quoted("model_\(id)_" + plainName(name, bytes: 40))
    }

    /// The statements that create the indexes; those that are there stay.
    static func indexStatements(_ tables: [Table] = Self.tables) -> [String] {
        tables.flatMap { table in table.indexes.map { statement($0, of: table) } }
    }

    static func statement(_ index: TableIndex, of table: Table) -> String {
        let columns = index.columns.map(quoted).joined(separator: ", ")
        let unique = index.isUnique ? "UNIQUE " : ""
        let condition = index.condition.map { " WHERE \($0)" } ?? ""
        return
            "CREATE \(unique)INDEX IF NOT EXISTS \(quoted(index.name)) ON \(quoted(table.name)) (\(columns))\(condition)"
    }
}
