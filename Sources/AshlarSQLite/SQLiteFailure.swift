import AshlarExport
import CAshlarSQLite
import Glibc

extension SQLFailure {
    /// The failure that a result code stands for.
    ///
    /// - Parameters:
    ///   - code: The extended result code.
    ///   - message: SQLite's own words.
    ///   - systemError: The `errno` of the system call that failed, if one did; else 0.
    ///   - path: The database, which the message begins with.
    init(sqlite code: Int32, message: String, systemError: Int32, path: String) {
        let kind = Self.kind(of: code, message: message, systemError: systemError)
        var text = "\(path): \(message)"
        if Self.hasSystemError(code), systemError != 0 { text += ": \(String(cString: strerror(systemError)))" }
        if let advice = Self.advice(for: kind) { text += "; \(advice)" }
        self.init(kind, code: String(code), message: text)
    }

    /// Whether a code says that a system call failed; with others, `errno` is one of an earlier time.
    private static func hasSystemError(_ code: Int32) -> Bool {
        [SQLITE_CANTOPEN, SQLITE_IOERR, SQLITE_FULL].contains(code & 0xff)
    }

    private static func kind(of code: Int32, message: String, systemError: Int32) -> Kind {
        switch code & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: .busy
        case SQLITE_FULL: .full
        case SQLITE_READONLY: .readOnly
        case SQLITE_CORRUPT, SQLITE_NOTADB: .damaged
        case SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG: .constraint
        case SQLITE_PERM, SQLITE_AUTH: .permission
        case SQLITE_SCHEMA: .schema
        case SQLITE_CANTOPEN, SQLITE_IOERR: kind(ofSystemError: systemError)
        case SQLITE_ERROR where isAboutSchema(message): .schema
        default: .other
        }
    }

    private static func kind(ofSystemError code: Int32) -> Kind {
        switch code {
        case ENOSPC, EDQUOT: .full
        case EROFS: .readOnly
        case EACCES, EPERM: .permission
        default: .other
        }
    }

    /// Whether the words that go with `SQLITE_ERROR`, which has no code of its own for it, say that a name is not as
    /// expected.
    private static func isAboutSchema(_ message: String) -> Bool {
        ["no such table: ", "no such column: ", "no such index: ", "no such view: "].contains { message.hasPrefix($0) }
            || message.hasPrefix("table ") || message.hasPrefix("view ") || message.hasPrefix("index ")
            || message.hasPrefix("there is already ") || message.hasPrefix("duplicate column name: ")
            || message.hasPrefix("cannot modify ")
    }

    private static func advice(for kind: Kind) -> String? {
        switch kind {
        case .busy: "another connection is using it"
        case .full: "free some space there, or where temporary files go (SQLITE_TMPDIR, /var/tmp)"
        default: nil
        }
    }
}
