package import AshlarExport
import CAshlarSQLite

extension SQLiteTarget {
    package var dialect: SQLDialect { .sqlite }

    /// Number of statements kept for further use; an exporter has some per table.
    private static var statementLimit: Int { 128 }

    package func execute(_ sql: String) throws(SQLFailure) {
        try check(sql)
        let code = sqlite3_exec(database, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code) }
    }

    @discardableResult
    package func run(_ sql: String, _ parameters: [SQLValue]) throws(SQLFailure) -> Int {
        let statement = try take(sql)
        defer { keep(statement, sql) }
        try bind(parameters, to: statement)
        let before = sqlite3_total_changes64(database)
        while try step(statement) {}
        // What is no INSERT, UPDATE or DELETE leaves the count of the last one.
        return sqlite3_total_changes64(database) == before ? 0 : Int(sqlite3_changes64(database))
    }

    /// Runs one query and hands its rows out one by one.
    ///
    /// Text comes as it is stored, zero characters included, except that bytes in it that are not UTF-8 come as U+FFFD.
    package func query(
        _ sql: String, _ parameters: [SQLValue], _ body: ([SQLValue]) throws(SQLFailure) -> Void
    ) throws(SQLFailure) {
        let statement = try take(sql)
        defer { keep(statement, sql) }
        try bind(parameters, to: statement)
        while try step(statement) { try body(statement.row) }
    }

    /// A statement that nobody else has: one that was kept, or a new one.
    func take(_ sql: String) throws(SQLFailure) -> SQLiteStatement {
        if let statement = statements.removeValue(forKey: sql) { return statement }
        try check(sql)
        var sql = sql
        var handle: OpaquePointer?
        let (code, isWhole) = sql.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { text in
                var tail: UnsafePointer<CChar>?
                let code = sqlite3_prepare_v3(
                    database, text.baseAddress, Int32(text.count), UInt32(SQLITE_PREPARE_PERSISTENT), &handle, &tail)
                let end = text.baseAddress.map { $0 + text.count }
                return (code, tail == end)
            }
        }
        guard code == SQLITE_OK else { throw failure(code) }
        guard let handle, isWhole else {
            sqlite3_finalize(handle)
            throw misuse("not one statement: \(sql)")
        }
        return SQLiteStatement(handle: handle)
    }

    /// Takes a statement back and keeps it for further use.
    func keep(_ statement: SQLiteStatement, _ sql: String) {
        statement.reset()
        if statements.count >= Self.statementLimit {
            for statement in statements.values { sqlite3_finalize(statement.handle) }
            statements.removeAll(keepingCapacity: true)
        }
        // A query's body may run the same text: then there are two.
        if let other = statements.updateValue(statement, forKey: sql) { sqlite3_finalize(other.handle) }
    }

    /// Goes one row on; whether there was one.
    private func step(_ statement: SQLiteStatement) throws(SQLFailure) -> Bool {
        switch sqlite3_step(statement.handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw failure(code)
        }
    }

    private func bind(_ parameters: [SQLValue], to statement: SQLiteStatement) throws(SQLFailure) {
        let code = statement.bind(parameters)
        if code == SQLITE_RANGE { throw misuse("a parameter has no value: \(sql(of: statement))") }
        guard code == SQLITE_OK else { throw failure(code) }
    }

    private func sql(of statement: SQLiteStatement) -> String { String(cString: sqlite3_sql(statement.handle)) }

    /// Refuses text that SQLite would read up to a zero character only, and any text when there is no open file.
    private func check(_ sql: String) throws(SQLFailure) {
        guard database != nil else { throw misuse("the database is not open") }
        if sql.utf8.contains(0) { throw misuse("the statement has a zero character") }
    }

    private func misuse(_ message: String) -> SQLFailure {
        SQLFailure(.other, code: String(SQLITE_MISUSE), message: "\(name): \(message)")
    }
}
