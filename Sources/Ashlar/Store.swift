public import AshlarFormat
package import AshlarStorage

/// A store open for reading: any number of threads may use it, beside the writer or in a process of its own.
///
/// Everything it gives was checked against its CRC. Take a `view()` for a chain that does not move, or read the raw log with
/// `commits(_:)`.
public final class Store: Sendable {
    let core: StoreCore

    init(_ core: StoreCore) { self.core = core }

    /// Opens the store at `path` for reading, whoever writes it; changes nothing, not even after a crash.
    ///
    /// It ends at the durable sequence unless `horizon` asks for everything valid, and sees what comes later after `refresh()`. Throws
    /// `notAStore`, `corrupt`, `unsupported`, `inputOutput`. Complexity: O(segments + unsealed tail).
    public static func open(at path: String, horizon: ReadHorizon = .durable) throws(StoreError) -> Store {
        let kind = try storing { () throws(StorageError) in try SystemCalls.kind(of: path) }
        guard kind == .directory else { throw .notAStore(path: path) }
        return try open(try storing { () throws(StorageError) in try FileStorage(path: path) }, horizon: horizon)
    }

    package static func open(_ storage: any Storage, horizon: ReadHorizon = .durable) throws(StoreError) -> Store {
        Store(try StoreCore.openForReading(storage, horizon: horizon))
    }

    /// The store's random identity.
    public var id: StoreID { core.storeID }

    /// How tools print and read its hashes.
    public var hashNotation: HashNotation { core.hashNotation }

    /// Whether heights may be skipped.
    public var allowsHeightGaps: Bool { core.heightGaps }

    /// What opening found at the end of the log and in the footers.
    public var recovery: Recovery { core.recovery }

    /// How long opening took, in nanoseconds.
    public var openNanoseconds: UInt64 { core.openNanoseconds }

    /// The last sequence that can be read.
    public var sequence: UInt64 { core.visibleSequence }

    /// The lowest sequence that can be read: 1, or the first one that was not pruned.
    public var firstSequence: UInt64 { core.monitor.withLock { $0.base.sequence + 1 } }

    /// Height up to which blocks were pruned; nil if none was.
    public var prunedHeight: Int64? {
        core.monitor.withLock { $0.base.tipHeight >= 0 ? $0.base.tipHeight : nil }
    }

    /// The last sequence known to survive a power cut.
    public var durableSequence: UInt64 { core.monitor.withLock { $0.durable.sequence } }

    /// Waits until more than `sequence` is durable, until `deadline` (monotonic nanoseconds), or until nothing more will be; gives the durable
    /// sequence. In the writer's process only: others learn of it by `refresh`.
    package func waitForDurable(past sequence: UInt64, until deadline: UInt64) -> UInt64 {
        core.monitor.withLockWaiting { log in
            let isOver = log.durable.sequence > sequence || log.isClosed || log.poison != nil
            return isOver || SystemCalls.monotonicNanoseconds() >= deadline
                ? .done(log.durable.sequence) : .wait(until: deadline)
        }
    }

    /// The final height: nothing at or below it can be undone; nil if there is none.
    public var finalHeight: Int64? { core.monitor.withLock { $0.state.finalHeight >= 0 ? $0.state.finalHeight : nil } }

    /// The names of all models and types the log knows, in the order of their first use.
    public var names: (models: [String], types: [String]) {
        core.monitor.withLock { log in
            (log.registry.models.filter(\.isInLog).map(\.name), log.registry.types.filter(\.isInLog).map(\.name))
        }
    }

    /// The chain as it is now.
    public func view() throws(StoreError) -> View { try View(core, asOf: sequence) }

    /// The chain as it stood after commit `sequence` (0 for the empty one): what was believed then.
    ///
    /// Throws `invalidArgument` for a sequence the log does not have. Complexity: O(blocks undone since).
    public func view(asOf sequence: UInt64) throws(StoreError) -> View {
        guard sequence <= self.sequence else {
            throw .invalidArgument("sequence \(sequence) is not in the log; the last is \(self.sequence)")
        }
        return try View(core, asOf: sequence)
    }

    /// All commits of the log with sequences in `sequences` (all that were not pruned if nil), undone ones and markers too.
    ///
    /// An error is an element, never an early end: the sequence stops behind it.
    public func commits(_ sequences: ClosedRange<UInt64>? = nil, descending: Bool = false) -> CommitSequence {
        let last = sequence
        let first = firstSequence
        let asked = sequences ?? first...max(last, first)
        let range = last > 0 && asked.overlaps(1...last) ? asked.clamped(to: 1...last) : nil
        return CommitSequence(core: core, sequences: range, descending: descending)
    }

    /// All commits of blocks with this hash, newest first: canonical, undone, or appended again.
    ///
    /// Throws `corrupt`, `inputOutput`. Complexity: O(segments) small reads.
    public func blocks(hash: BlockHash) throws(StoreError) -> [StoredBlock] {
        var reader = CommitReader()
        let last = sequence
        return try core.monitor.withLock { (log) throws(StoreError) in
            var blocks: [StoredBlock] = []
            for found in try log.find(hash, for: .all, &reader) where found.sequence <= last {
                try log.loadMeta(found.location, &reader, height: found.height)
                if let block = StoredBlock(reader.header, reader.meta) { blocks.append(block) }
            }
            return blocks
        }
    }

    /// Whether this block, as found in its commit, is canonical now.
    public func isCanonical(_ block: StoredBlock) throws(StoreError) -> Bool {
        try core.monitor.withLock { (log) throws(StoreError) in
            guard let location = try log.location(ofSequence: block.sequence) else { return false }
            return log.isCanonical(height: block.block.height, location)
        }
    }

    /// The caller's mark in the last commit that carries one, and that commit's sequence; nil if none does.
    public func lastMark() throws(StoreError) -> (mark: [UInt8], sequence: UInt64)? {
        var reader = CommitReader()
        return try core.monitor.withLock { (log) throws(StoreError) in
            guard let location = try log.location(ofSequence: log.state.lastMarkSequence) else { return nil }
            try log.loadMeta(location, &reader)
            return reader.meta.mark.map { ($0, reader.header.sequence) }
        }
    }
}

/// Commits of the log, one after the other.
public struct CommitSequence: Sequence, Sendable {
    let core: StoreCore
    let sequences: ClosedRange<UInt64>?
    let descending: Bool

    /// An iterator from the beginning.
    public func makeIterator() -> Iterator {
        Iterator(walk: SequenceWalk(core, sequences: sequences, descending: descending))
    }

    /// Walks the commits; an error is its last element.
    public struct Iterator: IteratorProtocol {
        private var walk: SequenceWalk
        private var reader = ReaderBox()
        private var isDone = false

        init(walk: SequenceWalk) { self.walk = walk }

        /// The next commit, or the error that ends the walk, or nil at its end.
        public mutating func next() -> Result<StoredCommit, StoreError>? {
            guard !isDone else { return nil }
            do throws(StoreError) {
                guard let (location, source) = try walk.next() else {
                    isDone = true
                    return nil
                }
                try reader.value.load(location, from: source, .meta)
                walk.advance(past: location, frameLength: reader.value.header.frameLength)
                return .success(StoredCommit(reader.value.header, reader.value.meta))
            } catch {
                isDone = true
                return .failure(error)
            }
        }
    }
}
