package import AshlarExport

/// How PostgreSQL writes tables.
package struct PostgresSyntax: SQLSyntax {
    package let dialect = SQLDialect.postgres
    /// Number of heights in a partition of `blocks` and `events`; nil if these are plain tables.
    package let partitionHeights: Int64?

    /// With tables in partitions or not.
    package init(partitionHeights: Int64? = nil) { self.partitionHeights = partitionHeights }

    /// The statements that create a table; several where it is partitioned.
    package func createStatement(_ table: Table) -> String {
        if isPartitioned(table) { return createPartitioned(table) }
        return "CREATE TABLE \(quoted(table.name)) (\(definition(table, key: table.key)))"
    }

    package func definition(_ column: Column) -> String {
        "\(quoted(column.name)) \(Self.typeName(column.type))\(column.isOptional ? "" : " NOT NULL")"
    }

    /// Columns, primary key and checks.
    func definition(_ table: Table, key: [String]) -> String {
        var parts = table.columns.map { definition($0) }
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
