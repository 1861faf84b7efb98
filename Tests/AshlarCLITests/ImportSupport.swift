import Ashlar
import AshlarExport
import AshlarPostgres
import AshlarSQLite
import AshlarTestSupport
import Foundation

/// Databases of EasyLayer for the command to import.
enum ImportSources {
    /// A database file as EasyLayer might have it; the same seed gives the same rows.
    static func make(_ path: String, blocks: Int = 60, seed: UInt64 = 1) throws {
        try SQLiteTarget(path: path, create: true).fillAsEasyLayer(blocks: blocks, seed: seed)
    }

    /// Copies all that is in a database file into a schema of a server.
    static func copy(_ path: String, into target: PostgresTarget) throws {
        let source = try SQLiteTarget(readOnly: path)
        for model in ["network", "balances", "transfers", "Mem-pool"] {
            try target.execute(
                """
                CREATE TABLE "\(model)" ("id" bigserial PRIMARY KEY, "version" integer NOT NULL DEFAULT 0,
                "requestId" varchar NOT NULL, "type" varchar NOT NULL, "payload" bytea NOT NULL, "blockHeight" integer,
                "isCompressed" boolean DEFAULT false, "timestamp" bigint NOT NULL, UNIQUE ("version", "requestId"));
                CREATE INDEX ON "\(model)" ("blockHeight")
                """)
            let columns =
                "\"id\", \"version\", \"requestId\", \"type\", \"payload\", \"blockHeight\", \"timestamp\", \"isCompressed\""
            try copy(source, target, model, columns)
        }
        try target.execute(
            """
            CREATE TABLE snapshots ("id" bigserial PRIMARY KEY, "aggregateId" varchar NOT NULL,
            "blockHeight" integer NOT NULL DEFAULT 0, "version" integer NOT NULL DEFAULT 0, "payload" bytea NOT NULL,
            "isCompressed" boolean DEFAULT false, "createdAt" timestamp DEFAULT '2026-01-02 03:04:05');
            CREATE TABLE outbox ("id" bigint PRIMARY KEY, "aggregateId" varchar NOT NULL, "eventType" varchar NOT NULL,
            "eventVersion" bigint NOT NULL, "requestId" varchar NOT NULL, "blockHeight" integer, "payload" bytea NOT NULL,
            "timestamp" bigint NOT NULL, "isCompressed" boolean DEFAULT false, "uncompressedBytes" bigint NOT NULL)
            """)
        try copy(
            source, target, "snapshots", "\"aggregateId\", \"blockHeight\", \"version\", \"payload\", \"isCompressed\"")
        try copy(
            source, target, "outbox",
            """
            "id", "aggregateId", "eventType", "eventVersion", "requestId", "blockHeight", "payload", "timestamp", \
            "uncompressedBytes", "isCompressed"
            """)
    }

    /// Copies a table; its last column is a truth value.
    private static func copy(
        _ source: SQLiteTarget, _ target: PostgresTarget, _ table: String, _ columns: String
    ) throws {
        for row in try source.rows("SELECT \(columns) FROM \"\(table)\"") {
            let truth = row.last == .integer(1)
            let values = (1..<row.count).map { "$\($0)" } + ["\(truth)"]
            try target.run(
                "INSERT INTO \"\(table)\" (\(columns)) VALUES (\(values.joined(separator: ", ")))",
                Array(row.dropLast()))
        }
    }

    /// What a store has, commit by commit, with the marks, and event by event: equal for imports of the same rows.
    static func contents(_ path: String) throws -> [String] {
        var contents = try importedCommits(path)
        var query = EventQuery()
        query.scope = .log
        contents += try Store.open(at: path).view().events(query).map { event in
            "\(event.sequence) \(event.ordinal) \(event.model) \(event.type) \(event.version ?? 0) \(event.timestamp) "
                + "\(event.requestID ?? []) \(String(decoding: event.payload, as: UTF8.self))"
        }
        return contents
    }
}

/// `ashlar import` in a process of its own, for a signal at a moment of the test's choice.
final class ImportProcess {
    let process = Process()
    private let error = Pipe()

    init(_ arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: Tool.path)
        process.arguments = ["import", "easylayer"] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        process.standardError = error
        try process.run()
    }

    /// Sends a signal and waits for the end; what it then said.
    func end(by signal: Int32) -> String {
        kill(process.processIdentifier, signal)
        let said = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return said
    }
}
