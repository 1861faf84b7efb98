import Ashlar
import AshlarExport
import AshlarPostgres
import AshlarSQLite
import AshlarStorage
import Glibc

/// Exporters that follow a reorg storm: how late they are, and what the storm leaves behind in the database.
struct LiveBenchmarks {
    let workload: Workload
    let directory: String
    /// Number of reorganisations.
    let reorgs: Int
    /// Blocks that are appended in a second.
    let blocksPerSecond: Int
    /// Whether rows of undone blocks stay.
    let keepsUndone: Bool

    private var storePath: String { directory + "/bench-live.ashlar" }
    private var blocks: Int { reorgs * ReorgStorm.blocksPerReorg }

    private var options: ExportOptions {
        var options = ExportOptions()
        options.keepsUndone = keepsUndone
        return options
    }

    /// Follows into SQLite; the same store exported at once into a second file shows what the storm cost in space.
    func sqlite() throws -> [Measurement] {
        let (live, fresh) = (directory + "/bench-live.db", directory + "/bench-fresh.db")
        defer { for file in [live, fresh] { for suffix in ["", "-wal", "-shm"] { unlink(file + suffix) } } }
        let late = try follow("live sqlite") { try SQLiteTarget(path: live, create: true) }
        _ = try Exporter(
            try Store.open(at: storePath), into: try SQLiteTarget(path: fresh, create: true), options: options
        ).run()
        try Benchmarks.remove(storePath)
        var size = late
        (size.name, size.kind, size.latencies) = ("bloat sqlite", .facts, nil)
        let (liveSize, freshSize) = (try SQLiteSize(live), try SQLiteSize(fresh))
        let used = liveSize.bytes - liveSize.free
        let vacuumed = try SQLiteSize(live, vacuuming: true)
        size.facts = [
            ("liveBytes", liveSize.bytes), ("freeBytes", liveSize.free), ("freshBytes", freshSize.bytes),
            ("vacuumedBytes", vacuumed.bytes), ("liveToFresh", liveSize.bytes / freshSize.bytes),
            ("usedToFresh", used / freshSize.bytes),
        ]
        return [late, size]
    }

    /// Follows into a schema of a PostgreSQL server, which is dropped afterwards, as is the one with the same store exported at once.
    func postgres(_ url: String) throws -> [Measurement] {
        let name = "ashlar_bench_\(UInt64.random(in: 0 ... .max))"
        let (live, fresh) = (try PostgresTarget(url, schemaName: name), try PostgresTarget(url, schemaName: name + "f"))
        defer {
            try? live.execute("DROP SCHEMA \(quoted(name)) CASCADE")
            try? live.execute("DROP SCHEMA \(quoted(name + "f")) CASCADE")
        }
        let late = try follow("live postgres") { try PostgresTarget(url, schemaName: name) }
        _ = try Exporter(try Store.open(at: storePath), into: fresh, options: options).run()
        try Benchmarks.remove(storePath)
        var size = late
        (size.name, size.kind, size.latencies) = ("bloat postgres", .facts, nil)
        let (liveSize, freshSize) = (try PostgresSize(live), try PostgresSize(fresh))
        for table in liveSize.tables { try live.execute("VACUUM \(quoted(table))") }
        let vacuumed = try PostgresSize(live)
        // What remains if the tables are written anew: no size can be smaller.
        for table in liveSize.tables { try live.execute("VACUUM FULL \(quoted(table))") }
        let compact = try PostgresSize(live)
        size.facts =
            liveSize.facts + [
                ("vacuumedBytes", vacuumed.bytes), ("compactBytes", compact.bytes), ("freshBytes", freshSize.bytes),
                ("liveToCompact", liveSize.bytes / compact.bytes), ("liveToFresh", liveSize.bytes / freshSize.bytes),
            ]
        return [late, size]
    }

    /// Makes the store while an exporter follows; seconds are those of the median block, facts tell of the others.
    private func follow(
        _ name: String, _ connect: @escaping @Sendable () throws -> any ExportTarget
    ) throws -> Measurement {
        var options = WriterOptions()
        options.durability = .manual
        var writer = try Writer.create(at: storePath, options: options)
        var storm = try ReorgStorm(workload, &writer)
        let live = LiveExport(connect: connect, store: storePath, options: self.options)
        let seconds = try live.run(&writer, &storm, blocks: blocks - 1, perSecond: blocksPerSecond)
        try writer.close()
        var result = Measurement.latency(name, seconds: seconds, events: workload.shape.eventsPerBlock)
        func milliseconds(_ percentile: Double) -> Double {
            Double(result.latencies?.nanoseconds(percentile: percentile) ?? 0) / 1e6
        }
        result.facts = [
            ("blocks", Double(blocks)), ("reorgs", Double(reorgs)), ("undoneBlocks", Double(storm.undone)),
            ("p50Milliseconds", milliseconds(50)), ("p99Milliseconds", milliseconds(99)),
            ("maxMilliseconds", milliseconds(100)),
        ]
        return result
    }
}
