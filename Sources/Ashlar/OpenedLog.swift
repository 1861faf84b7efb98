import AshlarFormat
import AshlarStorage

/// A sequence known durable, and its chain value.
struct DurablePoint: Sendable, Equatable {
    var sequence: UInt64
    var chainValue: UInt64
}

/// Everything opening found: the log as a value, before anyone reads or writes.
struct OpenedLog: Sendable {
    var storeID: StoreID
    var heightGaps: Bool
    var hashNotation: HashNotation
    /// What the log added up to before its first segment: the origin, or what was pruned.
    var base: ChainState
    var sealed: [SealedSegment] = []
    /// Nil if the last segment is sealed.
    var active: ActiveSegment?
    var chain: Chain
    var registry = Registry()
    var state: ChainState
    var proven: DurablePoint
    var recovery = Recovery()
    /// Where in the active segment the commits beyond the proven sequence start; nil if there are none.
    var unprovenOffset: Int?
    /// Last segment files that were never finished.
    var unfinished: [SegmentName] = []
    var temporaryFiles: [String] = []
    /// Files of segments that were pruned and are still there.
    var prunedFiles: [String] = []

    init(header: SegmentHeader) {
        storeID = header.storeID
        heightGaps = header.heightGaps
        hashNotation = header.hashNotation
        base = header.opening
        chain = Chain(baseHeight: header.opening.tipHeight)
        state = header.opening
        proven = DurablePoint(sequence: header.opening.sequence, chainValue: header.opening.chainValue)
    }

    /// The sequence of the commit at `location`.
    func sequence(of location: Location) throws(StoreError) -> UInt64 {
        if let active, active.name.number == location.segment, let index = active.commitIndex(ofOffset: location.offset)
        {
            return active.header.opening.sequence + 1 + UInt64(index)
        }
        guard let segment = sealedSegment(number: location.segment) else {
            throw .invalidArgument("no segment \(location.segment)")
        }
        let index = try storing { () throws(StorageError) in try segment.index(ofOffset: location.offset) }
        guard let index else { throw .invalidArgument("no commit at \(location)") }
        return segment.header.opening.sequence + 1 + UInt64(index)
    }

    func sealedSegment(number: UInt64) -> SealedSegment? {
        guard let first = sealed.first, number >= first.name.number, number - first.name.number < UInt64(sealed.count)
        else { return nil }
        return sealed[Int(number - first.name.number)]
    }
}

extension OpenedLog {
    /// Takes the names and versions that a segment defines into the registry; later segments overwrite versions.
    mutating func register(_ index: SegmentIndex) throws(FormatError) {
        for model in index.models {
            try registry.define(.model, id: model.id, name: model.name, version: model.version)
            if let slot = registry.modelIndex(id: model.id) { registry.setVersion(model.version, at: slot) }
        }
        for type in index.types { try registry.define(.type, id: type.id, name: type.name, version: 0) }
    }
}
