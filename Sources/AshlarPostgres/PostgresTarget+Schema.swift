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

    /// The statements that create a table; several where it is partitioned.
    package func createStatement(_ table: Table) -> String {
        if isPartitioned(table) { return createPartitioned(table) }
        return "CREATE TABLE \(quoted(table.name)) (\(definition(table, key: table.key)))"
    }

    /// Columns, primary key and checks.
    func definition(_ table: Table, key: [String]) -> String {
        var parts = table.columns.map { column in
            "\(quoted(column.name)) \(Self.typeName(column.type))\(column.isOptional ? "" : " NOT NULL")"
        }
        if !key.isEmpty { parts.append("PRIMARY KEY (\(Self.list(key)))") }
        parts += table.checks.map { "CHECK (\($0))" }
        return parts.joined(separator: ", ")
    }

    /// Names in quotation marks, with commas in between.
    static func list(_ names: [String]) -> String { names.map(quoted).joined(separator: ", ") }

    private static func typeName(_ type: ColumnType) -> String {
        switch type {
        case .integer: "bigint"
        case .text: "text"
        case .bytes: "bytea"
        case .json: "jsonb"
        case .timestamp: "timestamptz"
        case .numeric: "numeric(78,0)"
        case .integer32: "integer"
        case .boolean: "boolean"
        }
    }
}
