package import AshlarExport

/// How SQLite writes tables.
package struct SQLiteSyntax: SQLSyntax {
    package let dialect = SQLDialect.sqlite

    /// There is nothing to choose.
    package init() {}

    /// A table that takes no value of another type. It needs SQLite 3.37, of 2021, in whatever reads it.
    ///
    /// Tables keep their row ids: `WITHOUT ROWID`, measured with a key of two columns in order, was no faster with texts of
    /// 200 bytes, and at 1,500 three times slower in a file twice as large. A key of one integer is the row id itself.
    package func createStatement(_ table: Table) -> String {
        var parts = table.columns.map(definition)
        if !table.key.isEmpty { parts.append("PRIMARY KEY (\(table.key.map(quoted).joined(separator: ", ")))") }
        parts += table.checks.map { "CHECK (\($0))" }
        let body = parts.joined(separator: ",\n    ")
        return "CREATE TABLE \(quoted(table.name)) (\n    \(body)\n) STRICT"
    }

    package func definition(_ column: Column) -> String {
        "\(quoted(column.name)) \(Self.typeName(column.type))\(column.isOptional ? "" : " NOT NULL")"
    }

    private static func typeName(_ type: ColumnType) -> String {
        switch type {
        case .integer, .timestamp, .integer32, .boolean: "INTEGER"
        case .text, .json, .numeric: "TEXT"
        case .bytes: "BLOB"
        }
    }
}

extension SQLiteTarget {
    package func createStatement(_ table: Table) -> String { SQLiteSyntax().createStatement(table) }

    package func definition(_ column: Column) -> String { SQLiteSyntax().definition(column) }

    package func hasTable(_ name: String) throws(SQLFailure) -> Bool {
        // SQLite finds names whatever the case of their letters.
        let sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1 COLLATE NOCASE"
        return try value(sql, [.text(name)]) != nil
    }

    package func columnNames(_ table: String) throws(SQLFailure) -> [String] {
        try rows("SELECT name FROM pragma_table_info($1) ORDER BY cid", [.text(table)]).compactMap { $0[0].text }
    }

    package func taken(_ names: [String]) throws(SQLFailure) -> [String] {
        var taken: [String] = []
        for name in names
        where try value("SELECT 1 FROM sqlite_master WHERE name = $1 COLLATE NOCASE", [.text(name)]) != nil {
            taken.append(name)
        }
        return taken
    }

    /// An index over an expression has no column, and is thus taken to need all of the table.
    package func additions(to table: String) throws(SQLFailure) -> [TableAddition] {
        let indexes = try rows(
            """
            SELECT m.name, i.name FROM sqlite_master m JOIN pragma_index_info(m.name) i
            WHERE m.type = 'index' AND m.tbl_name = $1 COLLATE NOCASE AND m.sql IS NOT NULL
            """, [.text(table)])
        let triggers = try rows(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = $1 COLLATE NOCASE", [.text(table)])
        return (indexes + triggers).compactMap { row in
            row[0].text.map { TableAddition($0, column: row.count > 1 ? row[1].text : nil) }
        }
    }

    package func brokenViews() throws(SQLFailure) -> [String] {
        var broken: [String] = []
        for name in try rows("SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY name").compactMap(
            \.first?.text)
        {
            do throws(SQLFailure) {
                // To be looked at anew each time, since what it names may have changed: not one of the statements that are kept.
                try execute("SELECT 1 FROM \(quoted(name)) LIMIT 0")
            } catch {
                guard error.kind == .schema || error.code == "1" else { throw error }
                broken.append(name)
            }
        }
        return broken
    }

    /// `PRAGMA optimize`: looks at about a thousand rows of each index of the tables that have grown much since.
    package func refreshStatistics() throws(SQLFailure) {
        try execute("PRAGMA analysis_limit=1000; PRAGMA optimize")
    }

    /// Nothing: tables are not partitioned.
    package func prepareHeights(_ heights: ClosedRange<Int64>) throws(SQLFailure) {}

    /// Nothing: there is nobody to tell.
    package func announce(sequence: UInt64) throws(SQLFailure) {}
}
