package import AshlarExport
import CAshlarPQ

/// A schema of a PostgreSQL database, and the connection to it; used from one thread at a time.
///
/// PostgreSQL's calendar begins in 4714 BC: earlier times are stored as `-infinity`, and the largest integer as `infinity`. A query gives the
/// infinities, and times too far away for 64 bits, as the smallest and the largest integer.
package final class PostgresTarget: ExportTarget {
    package let dialect = SQLDialect.postgres
    package private(set) var name: String
    /// The schema all tables are in.
    package let schemaName: String
    /// Number of heights in a partition of `blocks` and `events`; nil if these are plain tables.
    package let partitionHeights: Int64?

    private let connectionString: String
    private var session: Session?
    private var isLoading = false
    /// First heights of the partitions this connection has made or seen.
    var knownPartitions: Set<Int64> = []

    /// Connects to a database.
    ///
    /// `connection` is a URL or a `key=value` string; what it leaves open comes from the service file, the environment and the password
    /// file, as with every client of PostgreSQL. It stays in memory, for connecting anew, and gets into no message.
    ///
    /// A schema that is missing is made if `createsSchema`; otherwise it is missed by the first statement that needs it.
    package init(
        _ connection: String, schemaName: String = "ashlar", createsSchema: Bool = true, partitionHeights: Int64? = nil
    ) throws(SQLFailure) {
        precondition(partitionHeights.map { $0 > 0 } ?? true)
        // Longer names are cut off by the server, and "$user" means another one.
        guard (1...63).contains(schemaName.utf8.count), !schemaName.utf8.contains(0), schemaName != "$user" else {
            throw SQLFailure(.schema, code: "42602", message: "a schema cannot be called \(quoted(schemaName))")
        }
        connectionString = connection
        self.schemaName = schemaName
        self.partitionHeights = partitionHeights
        let session = try Session(connection)
        name = session.options.url
        try Self.prepare(session, schemaName)
        if try !Self.hasSchema(session, schemaName), createsSchema { try Self.createSchema(session, schemaName) }
        self.session = session
    }

    /// The connection, if there is one.
    func connected() throws(SQLFailure) -> Session {
        guard let session else { throw .notConnected }
        return session
    }

    /// The settings everything here relies on.
    ///
    /// They are made by statements, not by options of the connection, because a connection pooler does not let those through; in its
    /// session mode, statements hold as long as the connection.
    private static func prepare(_ session: Session, _ schemaName: String) throws(SQLFailure) {
        try session.execute(
            """
            SET search_path TO \(quoted(schemaName));
            SET timezone TO 'UTC';
            SET datestyle TO 'ISO';
            SET bytea_output TO 'hex';
            SET client_encoding TO 'UTF8';
            SET standard_conforming_strings TO on;
            SET client_min_messages TO warning
            """)
    }

    /// Whether the schema is there. One that the role may not use is refused: the server would call its tables missing.
    private static func hasSchema(_ session: Session, _ schemaName: String) throws(SQLFailure) -> Bool {
        var mayUse: Bool?
        let sql = "SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = $1"
        try session.query(sql, [.text(schemaName)]) { row in mayUse = row.first == .integer(1) }
        if mayUse == false {
            let message = "permission denied for schema \(quoted(schemaName))"
            throw SQLFailure(.permission, code: "42501", message: message)
        }
        return mayUse ?? false
    }

    private static func createSchema(_ session: Session, _ schemaName: String) throws(SQLFailure) {
        do {
            try session.execute("CREATE SCHEMA IF NOT EXISTS \(quoted(schemaName))")
        } catch {
            // Of two connections that make it at the same time, one is told that it is there already.
            guard try hasSchema(session, schemaName) else { throw error }
        }
    }

    package func reconnect() throws(SQLFailure) {
        session = nil
        knownPartitions = []
        let session = try Session(connectionString)
        name = session.options.url
        try Self.prepare(session, schemaName)
        _ = try Self.hasSchema(session, schemaName)
        self.session = session
        if isLoading { try prepareBulkLoad() }
    }
}

// MARK: - Statements

extension PostgresTarget {
    package func execute(_ sql: String) throws(SQLFailure) { try connected().execute(sql) }

    @discardableResult
    package func run(_ sql: String, _ parameters: [SQLValue]) throws(SQLFailure) -> Int {
        try connected().run(sql, parameters)
    }

    /// Hands out a query's rows as they come over the wire; `body` must not use the connection.
    package func query(
        _ sql: String, _ parameters: [SQLValue], _ body: ([SQLValue]) throws(SQLFailure) -> Void
    ) throws(SQLFailure) {
        try connected().query(sql, parameters, body)
    }

    package func begin() throws(SQLFailure) {
        // Whether it may write is left to what the role or the database says.
        try execute("BEGIN ISOLATION LEVEL READ COMMITTED")
    }

    package func commit() throws(SQLFailure) {
        // The server answers COMMIT of a failed transaction by taking it back, and calls that a success.
        let tag = try connected().execute("COMMIT")
        guard tag == "COMMIT" else {
            knownPartitions = []
            throw SQLFailure(.other, code: "25P02", message: "the transaction had failed and is taken back")
        }
    }

    package func rollback() {
        knownPartitions = []
        guard let session, session.isInTransaction else { return }
        _ = try? session.execute("ROLLBACK")
    }
}

// MARK: - Around the loading

extension PostgresTarget {
    /// Gives the indexes that follow the rows more memory. Nothing that a crash could make a difference to.
    package func prepareBulkLoad() throws(SQLFailure) {
        isLoading = true
        try execute(
            """
            SELECT set_config('maintenance_work_mem', '256MB', false)
            WHERE pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes('256MB')
            """)
    }

    package func finishBulkLoad() throws(SQLFailure) {
        isLoading = false
        try execute("RESET maintenance_work_mem")
        // Partitions are analysed with the table they belong to.
        let tables = try rows(
            """
            SELECT relname FROM pg_class
            WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)
              AND relkind IN ('r', 'p') AND NOT relispartition
              AND pg_has_role(relowner, 'USAGE')
            ORDER BY relname
            """, [.text(schemaName)])
        for table in tables.compactMap(\.first?.text) { try execute("ANALYZE \(quoted(table))") }
    }

    /// Tells the listeners of the channel `ashlar` the schema and the sequence, once the transaction is there.
    package func announce(sequence: UInt64) throws(SQLFailure) {
        try query("SELECT pg_notify('ashlar', $1)", [.text("\(schemaName) \(sequence)")]) { _ in }
    }
}
