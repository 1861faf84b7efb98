import AshlarStorage
import Synchronization

@testable import Ashlar
@testable import AshlarFormat

/// An event as it stands in the log.
struct StoredEvent: Equatable {
    var model: String
    var type: String
    var payload: [UInt8]
    var timestamp: Int64?
    var requestID: [UInt8]?
    /// 0 for floating events.
    var version: UInt64
}

/// A commit as it stands in the log, decoded and checked in full.
struct StoredCommit: Equatable {
    var header: CommitHeader
    var meta: CommitMeta
    var events: [StoredEvent]
}

/// Everything in a log, read by the engine's own readers.
struct LogContents {
    var recovery: Recovery
    var storeID: StoreID
    var state: ChainState
    /// What was pruned.
    var base: ChainState
    var proven: DurablePoint
    var segmentCount: Int
    var unfinished: [SegmentName]
    var unprovenOffset: Int?
    var commits: [StoredCommit] = []
    /// Height and sequence of the canonical blocks.
    var canonical: [CanonicalBlock] = []
    /// Versions of the models by name.
    var versions: [String: UInt64] = [:]
    /// Whether the last segment is sealed.
    var isSealed: Bool

    struct CanonicalBlock: Equatable {
        var height: Int64
        var sequence: UInt64
    }

    /// Reads the log in `storage`, as a reader that sees up to `horizon`.
    init(_ storage: any Storage, horizon: ReadHorizon = .committed) throws(StoreError) {
        guard case .opened(let log) = try LogOpening(storage: storage, horizon: horizon).open() else {
            throw .notAStore(path: storage.path)
        }
        recovery = log.recovery
        storeID = log.storeID
        state = log.state
        base = log.base
        proven = log.proven
        segmentCount = log.sealed.count + (log.active == nil ? 0 : 1)
        unfinished = log.unfinished
        unprovenOffset = log.unprovenOffset
        isSealed = log.active == nil
        for model in log.registry.models { versions[model.name] = model.version }
        var lookup = LogState(log, storage: storage, recentHashes: 1)
        for position in 0..<log.chain.index.count {
            canonical.append(
                CanonicalBlock(
                    height: log.chain.index.height(at: position),
                    sequence: try lookup.sequence(of: log.chain.index.location(at: position))))
        }
        var reader = CommitReader()
        var table = RecordTable()
        for sequence in log.base.sequence + 1..<log.state.sequence + 1 {
            guard let location = try lookup.location(ofSequence: sequence) else { throw .viewExpired }
            try reader.load(location, from: try lookup.source(of: location.segment), .frame)
            commits.append(try Self.commit(reader, &table, log.registry))
        }
    }

    private static func commit(
        _ reader: borrowing CommitReader, _ table: inout RecordTable, _ registry: Registry
    ) throws(StoreError) -> StoredCommit {
        var commit = StoredCommit(header: reader.header, meta: reader.meta, events: [])
        commit.meta.directoryOffset = 0
        if reader.header.isStub { return commit }
        do throws(FormatError) {
            try table.layOut(reader.frame, reader.header, reader.meta)
            try table.loadAll(reader.frame, reader.header)
            guard let base = reader.base else { return commit }
            for index in 0..<table.count {
                commit.events.append(try event(table[index], table, base, registry))
            }
        } catch {
            throw reader.corrupt(error, height: nil)
        }
        return commit
    }

    private static func event(
        _ row: RecordTable.Row, _ table: borrowing RecordTable, _ base: UnsafeRawPointer, _ registry: Registry
    ) throws(FormatError) -> StoredEvent {
        let content = table.content(of: row, base: base)
        try require(Checksum.record(content) == row.crc, "record: checksum does not match")
        let own = try OwnFields(typeAndFlags: row.typeAndFlags, content: content)
        let entry = table.sections[Int(row.section)].entry
        guard let model = registry.modelIndex(id: entry.model),
            let type = registry.typeIndex(id: row.typeAndFlags & RecordHead.typeMask)
        else { throw .damaged("an id without a name") }
        return StoredEvent(
            model: registry.models[model].name, type: registry.types[type].name,
            payload: Array(content[own.payloadOffset...]), timestamp: own.timestamp,
            requestID: own.requestID.isEmpty ? nil : Array(content[own.requestID]),
            version: entry.firstVersion == 0 ? 0 : entry.firstVersion + UInt64(row.indexInSection))
    }
}

extension LogContents {
    /// The canonical chain's heights.
    var heights: [Int64] { canonical.map(\.height) }

    /// The canonical chain's block hashes.
    var hashes: [BlockHash] {
        canonical.compactMap { commits[Int($0.sequence - base.sequence) - 1].meta.block?.hash }
    }
}
