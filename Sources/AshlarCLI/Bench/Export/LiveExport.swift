import Ashlar
import AshlarExport
import AshlarStorage

/// An exporter that follows a store while a writer appends to it, and a third party that looks at the database all the time.
///
/// Exporter and onlooker know nothing of the writer: each has the store or the database open for itself, as a process of its own would.
struct LiveExport {
    /// Connects to the database; called on the thread that uses the connection.
    let connect: @Sendable () throws -> any ExportTarget
    /// The store's directory.
    let store: String
    /// What the exporter takes.
    let options: ExportOptions

    private struct Shared {
        /// When each commit was first seen in the database, in monotonic nanoseconds.
        var seen: [UInt64: UInt64] = [:]
        var lastSeen: UInt64 = 0
        var isOver = false
        var failure: (any Error)?
    }

    /// Appends `count` blocks, so many a second, and gives for each the seconds from durable in the log to visible in the database.
    func run(_ writer: inout Writer, _ storm: inout ReorgStorm, blocks count: Int, perSecond rate: Int) throws
        -> [Double]
    {
        let shared = Monitor(Shared())
        let threads = [try thread(shared, export), try thread(shared, watch)]
        var durable: [(sequence: UInt64, time: UInt64)] = []
        var failure: (any Error)?
        do {
            // Connecting and making tables are no part of how late a follower is.
            try storm.step(&writer)
            try writer.sync()
            try wait(for: writer.sequence, shared)
            try append(&writer, &storm, count, rate, &durable)
            try wait(for: writer.sequence, shared)
        } catch { failure = error }
        shared.withLock { $0.isOver = true }
        for thread in threads { thread.join() }
        if let failure = shared.withLock({ $0.failure }) ?? failure { throw failure }
        return shared.withLock { shared in
            durable.map { Double(max(shared.seen[$0.sequence] ?? .max, $0.time) - $0.time) / 1e9 }
        }
    }

    /// Appends by the clock, not by what the exporter has done: a slow moment counts for every block that falls into it.
    private func append(
        _ writer: inout Writer, _ storm: inout ReorgStorm, _ count: Int, _ rate: Int,
        _ durable: inout [(sequence: UInt64, time: UInt64)]
    ) throws(StoreError) {
        let start = SystemCalls.monotonicNanoseconds()
        for number in 0..<count {
            let due = start + UInt64(number) * 1_000_000_000 / UInt64(rate)
            while SystemCalls.monotonicNanoseconds() < due { SystemCalls.pause(milliseconds: 1) }
            try storm.step(&writer)
            try writer.sync()
            durable.append((writer.sequence, SystemCalls.monotonicNanoseconds()))
        }
    }

    /// Waits until a commit was seen, a minute at most beyond the last one that was.
    private func wait(for sequence: UInt64, _ shared: Monitor<Shared>) throws(SQLFailure) {
        var (last, quiet) = (UInt64(0), 0)
        while true {
            let (seen, isFailed) = shared.withLock { ($0.lastSeen, $0.failure != nil) }
            if seen >= sequence || isFailed { return }
            quiet = seen == last ? quiet + 1 : 0
            last = seen
            guard quiet < 12_000 else {
                throw SQLFailure(.other, code: "ashlar", message: "the exporter does not come on")
            }
            SystemCalls.pause(milliseconds: 5)
        }
    }

    private func thread(
        _ shared: Monitor<Shared>, _ body: @escaping @Sendable (Monitor<Shared>) throws -> Void
    ) throws(StorageError) -> WorkerThread {
        try WorkerThread { do { try body(shared) } catch { shared.withLock { $0.failure = error } } }
    }

    @Sendable private func export(_ shared: Monitor<Shared>) throws {
        var options = options
        options.follows = true
        _ = try Exporter(
            try Store.open(at: store), into: try connect(), options: options,
            shouldStop: { shared.withLock { $0.isOver || $0.failure != nil } }
        ).run()
    }

    /// Looks again and again how far the database is.
    @Sendable private func watch(_ shared: Monitor<Shared>) throws {
        let target = try connect()
        while !(try target.hasTable(ExportSchema.tip.name)), !shared.withLock({ $0.isOver || $0.failure != nil }) {
            SystemCalls.pause(milliseconds: 1)
        }
        while !shared.withLock({ $0.isOver || $0.failure != nil }) {
            let sequence = UInt64(try target.value("SELECT sequence FROM tip")?.integer ?? 0)
            let now = SystemCalls.monotonicNanoseconds()
            shared.withLock { shared in
                guard sequence > shared.lastSeen else { return }
                for commit in shared.lastSeen + 1...sequence { shared.seen[commit] = now }
                shared.lastSeen = sequence
            }
            SystemCalls.pause(milliseconds: 1)
        }
    }
}
