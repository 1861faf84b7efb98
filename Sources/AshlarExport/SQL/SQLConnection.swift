/// What a database is, as far as the SQL for it differs.
package enum SQLDialect: Sendable, Hashable {
    /// SQLite 3.37 or newer.
    case sqlite
    /// PostgreSQL 13 or newer.
    case postgres
}

/// One connection to a database, used from one thread at a time.
///
/// In SQL, parameters are written `$1`, `$2` … (both databases know that form), and tables without a schema: the connection sees to it that
/// they are looked up in the right one.
package protocol SQLConnection: AnyObject {
    /// Which database it is.
    var dialect: SQLDialect { get }

    /// Runs statements that give no rows and take no parameters.
    func execute(_ sql: String) throws(SQLFailure)

    /// Runs one statement; gives the number of rows it changed.
    @discardableResult
    func run(_ sql: String, _ parameters: [SQLValue]) throws(SQLFailure) -> Int

    /// Runs one query and hands its rows out one by one, without holding all of them; an error that `body` throws ends it.
    ///
    /// Timestamps come as microseconds since 1970 UTC (`integer`), JSON and numerics as `text`.
    func query(_ sql: String, _ parameters: [SQLValue], _ body: ([SQLValue]) throws(SQLFailure) -> Void)
        throws(SQLFailure)

    /// Puts rows into a table as fast as the database takes them. Part of the transaction that is open.
    func insert(_ rows: RowBuffer, into table: Table) throws(SQLFailure)

    /// Begins a transaction that writes.
    func begin() throws(SQLFailure)

    /// Ends the transaction; when it returns, all of it is there and survives what the database promises.
    func commit() throws(SQLFailure)

    /// Takes the transaction back; does nothing if there is none, and cannot fail: a connection that is gone has taken it back.
    func rollback()
}

extension SQLConnection {
    /// All rows of a query.
    package func rows(_ sql: String, _ parameters: [SQLValue] = []) throws(SQLFailure) -> [[SQLValue]] {
        var rows: [[SQLValue]] = []
        try query(sql, parameters) { (row) throws(SQLFailure) in rows.append(row) }
        return rows
    }

    /// The first value of a query's first row; nil if there is no row or the value is null.
    package func value(_ sql: String, _ parameters: [SQLValue] = []) throws(SQLFailure) -> SQLValue? {
        guard let value = try rows(sql, parameters).first?.first, !value.isNull else { return nil }
        return value
    }
}

/// What a database said no with. No text in it ever has a password.
package struct SQLFailure: Error, Sendable, Hashable {
    /// What kind of failure it is, as far as somebody can act on it.
    package enum Kind: Sendable, Hashable {
        /// The server cannot be reached or went away: trying again may help.
        case connection
        /// The server says who we are is wrong: trying again does not help.
        case authentication
        /// Another connection has what is needed: trying again may help.
        case busy
        /// The disk is full.
        case full
        /// The database or its file system is read-only.
        case readOnly
        /// The role or user lacks a right.
        case permission
        /// A table, column or schema that should be there is not, or is of another kind.
        case schema
        /// A value breaks a rule of the table.
        case constraint
        /// It is not a database, or it is damaged.
        case damaged
        /// Anything else.
        case other
    }

    /// What kind of failure it is.
    package var kind: Kind
    /// The database's own code: an extended result code, or an SQLSTATE.
    package var code: String
    /// The database's own words.
    package var message: String

    /// A failure.
    package init(_ kind: Kind, code: String, message: String) {
        self.kind = kind
        self.code = code
        self.message = message
    }
}

extension SQLFailure: CustomStringConvertible {
    package var description: String { "\(message) (\(code))" }
}
