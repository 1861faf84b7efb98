package import AshlarExport

extension SQLiteTarget {
    /// A table that takes no value of another type. It needs SQLite 3.37, of 2021, in whatever reads it.
    ///
    /// Tables keep their row ids: `WITHOUT ROWID`, measured with a key of two columns in order, was no faster with texts of
    /// 200 bytes, and at 1,500 three times slower in a file twice as large. A key of one integer is the row id itself.
    package func createStatement(_ table: Table) -> String {
        var parts = table.columns.map { column in
            "\(quoted(column.name)) \(Self.typeName(column.type))\(column.isOptional ? "" : " NOT NULL")"
        }
        if !table.key.isEmpty { parts.append("PRIMARY KEY (\(table.key.map(quoted).joined(separator: ", ")))") }
        parts += table.checks.map { "CHECK (\($0))" }
        let body = parts.joined(separator: ",\n    ")
        return "CREATE TABLE \(quoted(table.name)) (\n    \(body)\n) STRICT"
    }

    private static func typeName(_ type: ColumnType) -> String {
        switch type {
        case .integer, .timestamp, .integer32, .boolean: "INTEGER"
        case .text, .json, .numeric: "TEXT"
        case .bytes: "BLOB"
        }
    }

    package func hasTable(_ name: String) throws(SQLFailure) -> Bool {
        // SQLite finds names whatever the case of their letters.
        let sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1 COLLATE NOCASE"
        return try value(sql, [.text(name)]) != nil
    }

    package func columnNames(_ table: String) throws(SQLFailure) -> [String] {
        try rows("SELECT name FROM pragma_table_info($1) ORDER BY cid", [.text(table)]).compactMap { $0[0].text }
    }

    /// Nothing: tables are not partitioned.
    package func prepareHeights(_ heights: ClosedRange<Int64>) throws(SQLFailure) {}

    /// Nothing: there is nobody to tell.
    package func announce(sequence: UInt64) throws(SQLFailure) {}
}
