import Ashlar
import AshlarExport
import AshlarPostgres
import AshlarSQLite
import Glibc

extension Benchmarks {
    /// Exports the store that `append` left into a new SQLite file, in turns with a bare loop that inserts the same rows out of memory.
    ///
    /// The clock is on while rows are written; the exporter's also while it creates the tables. Indexes are timed apart.
    func exportSQLite() throws -> [Measurement] {
        let store = try Store.open(at: path)
        let recorded = try RecordedRows(of: store, for: SQLiteTarget(path: "/dev/null", create: false))
        let database = directory + "/bench-export.db"
        var times = ExportTimes()
        for _ in 0..<rounds {
            try Self.withoutFile(database) {
                try times.export(store, into: try SQLiteTarget(path: database, create: true))
            }
            try Self.withoutFile(database) {
                let bare = try BareSQLite(path: database, recorded)
                try times.load { try bare.insert() }
            }
        }
        return times.measurements("sqlite", workload.payloadBytes)
    }

    /// Exports the store that `append` left into a schema of a PostgreSQL server, in turns with one bare COPY of the same events.
    ///
    /// Both schemas are made here and dropped again. What the COPY sends is what the server said the exporter's table holds.
    func exportPostgres(_ url: String) throws -> [Measurement] {
        let store = try Store.open(at: path)
        let name = "ashlar_bench_\(UInt64.random(in: 0 ... .max))"
        let target = try PostgresTarget(url, schemaName: name)
        defer { try? target.execute("DROP SCHEMA \(quoted(name)) CASCADE") }
        let empty = ["DROP SCHEMA \(quoted(name)) CASCADE", "CREATE SCHEMA \(quoted(name))"]
        let table = ExportSchema.events
        let bare = try BarePostgres(url, schemaName: name)
        var times = ExportTimes()
        var bytes: [UInt8] = []
        for _ in 0..<rounds {
            try times.export(store, into: target)
            if bytes.isEmpty { bytes = try bare.contents(of: table) }
            for statement in empty { try target.execute(statement) }
            try target.execute(target.createStatement(table))
            try times.load { try bare.copy(bytes, into: table) }
            for statement in empty { try target.execute(statement) }
        }
        return times.measurements("postgres", workload.payloadBytes)
    }

    /// Removes a database behind a body that made it.
    private static func withoutFile(_ path: String, _ body: () throws -> Void) throws {
        defer { for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) } }
        try body()
    }
}
