public import AshlarFormat
import AshlarStorage

/// The chain as it stood after one commit: it does not move, whatever is appended or undone meanwhile.
///
/// Cheap to take and to copy. Reading it needs no snapshot of the index: the present index and the history of rollbacks give any earlier
/// chain.
public struct View: Sendable {
    let core: StoreCore
    /// The last commit it shows.
    public let sequence: UInt64
    /// Height of its highest canonical block, or nil if there is none.
    public let tipHeight: Int64?
    /// What had been pruned when it was taken.
    let base: (sequence: UInt64, height: Int64)

    init(_ core: StoreCore, asOf sequence: UInt64) throws(StoreError) {
        self.core = core
        self.sequence = sequence
        (tipHeight, base) = try core.monitor.withLock { (log) throws(StoreError) in
            guard sequence >= log.base.sequence else { throw log.pruned }
            let tip = try log.tipHeight(asOf: sequence, try log.overlay(asOf: sequence))
            return (tip, (log.base.sequence, log.base.tipHeight))
        }
    }

    /// The lowest height whose block can be read; those below were pruned.
    public var firstHeight: Int64 { base.height + 1 }

    /// The error for what had been pruned before this view was taken.
    var pruned: StoreError { .pruned(sequence: base.sequence, height: base.height) }

    /// How its chain differs from the present one; throws `viewExpired` if blocks down to `height`, which it could read once, were pruned since.
    func overlay(_ log: borrowing LogState, downTo height: Int64) throws(StoreError) -> ChainOverlay {
        guard height > log.base.tipHeight || log.base.sequence == base.sequence else { throw .viewExpired }
        return try log.overlay(asOf: sequence)
    }

    /// The canonical block at `height`, or nil if there is none.
    ///
    /// Throws `pruned`, `corrupt`, `inputOutput`, `viewExpired`. Complexity: O(1), one read.
    public func block(height: Int64) throws(StoreError) -> StoredBlock? {
        var reader = CommitReader()
        guard try load(height: height, .meta, &reader) else { return nil }
        return StoredBlock(reader.header, reader.meta)
    }

    /// The highest canonical block, or nil if there is none.
    public func tip() throws(StoreError) -> StoredBlock? {
        guard let tipHeight else { return nil }
        return try block(height: tipHeight)
    }

    /// The canonical block with this hash, or nil if there is none.
    ///
    /// Complexity: no I/O to find a recent block, else O(segments) small reads.
    public func block(hash: BlockHash) throws(StoreError) -> StoredBlock? {
        var reader = CommitReader()
        let height = try core.monitor.withLock { (log) throws(StoreError) -> Int64? in
            let overlay = try log.overlay(asOf: sequence)
            return try log.find(hash, for: .canonical(asOf: sequence), &reader).first {
                $0.sequence <= sequence && $0.height <= tipHeight ?? -1
                    && log.isCanonical(height: $0.height, $0.location, overlay)
            }?.height
        }
        guard let height else { return nil }
        return try block(height: height)
    }

    /// All events of the canonical block at `height` in their order, by value; nil if there is no such block.
    public func events(height: Int64) throws(StoreError) -> [StoredEvent]? {
        guard try locate(height: height) != nil else { return nil }
        var query = EventQuery()
        query.heights = height...height
        return try events(query)
    }

    /// The events a query asks for, by value, all at once.
    public func events(_ query: EventQuery = EventQuery()) throws(StoreError) -> [StoredEvent] {
        var cursor = try cursor(query)
        var events: [StoredEvent] = []
        while try cursor.next() { events.append(cursor.event) }
        return events
    }

    /// A cursor over the events a query asks for; each is checked against its CRC before it is given out.
    ///
    /// Throws `invalidPageToken`, `invalidArgument`. Ordering by version (of several models) or by timestamp collects 40 bytes an event first.
    public func cursor(_ query: EventQuery = EventQuery()) throws(StoreError) -> EventCursor {
        EventCursor(try EventRuns(self, query))
    }

    /// Canonical blocks with heights in `heights` (all that were not pruned if nil), lazily, in ascending or descending height.
    ///
    /// An error is an element, never an early end: the sequence stops behind it.
    public func blocks(_ heights: ClosedRange<Int64>? = nil, descending: Bool = false) -> BlockSequence {
        BlockSequence(view: self, heights: heights ?? firstHeight...Limits.height, descending: descending)
    }

    /// Where the canonical block at `height` is, and the segment to read it from; nil if there is none.
    func locate(height: Int64) throws(StoreError) -> (Location, ReadSource)? {
        guard height < 0 || height > base.height else { throw pruned }
        guard let tipHeight, height >= 0, height <= tipHeight else { return nil }
        return try core.monitor.withLock { (log) throws(StoreError) -> (Location, ReadSource)? in
            guard let location = log.location(atHeight: height, try overlay(log, downTo: height)) else { return nil }
            return (location, try log.source(of: location.segment))
        }
    }

    /// Loads the commit of the canonical block at `height`; false if there is none.
    func load(height: Int64, _ extent: CommitReader.Extent, _ reader: inout CommitReader) throws(StoreError) -> Bool {
        guard let (location, source) = try locate(height: height) else { return false }
        try reader.load(location, from: source, extent, height: height)
        return true
    }
}

/// Canonical blocks of a view, one after the other.
public struct BlockSequence: Sequence, Sendable {
    let view: View
    let heights: ClosedRange<Int64>
    let descending: Bool

    /// An iterator from the beginning.
    public func makeIterator() -> Iterator { Iterator(self) }

    /// Walks the blocks; an error is its last element.
    public struct Iterator: IteratorProtocol {
        private let sequence: BlockSequence
        private var walk: ChainWalk
        private var reader = ReaderBox()
        private var isDone = false

        init(_ sequence: BlockSequence) {
            self.sequence = sequence
            walk = ChainWalk(sequence.view, heights: sequence.heights, descending: sequence.descending)
        }

        /// The next block, or the error that ends the walk, or nil at its end.
        public mutating func next() -> Result<StoredBlock, StoreError>? {
            guard !isDone else { return nil }
            do throws(StoreError) {
                while let (entry, source) = try walk.next() {
                    try reader.value.load(entry.location, from: source, .meta, height: entry.height)
                    if let block = StoredBlock(reader.value.header, reader.value.meta) { return .success(block) }
                }
                isDone = true
                return nil
            } catch {
                isDone = true
                return .failure(error)
            }
        }
    }
}

/// A commit reader that a copyable iterator can hold.
final class ReaderBox {
    var value = CommitReader()
}
