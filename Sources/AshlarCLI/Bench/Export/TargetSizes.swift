import AshlarExport
import AshlarPostgres
import AshlarSQLite
import AshlarStorage

/// How large an SQLite file is.
struct SQLiteSize {
    var bytes: Double
    /// Bytes of pages in it that nothing uses.
    var free: Double

    init(_ path: String, vacuuming: Bool = false) throws(SQLFailure) {
        let target = try SQLiteTarget(path: path, create: false)
        if vacuuming { try target.execute("VACUUM") }
        func number(_ pragma: String) throws(SQLFailure) -> Double {
            Double(try target.value("PRAGMA \(pragma)")?.integer ?? 0)
        }
        let page = try number("page_size")
        bytes = try number("page_count") * page
        free = try number("freelist_count") * page
    }
}

/// How large the tables of a PostgreSQL schema are, with their indexes, and how they came to be so.
struct PostgresSize {
    /// Their names.
    private(set) var tables: [String] = []
    private(set) var bytes = 0.0
    private var eventBytes = 0.0
    private var smallBytes = 0.0
    private var deadRows = 0.0
    private var vacuums = 0.0

    /// With what the sessions that wrote have told the server by their end.
    init(_ target: PostgresTarget) throws(SQLFailure) {
        SystemCalls.pause(milliseconds: 1_500)
        let rows = try target.rows(
            "SELECT relname, pg_total_relation_size(relid), n_dead_tup, autovacuum_count FROM pg_stat_user_tables "
                + "WHERE schemaname = $1 ORDER BY relname", [.text(target.schemaName)])
        for row in rows {
            let (name, size) = (row[0].text ?? "", Double(row[1].integer ?? 0))
            tables.append(name)
            bytes += size
            deadRows += Double(row[2].integer ?? 0)
            if name == ExportSchema.events.name { (eventBytes, vacuums) = (size, Double(row[3].integer ?? 0)) }
            if [ExportSchema.tip.name, ExportSchema.meta.name].contains(name) { smallBytes += size }
        }
    }

    /// To be printed; sizes of other moments stand beside.
    var facts: [(name: String, value: Double)] {
        [
            ("liveBytes", bytes), ("eventsBytes", eventBytes), ("tipAndMetaBytes", smallBytes),
            ("deadRows", deadRows), ("eventsAutovacuums", vacuums),
        ]
    }
}
