package import AshlarExport
import CAshlarSQLite

extension SQLiteTarget {
    /// Puts rows into a table with one prepared statement. Costs no allocation and no copy per row: SQLite reads texts and
    /// bytes where they stand in `rows`. After a failure, rows before the refused one are part of the open transaction.
    ///
    /// Text with a zero character is stored whole, and `query` gives it back whole; but SQL's `length` counts up to the
    /// zero only, and the `sqlite3` shell shows no more.
    package func insert(_ rows: RowBuffer, into table: Table) throws(SQLFailure) {
        precondition(rows.columnCount == table.columns.count, "rows of another table")
        guard !rows.isEmpty else { return }
        let sql = Self.insertStatement(table)
        let statement = try take(sql)
        let (code, row) = Self.insert(rows, with: statement.handle)
        // Before another call replaces the message; what is bound is never looked at again.
        var failure = code == SQLITE_OK ? nil : self.failure(code)
        if code & 0xff == SQLITE_TOOBIG { failure?.message += Self.name(ofRow: row, of: rows, in: table) + limitAdvice }
        keep(statement, sql)
        if let failure { throw failure }
    }

    /// Which row it is, by its key, and how large.
    private static func name(ofRow row: Int, of rows: RowBuffer, in table: Table) -> String {
        let key = table.columns.indices.filter { table.key.contains(table.columns[$0].name) }.map { column in
            let value = rows.value(row: row, column: column)
            return "\(table.columns[column].name) \(value.integer.map(String.init) ?? value.text ?? "?")"
        }
        let bytes = table.columns.indices.reduce(0) { $0 + Int(rows.cell(row: row, column: $1).length) }
        return ": \(bytes) bytes in the row \(key.joined(separator: ", ")) of \(table.name)"
    }

    private var limitAdvice: String {
        let limit = sqlite3_limit(database, SQLITE_LIMIT_LENGTH, -1)
        return
            "; SQLite takes at most \(limit) bytes in a row: leave its model out (--model), or export into PostgreSQL"
    }

    /// Lowers the limit on the bytes of a row, which is SQLite's own at first: 10⁹ as it is usually built.
    package func limitRows(toBytes count: Int32) { sqlite3_limit(database, SQLITE_LIMIT_LENGTH, count) }

    private static func insertStatement(_ table: Table) -> String {
        let columns = table.columns.map { quoted($0.name) }.joined(separator: ", ")
        let values = (1...table.columns.count).map { "?\($0)" }.joined(separator: ", ")
        return "INSERT INTO \(quoted(table.name)) (\(columns)) VALUES (\(values))"
    }

    /// Inserts all rows or those before the first that fails; gives its result code and its place.
    private static func insert(_ rows: RowBuffer, with statement: OpaquePointer) -> (code: Int32, row: Int) {
        rows.bytes.span.bytes.withUnsafeBytes { bytes in
            // The bound pointers do not outlive what they point to.
            defer { sqlite3_clear_bindings(statement) }
            let base = bytes.baseAddress ?? .empty
            let columns = rows.columnCount
            return rows.cells.span.withUnsafeBufferPointer { cells in
                var first = 0
                while first < cells.count {
                    for column in 0..<columns {
                        let code = bind(cells[first + column], at: Int32(column + 1), of: statement, base: base)
                        guard code == SQLITE_OK else { return (code, first / columns) }
                    }
                    let code = sqlite3_step(statement)
                    guard code == SQLITE_DONE else { return (code, first / columns) }
                    first += columns
                    sqlite3_reset(statement)
                }
                return (SQLITE_OK, 0)
            }
        }
    }

    @inline(__always)
    private static func bind(
        _ cell: RowBuffer.Cell, at index: Int32, of statement: OpaquePointer, base: UnsafeRawPointer
    ) -> Int32 {
        switch cell.kind {
        case .null:
            return sqlite3_bind_null(statement, index)
        case .integer:
            return sqlite3_bind_int64(statement, index, cell.value)
        case .text:
            // No destructor is SQLITE_STATIC: SQLite does not copy.
            let text = (base + Int(cell.value)).assumingMemoryBound(to: CChar.self)
            return sqlite3_bind_text64(statement, index, text, UInt64(cell.length), nil, UInt8(SQLITE_UTF8))
        case .bytes:
            return sqlite3_bind_blob64(statement, index, base + Int(cell.value), UInt64(cell.length), nil)
        }
    }
}
