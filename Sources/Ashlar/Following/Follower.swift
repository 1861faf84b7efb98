import AshlarFormat
import AshlarStorage

/// Hands out the steps of a log in batches, on the calling thread: what `Subscription` and the tools stand on.
///
///     var follower = try store.follow(from: cursor)
///     while let batch = try follower.next() { apply(batch); save(batch.cursor) }
///
/// Nothing is read ahead beyond a batch. It is used from one task at a time. Invariants: `cursor` stands behind everything handed out; with
/// `cause` set it is the commit that the next step comes from; each commit handed out continues the chain value of the one before.
public struct Follower: ~Copyable {
    let store: Store
    let options: SubscriptionOptions
    /// The last sequence to be delivered; nil while it follows live.
    let end: UInt64?
    /// Where it stands: behind everything handed out so far.
    public internal(set) var cursor: Cursor
    var cause: CauseCommit?
    /// The commit whose events are handed out: the cause, or a block that it took up again.
    var loaded = LoadedCommit()
    var loadedSequence: UInt64 = 0
    /// How many records of it there are, and the next one to hand out.
    var rowCount = 0
    var nextRow = 0
    var undoneReader = CommitReader()
    var names = FollowedNames()
    var compiled: CompiledQuery
    /// Where the next commit is, when the one before told.
    private var source: ReadSource?
    private var nextOffset = 0
    private var lastSize: (rows: Int, bytes: Int) = (0, 0)
    private var failure: StoreError?

    var core: StoreCore { store.core }

    /// The cursor was checked by the caller.
    init(_ store: Store, _ cursor: Cursor, _ options: SubscriptionOptions) {
        self.store = store
        self.cursor = cursor
        self.options = options
        let (compiled, visible) = store.core.monitor.withLock {
            (CompiledQuery(options.query, $0.registry), $0.visibleSequence(options.horizon))
        }
        self.compiled = compiled
        end = options.stopsAtEnd ? visible : nil
    }

    /// The next batch, or nil if there is nothing more for now (see `wait`), or at all if the options say to stop at the end.
    ///
    /// Each batch moves the cursor; one without steps only does that. An error is thrown after every step before it was delivered, and again
    /// from then on. Throws `corrupt` naming file, offset and height, `inputOutput`, `removed`, `viewExpired`, `tailLost`, `cursorNotFound`.
    /// Complexity: O(batch); each event is copied once.
    public mutating func next() throws(StoreError) -> StepBatch? {
        if let failure { throw failure }
        let start = cursor
        var batch = StepBatchBuilder(options, like: lastSize)
        do throws(StoreError) { try fill(&batch) } catch {
            failure = error
            if batch.isEmpty { throw error }
        }
        guard cursor != start else { return nil }
        lastSize = batch.size
        return batch.finish(cursor, models: names.models, types: names.types)
    }

    private mutating func fill(_ batch: inout StepBatchBuilder) throws(StoreError) {
        var limit = lastVisible()
        if nextSequence > limit, end == nil, !core.isWriter, try store.refresh() { limit = lastVisible() }
        while batch.hasRoom(for: 0) {
            if cause == nil {
                guard nextSequence <= limit else { return }
                try loadCause()
            }
            guard try deliver(&batch) else { return }
        }
    }

    /// The commit to go on with.
    var nextSequence: UInt64 { cursor.isWhole ? cursor.sequence + 1 : cursor.sequence }

    /// The last sequence that may be delivered now. Models that came since are asked for from now on.
    private mutating func lastVisible() -> UInt64 {
        let (query, end, horizon) = (compiled.query, end, options.horizon)
        let (fresh, visible) = core.monitor.withLock { log in
            (query.models == nil ? nil : CompiledQuery(query, log.registry), log.visibleSequence(horizon))
        }
        if let fresh { compiled = fresh }
        return end.map { min($0, visible) } ?? visible
    }

