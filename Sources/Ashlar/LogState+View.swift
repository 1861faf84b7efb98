import AshlarFormat
import AshlarStorage

/// A canonical block and where it is.
struct ChainEntry: Sendable {
    var height: Int64
    var location: Location
}

extension LogState {
    /// The error for what was asked for and pruned.
    var pruned: StoreError { .pruned(sequence: base.sequence, height: base.tipHeight) }

    /// How the chain as of `sequence` differs from the present one. Complexity: O(blocks undone since).
    ///
    /// Throws `viewExpired` if the log was pruned beyond that sequence.
    func overlay(asOf sequence: UInt64) throws(StoreError) -> ChainOverlay {
        guard sequence >= base.sequence else { throw .viewExpired }
        if storage.isSeeded(.staleHistoryAfterRollback) { return ChainOverlay() }
        return sequence >= state.sequence ? ChainOverlay() : chain.history.overlay(asOf: sequence)
    }

    /// Height of the tip as of `sequence`, or nil if there was no block.
    func tipHeight(asOf sequence: UInt64, _ overlay: ChainOverlay) throws(StoreError) -> Int64? {
        let baseHeight = base.tipHeight >= 0 ? base.tipHeight : nil
        if sequence >= state.sequence { return chain.index.tipHeight ?? baseHeight }
        // Blocks appended after `sequence` are on top of those before, below the overlay's floor and above it alike.
        if let last = overlay.blocks.last(where: { $0.sequence <= sequence }) { return last.height }
        let top = overlay.floor.map { chain.index.position(notAbove: $0) } ?? (chain.index.count - 1)
        var low = 0
        var high = (top ?? -1) + 1
        while low < high {
            let middle = (low + high) / 2
            let found = try self.sequence(of: chain.index.location(at: middle))
            if found <= sequence { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? baseHeight : chain.index.height(at: low - 1)
    }

    /// The canonical block at `height` under `overlay`.
    func location(atHeight height: Int64, _ overlay: ChainOverlay) -> Location? {
        if let floor = overlay.floor, height > floor {
            guard let position = overlay.position(notAbove: height), overlay.blocks[position].height == height else {
                return nil
            }
            return overlay.blocks[position].location
        }
        return chain.index.position(of: height).map { chain.index.location(at: $0) }
    }

    /// Up to `limit` canonical blocks with heights in `range`, ascending, or descending from its end.
    func entries(
        _ range: ClosedRange<Int64>, _ overlay: ChainOverlay, descending: Bool, limit: Int
    ) -> [ChainEntry] {
        let floor = overlay.floor ?? .max
        let belowEnd = min(range.upperBound, floor)
        var below: Range<Int> = 0..<0
        if range.lowerBound <= belowEnd, let last = chain.index.position(notAbove: belowEnd) {
            let first =
                range.lowerBound == .min
                ? 0 : (chain.index.position(notAbove: range.lowerBound - 1).map { $0 + 1 } ?? 0)
            below = first..<max(first, last + 1)
        }
        var above: Range<Int> = 0..<0
        if range.upperBound > floor, let last = overlay.position(notAbove: range.upperBound) {
            let first = overlay.position(notAbove: max(range.lowerBound, floor + 1) - 1).map { $0 + 1 } ?? 0
            above = first..<max(first, last + 1)
        }
        func lower(_ position: Int) -> ChainEntry {
            ChainEntry(height: chain.index.height(at: position), location: chain.index.location(at: position))
        }
        func upper(_ position: Int) -> ChainEntry {
            ChainEntry(height: overlay.blocks[position].height, location: overlay.blocks[position].location)
        }
        if descending {
            let fromAbove = above.suffix(limit).reversed().map(upper)
            return fromAbove + below.suffix(limit - fromAbove.count).reversed().map(lower)
        }
        let fromBelow = below.prefix(limit).map(lower)
        return fromBelow + above.prefix(limit - fromBelow.count).map(upper)
    }

    /// Whether a block commit is canonical under `overlay`.
    func isCanonical(height: Int64, _ location: Location, _ overlay: ChainOverlay) -> Bool {
        self.location(atHeight: height, overlay) == location
    }
}
