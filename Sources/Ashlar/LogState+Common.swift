import AshlarFormat

extension LogState {
    /// The highest height up to which the canonical chains as of `first` and as of `second` are the same, commit for commit; −1 if they share
    /// nothing.
    ///
    /// A block's own commit does not tell what stands below it, because a block can be taken up again on another parent's commit: so whole
    /// chains are compared, from where rollbacks since then left both alone. Complexity: O(blocks undone since the earlier of the two).
    func commonHeight(_ first: UInt64, _ second: UInt64) throws(StoreError) -> Int64 {
        let overlays = (try overlay(asOf: first), try overlay(asOf: second))
        let tips = (try tipHeight(asOf: first, overlays.0) ?? -1, try tipHeight(asOf: second, overlays.1) ?? -1)
        let top = min(tips.0, tips.1)
        let untouched = min(overlays.0.floor ?? .max, overlays.1.floor ?? .max)
        guard untouched < top else { return top }
        var common = untouched
        while common < top {
            // Above the floor both have few blocks of their own; the batch bounds what a long common stretch costs at a time.
            let range = (common + 1)...top
            let batch = (
                entries(range, overlays.0, descending: false, limit: 256),
                entries(range, overlays.1, descending: false, limit: 256)
            )
            if batch.0.isEmpty, batch.1.isEmpty { break }
            for (one, other) in zip(batch.0, batch.1) {
                guard one.height == other.height, one.location == other.location else { return common }
                common = one.height
            }
            if batch.0.count != batch.1.count { break }
        }
        return common
    }
}

extension Store {
    /// The chain value of the commit with this sequence (the origin for 0), or nil if this reader's log does not have it.
    ///
    /// The last commit that was pruned is still known by it; throws `pruned` for those before. Complexity: at most two small reads.
    package func chainValue(ofSequence sequence: UInt64) throws(StoreError) -> UInt64? {
        guard sequence <= self.sequence else { return nil }
        var reader = CommitReader()
        return try core.monitor.withLock { (log) throws(StoreError) in
            if sequence == log.base.sequence { return log.base.chainValue }
            guard sequence > log.base.sequence else { throw log.pruned }
            if sequence == log.state.sequence { return log.state.chainValue }
            guard let location = try log.location(ofSequence: sequence) else { return nil }
            try log.loadMeta(location, &reader)
            return reader.header.chainValue
        }
    }
}

extension View {
    /// The highest height up to which this chain and the one as of `other` are the same; −1 if they share nothing.
    package func commonHeight(withChainAsOf other: UInt64) throws(StoreError) -> Int64 {
        try core.monitor.withLock { (log) throws(StoreError) in try log.commonHeight(sequence, other) }
    }

    /// Whether this chain and the one as of log sequence `other` are the same up to and including `height`.
    ///
    /// False if either does not reach `height`.
    package func sharesChain(asOf other: UInt64, upTo height: Int64) throws(StoreError) -> Bool {
        try commonHeight(withChainAsOf: other) >= height
    }
}