    /// Loads the next commit and finds out which steps it has.
    private mutating func loadCause() throws(StoreError) {
        let sequence = nextSequence
        let (location, source) = try place(of: sequence)
        do throws(StoreError) {
            try load(sequence, location, source, continuing: cursor.isWhole ? cursor.chainValue : nil)
        } catch {
            // Beyond the durable sequence it may be a tail that was lost and written anew under this reader: the note tells.
            if case .corrupt = error, options.horizon == .committed { try store.refresh() }
            throw error
        }
        nextOffset = location.offset + loaded.header.frameLength
        self.source = source
        let found = CauseCommit(loaded.header, loaded.meta, from: cursor)
        guard found.stepCount > 0 || cursor.isWhole else { throw .cursorNotFound(.noSuchPlace(sequence: sequence)) }
        guard found.stepCount > 0 else {
            cursor = found.cursor(store.id, step: 0, event: 0)
            return
        }
        guard found.step < found.stepCount else { throw .cursorNotFound(.noSuchPlace(sequence: sequence)) }
        cause = found
    }

    /// Where the commit with this sequence is: right behind the one before, or looked up.
    private func place(of sequence: UInt64) throws(StoreError) -> (Location, ReadSource) {
        if let source, nextOffset < source.end {
            return (Location(segment: source.number, offset: nextOffset), source)
        }
        return try lookUp(sequence)
    }

    func lookUp(_ sequence: UInt64) throws(StoreError) -> (Location, ReadSource) {
        // What is durable has left the writer's buffer; flushing for its sake would cut the writer's writes into small ones.
        let flushing = options.horizon == .committed
        return try core.monitor.withLock { (log) throws(StoreError) -> (Location, ReadSource) in
            guard let location = try log.location(ofSequence: sequence) else { throw .viewExpired }
            return (location, try log.source(of: location.segment, flushing: flushing))
        }
    }

    /// Loads a commit with those of its records that are asked for; with `previous` it must continue that chain value.
    mutating func load(
        _ sequence: UInt64, _ location: Location, _ source: ReadSource, continuing previous: UInt64? = nil
    ) throws(StoreError) {
        loadedSequence = 0
        let hasRecords = try loaded.load(location, source, compiled, height: nil, continuing: previous)
        loadedSequence = sequence
        rowCount = hasRecords ? loaded.table.count : 0
        nextRow = 0
        skipUnwanted()
    }

    /// Moves on to the next record that is asked for.
    @inline(__always)
    mutating func skipUnwanted() {
        guard !loaded.wanted.isEmpty else { return }
        while nextRow < rowCount, !loaded.wanted[Int(loaded.table[nextRow].section)] { nextRow += 1 }
    }
}

/// A commit that steps are being taken from.
struct CauseCommit {
    /// Which step is the next.
    enum Kind {
        case undone
        case readopted(sequence: UInt64)
        case own
    }

    let sequence: UInt64
    let chainValue: UInt64
    let appendTime: Int64
    let toHeight: Int64
    let undoneCount: Int
    let readopted: [Readopted]
    let hasOwn: Bool
    /// The next step, and how much of it was handed out.
    var step: Int
    var event: Int

    init(_ header: CommitHeader, _ meta: CommitMeta, from cursor: Cursor) {
        sequence = header.sequence
        chainValue = header.chainValue
        appendTime = header.appendTime
        toHeight = meta.rollback?.toHeight ?? -1
        undoneCount = Int(meta.rollback?.undoneBlocks ?? 0)
        readopted = meta.rollback?.readopted ?? []
        hasOwn = meta.block != nil || meta.floating != nil
        step = Int(cursor.step)
        event = Int(cursor.event)
    }

    var stepCount: Int { (undoneCount > 0 ? 1 : 0) + readopted.count + (hasOwn ? 1 : 0) }

    var kind: Kind {
        var index = step
        if undoneCount > 0 {
            if index == 0 { return .undone }
            index -= 1
        }
        return index < readopted.count ? .readopted(sequence: readopted[index].sequence) : .own
    }

    /// The cursor in front of this step, or behind the commit if it has none.
    func cursor(_ store: StoreID, step: Int, event: Int) -> Cursor {
        let isWhole = step == stepCount
        return Cursor(
            storeID: store, sequence: sequence, chainValue: chainValue,
            step: isWhole ? 0 : UInt32(truncatingIfNeeded: step),
            event: isWhole ? 0 : UInt32(truncatingIfNeeded: event))
    }
}
