import AshlarFormat
import AshlarStorage

/// What a store holds, in numbers.
public struct StoreStatistics: Sendable, Hashable {
    /// What the store holds of one model.
    public struct Model: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// All its events that were not pruned: undone and floating ones too.
        public var events: UInt64
        /// Its events in canonical blocks.
        public var canonicalEvents: UInt64
        /// Version of its last canonical event; 0 if there is none.
        public var version: UInt64
        /// Lowest height of a canonical block with events of it.
        public var firstHeight: Int64?
        /// Highest height of a canonical block with events of it.
        public var lastHeight: Int64?
    }

    /// Format version of the files.
    public var formatVersion: String
    /// The commits up to this sequence were pruned; 0 if none was.
    public var prunedSequence: UInt64
    /// The blocks up to this height were pruned; nil if none was.
    public var prunedHeight: Int64?
    /// Last sequence of the log.
    public var sequence: UInt64
    /// Last sequence known to survive a power cut.
    public var durableSequence: UInt64
    /// The highest canonical block.
    public var tip: StoredBlock?
    /// Nothing at or below can be undone.
    public var finalHeight: Int64?
    /// Number of canonical blocks.
    public var canonicalBlocks: UInt64
    /// Events in them.
    public var canonicalEvents: UInt64
    /// All events: undone and floating ones too.
    public var events: UInt64
    /// Floating events among them.
    public var floatingEvents: UInt64
    /// Rollbacks that undid at least one block.
    public var rollbacks: UInt64
    /// Blocks undone, counted each time.
    public var undoneBlocks: UInt64
    /// Number of segment files.
    public var segments: Int
    /// Bytes of the segment files.
    public var bytes: Int
    /// Bytes of the height index and the rollback history in memory.
    public var indexBytes: Int
    /// One entry a model, in the order of their first use.
    public var models: [Model]
}

extension Store {
    /// Counts what the store holds.
    ///
    /// Everything but each model's first and last height comes from memory; those are searched from both ends of the chain. Throws `corrupt`,
    /// `inputOutput`.
    public func statistics() throws(StoreError) -> StoreStatistics {
        let view = try view()
        // Where the chain was rolled back to what was pruned, there is no block to show.
        let tip = (view.tipHeight ?? -1) >= view.firstHeight ? try view.tip() : nil
        var statistics = try core.monitor.withLock { (log) throws(StoreError) in try log.statistics(tip: tip) }
        for index in statistics.models.indices where statistics.models[index].canonicalEvents > 0 {
            var query = EventQuery()
            query.models = [statistics.models[index].name]
            query.limit = 1
            statistics.models[index].firstHeight = try firstHeight(query, in: view)
            query.descending = true
            statistics.models[index].lastHeight = try firstHeight(query, in: view)
        }
        return statistics
    }

    /// The height of the first block with events that `query` asks for, also if those were removed: its directory still tells of them.
    private func firstHeight(_ query: EventQuery, in view: View) throws(StoreError) -> Int64? {
        var cursor = try view.cursor(query)
        do throws(StoreError) { return try cursor.next() ? cursor.height : nil } catch {
            guard case .removed(let sequence) = error else { throw error }
            var commits = commits(sequence...sequence).makeIterator()
            guard case .block(let block, _)? = try commits.next()?.get().content else { return nil }
            return block.block.height
        }
    }
}

extension LogState {
    fileprivate mutating func statistics(tip: StoredBlock?) throws(StoreError) -> StoreStatistics {
        var events: [UInt32: UInt64] = [:]
        for segment in sealed {
            for model in segment.models { events[model.id, default: 0] &+= model.events &+ model.floatingEvents }
        }
        for model in active?.index.models ?? [] {
            events[model.id, default: 0] &+= model.events &+ model.floatingEvents
        }
        var bytes = active == nil ? 0 : endOffset
        for segment in sealed { bytes += Int(segment.summary.endOffset) + segment.summary.footerLength }
        return StoreStatistics(
            formatVersion: "\(SegmentHeader.major).0", prunedSequence: base.sequence,
            prunedHeight: base.tipHeight >= 0 ? base.tipHeight : nil, sequence: state.sequence,
            durableSequence: durable.sequence,
            tip: tip,
            finalHeight: state.finalHeight >= 0 ? state.finalHeight : nil, canonicalBlocks: state.canonicalBlocks,
            canonicalEvents: state.canonicalEvents, events: state.events, floatingEvents: state.floatingEvents,
            rollbacks: state.rollbacks, undoneBlocks: state.undoneBlocks,
            segments: sealed.count + (active == nil ? 0 : 1),
            bytes: bytes, indexBytes: chain.index.byteCount + chain.history.byteCount,
            models: registry.models.map {
                StoreStatistics.Model(
                    name: $0.name, events: events[$0.id] ?? 0, canonicalEvents: $0.version, version: $0.version)
            })
    }
}
