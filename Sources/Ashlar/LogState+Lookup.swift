import AshlarFormat
import AshlarStorage

/// A block commit found by its hash.
struct FoundBlock: Sendable {
    var sequence: UInt64
    var height: Int64
    var location: Location
}

/// How far back a block is looked for by its hash. A block may have been appended more than once, and any of its commits may be canonical.
enum HashSearchGoal {
    case latest
    /// Until the commit that is canonical as of this sequence is found.
    case canonical(asOf: UInt64)
    case all
}

extension LogState {
    /// Loads header and meta of the commit at `location`.
    mutating func loadMeta(
        _ location: Location, _ reader: inout CommitReader, height: Int64? = nil
    ) throws(StoreError) {
        let source = try source(of: location.segment)
        try reader.load(location, from: source, .meta, height: height)
    }

    /// Commits of a block with this hash, newest first: from memory for recent ones, else through the footers.
    ///
    /// Complexity: no I/O for recent blocks unless all are wanted; otherwise O(segments × log blocks) small reads.
    mutating func find(
        _ hash: BlockHash, for goal: HashSearchGoal = .latest, _ reader: inout CommitReader
    ) throws(StoreError) -> [FoundBlock] {
        var found = recent.find(hash).map {
            FoundBlock(sequence: $0.sequence, height: $0.height, location: $0.location)
        }
        if try isEnough(found, goal) { return found }
        found = []
        let fingerprint = hash.fingerprint
        for location in activeLocations(fingerprint) { try take(location, hash, &reader, &found) }
        for segment in sealed.reversed() {
            if try isEnough(found, goal) { break }
            let indexes = try storing { () throws(StorageError) in try segment.commits(withFingerprint: fingerprint) }
            for index in indexes.reversed() {
                let offset = try storing { () throws(StorageError) in try segment.offset(ofCommit: index) }
                try take(Location(segment: segment.name.number, offset: offset), hash, &reader, &found)
            }
        }
        return found
    }

    private func isEnough(_ found: [FoundBlock], _ goal: HashSearchGoal) throws(StoreError) -> Bool {
        switch goal {
        case .latest: return !found.isEmpty
        case .all: return false
        case .canonical(let sequence):
            let overlay = try overlay(asOf: min(sequence, state.sequence))
            return found.contains { $0.sequence <= sequence && isCanonical(height: $0.height, $0.location, overlay) }
        }
    }

    private func activeLocations(_ fingerprint: UInt32) -> [Location] {
        guard let number = active?.name.number else { return [] }
        var locations: [Location] = []
        for entry in active?.index.hashes ?? [] where UInt32(truncatingIfNeeded: entry >> 32) == fingerprint {
            let index = Int(UInt32(truncatingIfNeeded: entry))
            locations.append(Location(segment: number, offset: Int(active?.index.offsets[index] ?? 0) * 8))
        }
        return locations.sorted { $0.bits > $1.bits }
    }

    private mutating func take(
        _ location: Location, _ hash: BlockHash, _ reader: inout CommitReader, _ found: inout [FoundBlock]
    ) throws(StoreError) {
        try loadMeta(location, &reader)
        // A fingerprint is 32 bits: another block may share it.
        guard let block = reader.meta.block, block.hash == hash else { return }
        found.append(FoundBlock(sequence: reader.header.sequence, height: block.height, location: location))
    }

    /// Whether the block commit at `location` is canonical now.
    func isCanonical(height: Int64, _ location: Location) -> Bool {
        guard let position = chain.index.position(of: height) else { return false }
        return chain.index.location(at: position) == location
    }
}
