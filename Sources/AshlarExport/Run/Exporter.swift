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
    /// Models whose states can stand as JSON beside their snapshots.
    let snapshotModels: [SnapshotModel]
    /// Asked now and then: whether to stop at the next commit.
    let shouldStop: @Sendable () -> Bool
    /// Told now and then how far it is.
    let report: (ExportProgress) -> Void

    /// An exporter; nothing is read or written yet. The states are those at the tip, whatever models and heights the options select.
    package init(
        _ store: Store, into target: any ExportTarget, options: ExportOptions = ExportOptions(),
        states: [StateTable] = [], snapshotModels: [SnapshotModel] = [],
        shouldStop: @escaping @Sendable () -> Bool = { false },
        report: @escaping (ExportProgress) -> Void = { _ in }
    ) {
        self.store = store
        self.target = target
        self.options = options
        self.states = states
        self.snapshotModels = snapshotModels
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
        guard let start = try start(&meta, &progress) else { return }
        let feeds = states.isEmpty ? nil : try StateFeeds(store, states, target.dialect, from: start.wholeSequence)
        if let feeds, try !feeds.begin(shouldStop: { stopsFolding(at: $0, &progress) }) { return }
        if meta.isLoading { try database { () throws(SQLFailure) in try target.prepareBulkLoad() } }
        let encoder = StepEncoder(
            store, options, target.dialect, models: try numbers(ExportSchema.models),
            types: try numbers(ExportSchema.types), states: feeds)
        let queue = ChangeQueue()
        let reader = try LogReaderThread(store, start, options, encoder, queue)
        defer {
            queue.abandon()
            reader.join()
        }
        try take(from: queue, start, &meta, &progress)
    }

    /// Where to go on, once the target has the tables that are asked for; nil if it was told to stop.
    private func start(_ meta: inout TargetMeta, _ progress: inout ExportProgress) throws(ExportError) -> Cursor? {
        let changes = try tableChanges()
        if !options.changesTables { try refuse(changes) }
        // Rows are made from the log up to the cursor, so the log must have it.
        if !changes.isEmpty, options.rewinds, try knownCursor(meta).0 == nil {
            throw .refused(
                code: "cursorNotFound",
                message:
                    "\(target.name) holds what this log does not, and has other tables than this asks for: give the same "
                    + "`--map` and `--state-tables` as before with `--rewind`, and change the tables afterwards")
        }
        guard let start = changes.isEmpty ? try startingCursor(meta, &progress) : try startingCursor(meta) else {
            return nil
        }
        meta.cursor = "\(start)"
        if progress.firstSequence == 0 { progress.firstSequence = start.wholeSequence }
        progress.sequence = start.wholeSequence
        progress.lastSequence = store.durableSequence
        if !changes.isEmpty, try !apply(changes, meta, at: start, &progress) { return nil }
        return start
    }

    /// Applies what comes out of the queue until it ends.
    private func take(
        from queue: ChangeQueue, _ start: Cursor, _ meta: inout TargetMeta, _ progress: inout ExportProgress
    ) throws(ExportError) {
        var writer = ChangeWriter(target, options, tables, place: meta.cursor)
        #if SEEDED_BUGS
            writer.movesCursorAlone = store.movesExportCursorAlone
        #endif
        var acknowledgement = Acknowledgement(store, options.consumer)
        var upkeep = Upkeep(self, at: start)
        defer { if !meta.isLoading { acknowledgement.send() } }
        if !meta.isLoading { try upkeep.runIfDue() }
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
                upkeep.moved(to: changes.cursor)
                if !meta.isLoading { try upkeep.runIfDue() }
            case .caughtUp(let last):
                progress.lastSequence = last
                if meta.isLoading { try finishLoading(&meta, &progress) }
                try upkeep.runIfDue()
                acknowledgement.send()
                progress.phase = .waiting
            case .end:
                try upkeep.finish()
                progress.emptyTables = try emptyTables()
                return
            }
            report(progress)
        }
        target.rollback()
        if !meta.isLoading { try upkeep.finish() }
    }

    /// The tables of the map that have no row.
    private func emptyTables() throws(ExportError) -> [String] {
        try database { () throws(SQLFailure) in
            var empty: [String] = []
            for table in tables.typed.map(\.table.name)
            where try target.value("SELECT 1 FROM \(quoted(table)) LIMIT 1") == nil { empty.append(table) }
            return empty
        }
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
