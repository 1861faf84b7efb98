package import AshlarExport

extension PostgresTarget {
    package func hasTable(_ name: String) throws(SQLFailure) -> Bool {
        try value(
            """
            SELECT 1 FROM pg_class
            WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)
              AND relname = $2 AND relkind IN ('r', 'p', 'f')
            """, [.text(schemaName), .text(name)]) != nil
    }

    package func columnNames(_ table: String) throws(SQLFailure) -> [String] {
        try rows(
            """
            SELECT attname FROM pg_attribute
            WHERE attrelid = (
                SELECT oid FROM pg_class
                WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND relname = $2)
              AND attnum > 0 AND NOT attisdropped
            ORDER BY attnum
            """, [.text(schemaName), .text(table)]
        ).compactMap(\.first?.text)
    }

    package func createStatement(_ table: Table) -> String { syntax.createStatement(table) }

    package func definition(_ column: Column) -> String { syntax.definition(column) }

    private var syntax: PostgresSyntax { PostgresSyntax(partitionHeights: partitionHeights) }

    package func taken(_ names: [String]) throws(SQLFailure) -> [String] {
        var taken: [String] = []
        for name in names
        where try value(
            """
            SELECT 1 FROM pg_class
            WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND relname = $2
            """, [.text(schemaName), .text(name)]) != nil
        { taken.append(name) }
        return taken
    }

    /// Indexes go with a column silently here; views do not go at all, and the server names them.
    package func additions(to table: String) throws(SQLFailure) -> [TableAddition] {
        let names: [SQLValue] = [.text(schemaName), .text(table)]
        let relation =
            "(SELECT oid FROM pg_class WHERE relname = $2 AND relnamespace = "
            + "(SELECT oid FROM pg_namespace WHERE nspname = $1))"
        let indexes = try rows(
            """
            SELECT i.relname, a.attname FROM pg_depend d
            JOIN pg_class i ON i.oid = d.objid AND i.relkind IN ('i', 'I')
            JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
            WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = \(relation)
            ORDER BY 1, 2
            """, names)
        let triggers = try rows(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = \(relation) AND NOT tgisinternal ORDER BY 1", names)
        return (indexes + triggers).compactMap { row in
            row[0].text.map { TableAddition($0, column: row.count > 1 ? row[1].text : nil) }
        }
    }

    /// None: the server drops nothing that a view needs.
    package func brokenViews() throws(SQLFailure) -> [String] { [] }

    /// Nothing: the server's autovacuum does it.
    package func refreshStatistics() throws(SQLFailure) {}
}
