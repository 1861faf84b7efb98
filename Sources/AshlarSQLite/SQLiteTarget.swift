// A database file in SQLite's format, as an exporter writes it and a reader of any kind opens it.
//
// Invariants:
// - `database` is a handle from `open(creating:)` until it is closed; nil only after `close` or a `reconnect` that failed.
// - Every statement of the handle is in `statements` or in the hands of one call.
// - Nothing is written to a file, not even its journal mode, before `begin` or `prepareBulkLoad`: whoever opens a wrong
//   file leaves it as it was.

package import AshlarExport
import CAshlarSQLite
import Glibc

/// An SQLite database that an exporter fills, or one that is only read.
///
/// It is written in WAL mode with `synchronous=FULL`: a commit that returned survives a power cut, and others read while it
/// writes. The pragmas are the connection's own except for the WAL mode, which stays in the file.
package final class SQLiteTarget: ExportTarget {
    /// What the connection may do with the file.
    package enum Access: Sendable {
        /// Read it.
        case readOnly
        /// Read and write it.
        case readWrite
        /// Read and write it, and make it if it is not there.
        case create
    }

    /// The path.
    package let name: String
    /// What the connection may do with the file.
    package let access: Access
    /// How long a statement waits for another connection, in milliseconds.
    package let busyTimeout: Int32

    /// The open handle.
    var database: OpaquePointer?
    /// Statements for further use, by their text.
    var statements: [String: SQLiteStatement] = [:]
    /// Whether `prepare` is done.
    private var isPrepared = false

    /// Opens a database to write into.
    ///
    /// - Parameters:
    ///   - path: Any path; none has a special meaning, as `:memory:` and `file:` have in SQLite.
    ///   - create: Whether to make the file if it is not there.
    ///   - busyTimeout: How long a statement waits for another connection before it fails with `busy`, in milliseconds.
    package convenience init(path: String, create: Bool, busyTimeout: Int32 = 5000) throws(SQLFailure) {
        try self.init(path: path, access: create ? .create : .readWrite, busyTimeout: busyTimeout)
    }

    /// Opens a database that is there and never writes to it.
    package convenience init(readOnly path: String, busyTimeout: Int32 = 5000) throws(SQLFailure) {
        try self.init(path: path, access: .readOnly, busyTimeout: busyTimeout)
    }

    private init(path: String, access: Access, busyTimeout: Int32) throws(SQLFailure) {
        name = path
        self.access = access
        self.busyTimeout = busyTimeout
        try open(creating: access == .create)
    }

    deinit { close() }

    /// Closes the file; what is not committed is taken back. Only `reconnect` makes the connection usable again.
    package func close() {
        for statement in statements.values { sqlite3_finalize(statement.handle) }
        statements.removeAll()
        sqlite3_close_v2(database)
        database = nil
        isPrepared = false
    }

    /// Opens the file and makes sure that it is a database.
    private func open(creating: Bool) throws(SQLFailure) {
        // With a slash in front or behind a dot, no path is taken for a URI or a database in memory.
        let path = name.hasPrefix("/") ? name : "./" + name
        let mode =
            switch access {
            case .readOnly: SQLITE_OPEN_READONLY
            default: SQLITE_OPEN_READWRITE | (creating ? SQLITE_OPEN_CREATE : 0)
            }
        let code = sqlite3_open_v2(path, &database, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        do throws(SQLFailure) {
            guard code == SQLITE_OK else { throw openingFailure(code, path, creating: creating) }
            sqlite3_busy_timeout(database, busyTimeout)
            // The first look into the file.
            let look = sqlite3_exec(database, "PRAGMA schema_version", nil, nil, nil)
            guard look == SQLITE_OK else { throw openingFailure(look, path, creating: creating) }
            if access != .readOnly, sqlite3_db_readonly(database, "main") != 0 {
                throw SQLFailure(.readOnly, code: String(SQLITE_READONLY), message: "\(name): the file is read-only")
            }
        } catch {
            close()
            throw error
        }
    }

    /// Why a file cannot be opened.
    ///
    /// Where it is not there, SQLite tries to open it to read it and remembers only that it is not there; where it is and those beside it
    /// that WAL mode needs cannot be made, only that these are not there. So the folder and the file are asked what they forbid.
    private func openingFailure(_ code: Int32, _ path: String, creating: Bool) -> SQLFailure {
        guard code & 0xff == SQLITE_CANTOPEN, let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else {
            return failure(code)
        }
        let isThere = Glibc.access(path, F_OK) == 0
        let places = isThere ? [path, String(path[...slash])] : creating ? [String(path[...slash])] : []
        let isForbidden = places.contains { Glibc.access($0, W_OK) != 0 }
        return failure(code, systemError: isForbidden ? errno : nil)
    }

    /// Opens the file anew if it is not open, or if what is open no longer stands at the path; makes no new one.
    package func reconnect() throws(SQLFailure) {
        if database != nil, !hasMoved { return }
        close()
        try open(creating: false)
    }

    /// Whether something else, or nothing, stands at the path since the file was opened.
    private var hasMoved: Bool {
        guard let database else { return false }
        var moved: Int32 = 0
        return sqlite3_file_control(database, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0
    }

    /// Begins a transaction that writes, waiting for another one to end.
    ///
    /// A file that was moved or deleted meanwhile is a lost `connection`: what is written to it, nobody would find.
    package func begin() throws(SQLFailure) {
        if hasMoved {
            let message = "\(name): the file was moved or deleted while it was open"
            throw SQLFailure(.connection, code: String(SQLITE_IOERR), message: message)
        }
        try prepare()
        try run("BEGIN IMMEDIATE", [])
    }

    /// Puts the file into WAL mode and the connection into its own, once.
    func prepare() throws(SQLFailure) {
        guard !isPrepared else { return }
        // Where the file system has no shared memory, SQLite stays with its rollback journal, which is as safe.
        try execute("PRAGMA journal_mode=WAL")
        try execute(Self.usualPragmas)
        isPrepared = true
    }

    package func commit() throws(SQLFailure) { try run("COMMIT", []) }

    package func rollback() {
        // Some failures have ended the transaction already, and then there is none to take back.
        guard let database, sqlite3_get_autocommit(database) == 0 else { return }
        sqlite3_exec(database, "ROLLBACK", nil, nil, nil)
    }

    /// What the last call on the handle failed with, and the `errno` if it is known better than SQLite knows it.
    func failure(_ code: Int32, systemError: Int32? = nil) -> SQLFailure {
        // There is no handle only if there was no memory for one.
        guard let database else {
            return SQLFailure(.other, code: String(code), message: "\(name): \(String(cString: sqlite3_errstr(code)))")
        }
        return SQLFailure(
            sqlite: code, message: String(cString: sqlite3_errmsg(database)),
            systemError: systemError ?? sqlite3_system_errno(database), path: name)
    }
}
