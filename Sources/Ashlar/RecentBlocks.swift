import AshlarFormat

/// The hashes of the latest blocks, canonical or not, so that a fork near the tip is found without I/O.
///
/// Invariant: a ring; `next` is where the oldest entry is overwritten. Looking up compares 4-byte fingerprints first.
struct RecentBlocks: Sendable {
    struct Entry: Sendable {
        var hash: BlockHash
        var sequence: UInt64
        var height: Int64
        var location: Location
    }

    private var fingerprints: [UInt32] = []
    private var entries: [Entry] = []
    private var next = 0
    private let capacity: Int

    init(capacity: Int) { self.capacity = max(1, capacity) }

    mutating func append(_ entry: Entry) {
        if entries.count < capacity {
            entries.append(entry)
            fingerprints.append(entry.hash.fingerprint)
        } else {
            entries[next] = entry
            fingerprints[next] = entry.hash.fingerprint
        }
        next = (next + 1) % capacity
    }

    /// All entries with this hash, newest first.
    func find(_ hash: BlockHash) -> [Entry] {
        let wanted = hash.fingerprint
        var found: [Entry] = []
        for index in fingerprints.indices where fingerprints[index] == wanted && entries[index].hash == hash {
            found.append(entries[index])
        }
        return found.sorted { $0.sequence > $1.sequence }
    }
}
