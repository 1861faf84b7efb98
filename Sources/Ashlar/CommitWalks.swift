import AshlarFormat
import AshlarStorage

/// Walks the canonical blocks of a view by height, fetching locations a batch at a time under the lock.
struct ChainWalk {
    private let view: View
    private let descending: Bool
    private var remaining: ClosedRange<Int64>?
    private var entries: ArraySlice<ChainEntry> = []
    private var source: ReadSource?
    /// Whether heights are asked for that had been pruned.
    private let isBelowBase: Bool

    init(_ view: View, heights: ClosedRange<Int64>, descending: Bool) {
        self.view = view
        self.descending = descending
        let top = min(heights.upperBound, view.tipHeight ?? -1)
        isBelowBase = heights.lowerBound <= view.base.height && heights.upperBound >= 0
        remaining = heights.lowerBound <= top ? heights.lowerBound...top : nil
    }

    /// The next block and the segment to read it from, or nil at the end.
    mutating func next() throws(StoreError) -> (ChainEntry, ReadSource)? {
        if entries.isEmpty { try refill() }
        guard let entry = entries.popFirst() else { return nil }
        if let source, source.number == entry.location.segment { return (entry, source) }
        let found = try view.core.monitor.withLock { (log) throws(StoreError) in
            try log.source(of: entry.location.segment)
        }
        source = found
        return (entry, found)
    }

    private mutating func refill() throws(StoreError) {
        guard !isBelowBase else { throw view.pruned }
        guard let range = remaining else { return }
        let (view, descending) = (view, descending)
        let batch = try view.core.monitor.withLock { (log) throws(StoreError) in
            log.entries(
                range, try view.overlay(log, downTo: range.lowerBound), descending: descending, limit: 1_024)
        }
        entries = batch[...]
        // The active segment grows: a source taken earlier ends too early for what came since.
        source = nil
        guard let last = batch.last else {
            remaining = nil
            return
        }
        if descending {
            remaining = last.height > range.lowerBound ? range.lowerBound...last.height - 1 : nil
        } else {
            remaining = last.height < range.upperBound ? last.height + 1...range.upperBound : nil
        }
    }

    /// Gives nothing more.
    mutating func end() {
        remaining = nil
        entries = []
    }

    /// Jumps over the rest of a segment's blocks whose entries are at hand.
    mutating func skip(segment: UInt64) {
        while let entry = entries.first, entry.location.segment == segment { entries.removeFirst() }
    }
}

/// Walks all commits of the log by sequence.
struct SequenceWalk {
    private let core: StoreCore
    private let descending: Bool
    private var remaining: ClosedRange<UInt64>?
    private var source: ReadSource?
    private var sealed: SealedSegment?
    /// Where the next commit is, when the one before told.
    private var nextOffset: Int?

    init(_ core: StoreCore, sequences: ClosedRange<UInt64>?, descending: Bool) {
        self.core = core
        self.descending = descending
        remaining = sequences
    }

    /// The location of the next commit and the segment to read it from, or nil at the end.
    mutating func next() throws(StoreError) -> (Location, ReadSource)? {
        guard let range = remaining else { return nil }
        let sequence = descending ? range.upperBound : range.lowerBound
        let location: Location
        if let offset = nextOffset, let source, offset < source.end {
            location = Location(segment: source.number, offset: offset)
        } else {
            let found = try core.monitor.withLock { (log) throws(StoreError) -> (Location, ReadSource) in
                guard let location = try log.location(ofSequence: sequence) else { throw .viewExpired }
                return (location, try log.source(of: location.segment))
            }
            location = found.0
            source = found.1
        }
        nextOffset = nil
        if descending {
            remaining = sequence > range.lowerBound ? range.lowerBound...sequence - 1 : nil
        } else {
            remaining = sequence < range.upperBound ? sequence + 1...range.upperBound : nil
        }
        guard let source else { return nil }
        return (location, source)
    }

    /// Tells how long the commit just given is, which spares looking up the one behind it.
    mutating func advance(past location: Location, frameLength: Int) {
        if !descending { nextOffset = location.offset + frameLength }
    }

    /// Jumps to the first sequence above (descending: below) a segment's.
    mutating func skip(_ sequences: ClosedRange<UInt64>) {
        guard let range = remaining else { return }
        nextOffset = nil
        if descending {
            guard sequences.lowerBound > range.lowerBound else {
                remaining = nil
                return
            }
            remaining = range.lowerBound...min(range.upperBound, sequences.lowerBound - 1)
        } else {
            guard sequences.upperBound < range.upperBound else {
                remaining = nil
                return
            }
            remaining = max(range.lowerBound, sequences.upperBound + 1)...range.upperBound
        }
    }
}
