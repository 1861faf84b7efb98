import AshlarExport
import CAshlarSQLite

/// A prepared statement. Whoever has it finalizes it, or gives it to the cache that does.
struct SQLiteStatement {
    /// SQLite's own handle.
    let handle: OpaquePointer

    /// Binds a copy of each value to the parameter that bears its number: `$1` has the first value wherever in the text it
    /// first appears and however often; a value without its parameter is left out.
    ///
    /// SQLite numbers parameters of this form as they come and knows them by their names.
    /// - Returns: A result code; `SQLITE_RANGE` if the text has a parameter without a value.
    func bind(_ parameters: [SQLValue]) -> Int32 {
        var bound: Int32 = 0
        for (offset, parameter) in parameters.enumerated() {
            let index = sqlite3_bind_parameter_index(handle, "$\(offset + 1)")
            guard index > 0 else { continue }
            let code = bind(parameter, at: index)
            guard code == SQLITE_OK else { return code }
            bound += 1
        }
        return bound == sqlite3_bind_parameter_count(handle) ? SQLITE_OK : SQLITE_RANGE
    }

    private func bind(_ value: SQLValue, at index: Int32) -> Int32 {
        switch value {
        case .null:
            sqlite3_bind_null(handle, index)
        case .integer(let value):
            sqlite3_bind_int64(handle, index, value)
        case .real(let value):
            sqlite3_bind_double(handle, index, value)
        case .text(var value):
            value.withUTF8 { utf8 in
                utf8.withMemoryRebound(to: CChar.self) {
                    sqlite3_bind_text64(
                        handle, index, $0.baseAddress ?? .empty, UInt64($0.count), transient, UInt8(SQLITE_UTF8))
                }
            }
        case .bytes(let value):
            value.span.bytes.withUnsafeBytes {
                sqlite3_bind_blob64(handle, index, $0.baseAddress ?? .empty, UInt64($0.count), transient)
            }
        }
    }

    /// The values of the row the statement stands on.
    var row: [SQLValue] { (0..<sqlite3_column_count(handle)).map { value(at: $0) } }

    private func value(at column: Int32) -> SQLValue {
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: .integer(sqlite3_column_int64(handle, column))
        case SQLITE_FLOAT: .real(sqlite3_column_double(handle, column))
        // The pointer first: asking for it is what may change the length.
        case SQLITE_TEXT: .text(String(decoding: content(sqlite3_column_text(handle, column), column), as: UTF8.self))
        case SQLITE_BLOB: .bytes(Array(content(sqlite3_column_blob(handle, column), column)))
        default: .null
        }
    }

    private func content(_ start: UnsafeRawPointer?, _ column: Int32) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(handle, column)))
    }

    /// Makes it ready for other parameters.
    func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }
}

extension UnsafeRawPointer {
    /// Where no bytes are: SQLite takes a pointer to nowhere for NULL, whatever the length.
    static var empty: UnsafeRawPointer { UnsafeRawPointer(sqlite3_libversion()) }
}

extension UnsafePointer<CChar> {
    /// Where no characters are.
    static var empty: UnsafePointer<CChar> { sqlite3_libversion() }
}

/// `SQLITE_TRANSIENT`, a macro that Swift does not see: SQLite copies what it is given.
private var transient: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
