package import Ashlar
import AshlarFormat
import AshlarStorage

/// Brings a database to what the log says, and keeps it there.
///
/// One thread reads the log and encodes, this one talks to the database. Invariants: the target's cursor moves in the transaction that writes
/// the rows it stands for, and a transaction ends between two commits of the log, so that a crash anywhere loses nothing and doubles nothing;
/// only what is durable in the log is exported. The target is used from the calling thread alone.
package struct Exporter {
    let store: Store
    let target: any ExportTarget
    let options: ExportOptions
    /// The tables of states that are kept beside the log's.
    let states: [StateTable]
    /// Asked now and then: whether to stop at the next commit.
    let shouldStop: @Sendable () -> Bool
    /// Told now and then how far it is.
    let report: (ExportProgress) -> Void

    /// An exporter; nothing is read or written yet. The states are those at the tip, whatever models and heights the options select.
    package init(
        _ store: Store, into target: any ExportTarget, options: ExportOptions = ExportOptions(),
        states: [StateTable] = [], shouldStop: @escaping @Sendable () -> Bool = { false },
        report: @escaping (ExportProgress) -> Void = { _ in }
    ) {
        self.store = store
        self.target = target
        self.options = options
        self.states = states
        self.shouldStop = shouldStop
        self.report = report
    }

    /// Exports until the end of the durable log, or, if the options say to follow, until it is told to stop.
    ///
    /// Throws `refused` for a target that holds something else, and what log and database fail with. A lost connection is waited for if the
    /// options say to follow. Complexity: O(what the target lacks).
    package func run() throws(ExportError) -> ExportProgress {
        var progress = ExportProgress()
        var failures = 0
        while true {
            let before = progress.sequence
            do throws(ExportError) {
                try runOnce(&progress)
                return progress
            } catch {
                target.rollback()
                guard options.follows, case .database(_, let failure) = error, failure.kind.mayPass else { throw error }
                failures = progress.sequence > before ? 1 : failures + 1
                progress.phase = .reconnecting("\(error)")
                report(progress)
                guard pause(afterFailures: failures) else { return progress }
            }
        }
    }

    private func runOnce(_ progress: inout ExportProgress) throws(ExportError) {
        try StateTable.check(states)
        try database { () throws(SQLFailure) in try target.reconnect() }
        var meta = try attach()
        let start = try startingCursor(meta, rewinding: options.rewinds)
        meta.cursor = "\(start)"
        if progress.firstSequence == 0 { progress.firstSequence = start.wholeSequence }
        progress.sequence = start.wholeSequence
        progress.lastSequence = store.durableSequence
        if meta.isLoading { try database { () throws(SQLFailure) in try target.prepareBulkLoad() } }
        let encoder = StepEncoder(
            store, options, target.dialect, models: try numbers(ExportSchema.models),
            types: try numbers(ExportSchema.types),
            states: states.isEmpty
                ? nil : try StateFeeds(store, states, target.dialect, from: start.wholeSequence))
        let queue = ChangeQueue()
        let reader = try LogReaderThread(store, start, options, encoder, queue)
        defer {
            queue.abandon()
            reader.join()
        }
        try take(from: queue, &meta, &progress)
    }

    /// Applies what comes out of the queue until it ends.
    private func take(
        from queue: ChangeQueue, _ meta: inout TargetMeta, _ progress: inout ExportProgress
    ) throws(ExportError) {
        var writer = ChangeWriter(target, options, tables, place: meta.cursor)
        var acknowledgement = Acknowledgement(store, options.consumer)
        defer { if !meta.isLoading { acknowledgement.send() } }
        while !shouldStop() {
            let item = try queue.take(until: SystemCalls.monotonicNanoseconds() + 100_000_000)
            switch item {
            case nil: break
            case .changes(let changes):
                progress.phase = .rows
                try database { () throws(SQLFailure) in try writer.apply(changes) }
                guard !writer.isInTransaction else { break }
                progress.add(writer.takeCounts(), upTo: changes.cursor.wholeSequence)
                acknowledgement.reached(changes.cursor, isDurable: !meta.isLoading)
            case .caughtUp(let last):
                progress.lastSequence = last
                if meta.isLoading { try finishLoading(&meta, &progress) }
                acknowledgement.send()
                progress.phase = .waiting
            case .end:
                return
            }
            report(progress)
        }
        target.rollback()
    }

    /// Ends the first load: indexes, and the statistics that queries are planned by.
    private func finishLoading(_ meta: inout TargetMeta, _ progress: inout ExportProgress) throws(ExportError) {
        progress.phase = .indexes
        report(progress)
        let (target, tables) = (target, tables)
        try database { () throws(SQLFailure) in
            for statement in tables.indexStatements() { try target.execute(statement) }
            try target.finishBulkLoad()
            try target.run("UPDATE ashlar_meta SET is_loading = 0 WHERE id = 1", [])
        }
        meta.isLoading = false
    }

    /// All its tables.
    var tables: TableSet { TableSet(options, target.dialect, states) }

    private func numbers(_ table: Table) throws(ExportError) -> NameNumbers {
        let rows = try database { () throws(SQLFailure) in
            try target.rows("SELECT id, name FROM \(quoted(table.name))")
        }
        var numbers: [[UInt8]: Int64] = [:]
        for row in rows {
            if let number = row[0].integer, let name = row[1].text { numbers[Array(name.utf8)] = number }
        }
        return NameNumbers(numbers)
    }

    /// Waits before another attempt, longer each time; false if it is to stop.
    private func pause(afterFailures count: Int) -> Bool {
        for _ in 0..<(1 << min(count, 6)) {
            if shouldStop() { return false }
            SystemCalls.pause(milliseconds: 100)
        }
        return true
    }

    /// Runs a part that talks to the database.
    func database<Result>(_ body: () throws(SQLFailure) -> Result) throws(ExportError) -> Result {
        do throws(SQLFailure) { return try body() } catch { throw .database(target: target.name, error) }
    }
}

extension SQLFailure.Kind {
    /// Whether waiting may help.
    var mayPass: Bool { self == .connection || self == .busy }
}

extension ExportProgress {
    mutating func add(_ counts: ChangeWriter.Counts, upTo sequence: UInt64) {
        rows += counts.rows
        events += counts.events
        blocks += counts.blocks
        undoneBlocks += counts.undoneBlocks
        misfits += counts.misfits
        self.sequence = sequence
        lastSequence = max(lastSequence, sequence)
    }
}
