import AshlarExport
import AshlarSQLite
import CAshlarSQLite

/// SQLite and nothing else: one prepared statement a table, bound to bytes that stand ready, with the pragmas of a first load.
///
/// It shares no code with what it is compared with but the text of the pragmas and of the tables.
final class BareSQLite {
    private let database: OpaquePointer
    private let recorded: RecordedRows

    /// Makes the file and its tables.
    init(path: String, _ recorded: RecordedRows) throws(SQLFailure) {
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK, let handle else {
            sqlite3_close_v2(handle)
            throw SQLFailure(.other, code: "\(code)", message: "\(path): \(String(cString: sqlite3_errstr(code)))")
        }
        database = handle
        self.recorded = recorded
        try execute("PRAGMA journal_mode=WAL")
        try execute(SQLiteTarget.usualPragmas + SQLiteTarget.bulkPragmas)
        for statement in recorded.tableStatements { try execute(statement) }
    }

    deinit { sqlite3_close_v2(database) }

    /// Inserts all rows, in the transactions they were recorded in.
    func insert() throws(SQLFailure) {
        var statements: [String: OpaquePointer] = [:]
        defer { for statement in statements.values { sqlite3_finalize(statement) } }
        for transaction in recorded.transactions {
            try execute("BEGIN IMMEDIATE")
            for insertion in transaction {
                let name = insertion.table.name
                if statements[name] == nil { statements[name] = try prepare(insertion.table) }
                guard let statement = statements[name] else { continue }
                try check(Self.insert(insertion.rows, statement))
            }
            try execute("COMMIT")
        }
    }

    private static func insert(_ rows: RowBuffer, _ statement: OpaquePointer) -> Int32 {
        rows.bytes.withUnsafeBytes { bytes in
            rows.cells.withUnsafeBufferPointer { cells in
                var index: Int32 = 0
                for cell in cells {
                    index += 1
                    bind(cell, index, statement, bytes)
                    guard index == rows.columnCount else { continue }
                    index = 0
                    let code = sqlite3_step(statement)
                    guard code == SQLITE_DONE else { return code }
                    sqlite3_reset(statement)
                }
                sqlite3_clear_bindings(statement)
                return SQLITE_OK
            }
        }
    }

    @inline(__always)
    private static func bind(
        _ cell: RowBuffer.Cell, _ index: Int32, _ statement: OpaquePointer, _ bytes: UnsafeRawBufferPointer
    ) {
        let start = bytes.baseAddress.map { $0 + (cell.length > 0 ? Int(cell.value) : 0) }
        switch cell.kind {
        case .null: sqlite3_bind_null(statement, index)
        case .integer: sqlite3_bind_int64(statement, index, cell.value)
        case .text:
            let text = start?.assumingMemoryBound(to: CChar.self)
            sqlite3_bind_text64(statement, index, text, UInt64(cell.length), nil, UInt8(SQLITE_UTF8))
        case .bytes: sqlite3_bind_blob64(statement, index, start, UInt64(cell.length), nil)
        }
    }

    private func prepare(_ table: Table) throws(SQLFailure) -> OpaquePointer? {
        let values = (1...table.columns.count).map { "?\($0)" }.joined(separator: ",")
        var statement: OpaquePointer?
        try check(
            sqlite3_prepare_v3(
                database, "INSERT INTO \(quoted(table.name)) VALUES (\(values))", -1,
                UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil))
        return statement
    }

    private func execute(_ sql: String) throws(SQLFailure) { try check(sqlite3_exec(database, sql, nil, nil, nil)) }

    private func check(_ code: Int32) throws(SQLFailure) {
        guard code != SQLITE_OK else { return }
        throw SQLFailure(.other, code: "\(code)", message: String(cString: sqlite3_errmsg(database)))
    }
}
