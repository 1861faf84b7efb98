import AshlarFormat

/// A query with its names resolved to ids.
struct CompiledQuery: Sendable {
    let query: EventQuery
    /// Ids of the models asked for; nil for all. A name the store does not know is simply not there.
    let models: Set<UInt32>?
    /// 1 for each type asked for.
    let types: SmallIDMap?
    let typeIDs: Set<UInt32>?
    /// Whether single records have to be looked at before they are given out.
    let filtersRecords: Bool

    init(_ query: EventQuery, _ registry: borrowing Registry) {
        self.query = query
        var models: Set<UInt32>?
        if let names = query.models {
            models = []
            for name in names {
                if let index = registry.modelIndex(named: name) { models?.insert(registry.models[index].id) }
            }
        }
        self.models = models
        var types: SmallIDMap?
        var typeIDs: Set<UInt32>?
        if let names = query.types {
            var map = SmallIDMap()
            var ids: Set<UInt32> = []
            for name in names {
                guard let index = registry.typeIndex(named: name) else { continue }
                map[registry.types[index].id] = 1
                ids.insert(registry.types[index].id)
            }
            types = map
            typeIDs = ids
        }
        self.types = types
        self.typeIDs = typeIDs
        filtersRecords =
            types != nil || query.versions != nil || query.times != nil || query.requestID != nil
            || query.limitPerModel != nil
    }

    /// Whether a segment can hold anything that is asked for; what its footer says alone decides.
    func mayMatch(
        _ summary: SegmentSummary, _ segmentModels: [SegmentIndex.Model], _ segmentTypes: [SegmentIndex.TypeEntry]
    ) -> Bool {
        if summary.eventCount == 0 { return false }
        if let heights = query.heights,
            heights.lowerBound > summary.highestHeight || heights.upperBound < summary.lowestHeight
        {
            return false
        }
        if let times = query.times,
            times.lowerBound.microseconds > summary.latestTime || times.upperBound.microseconds < summary.earliestTime
        {
            return false
        }
        if let models,
            !segmentModels.contains(where: { models.contains($0.id) && ($0.events > 0 || $0.floatingEvents > 0) })
        {
            return false
        }
        if let typeIDs, !segmentTypes.contains(where: { typeIDs.contains($0.id) && $0.events > 0 }) { return false }
        return true
    }

    /// Whether a commit can hold anything that is asked for; its header and meta alone decide.
    func mayMatch(_ header: CommitHeader, _ meta: CommitMeta) -> Bool {
        guard header.eventCount > 0 else { return false }
        if let sequences = query.sequences, !sequences.contains(header.sequence) { return false }
        if let heights = query.heights {
            guard let height = meta.block?.height, heights.contains(height) else { return false }
        }
        if let times = query.times, let common = meta.commonTimestamp {
            let earliest = min(common, meta.eventTimes?.earliest ?? common)
            let latest = max(common, meta.eventTimes?.latest ?? common)
            if times.lowerBound.microseconds > latest || times.upperBound.microseconds < earliest { return false }
        }
        return true
    }
}
