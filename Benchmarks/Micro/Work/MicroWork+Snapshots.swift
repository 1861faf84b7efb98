import Ashlar
import AshlarStorage

extension MicroWork {
    /// A state of 10,000 entries is written: encoded, compressed by LZ4, checked.
    static let snapshotWrite = MicroWork(
        name: "snapshot-write", unit: "entry", operations: Sample.blocks * Sample.events
    ) {
        let projection = try folded(try Sample.store())
        return { try projection.takeSnapshots() }
    }

    /// The same is read back into a state.
    static let snapshotLoad = MicroWork(
        name: "snapshot-load", unit: "entry", operations: Sample.blocks * Sample.events
    ) {
        let storage = try Sample.store()
        try folded(storage).takeSnapshots()
        let store = try Store.open(storage)
        return {
            let projection = projection(store)
            let entries = try projection.add(Entries(isReplayed: false))
            try projection.advance()
            guard try entries.latest().state.count == Sample.blocks * Sample.events else {
                throw Wrong(what: "the snapshot lacks entries")
            }
        }
    }

    private static func projection(_ store: Store) -> Projection {
        var options = ProjectionOptions()
        options.snapshots = SnapshotPolicy(blocks: nil)
        return Projection(store, options: options)
    }

    private static func folded(_ storage: MemoryStorage) throws -> Projection {
        let projection = projection(try Store.open(storage))
        _ = try projection.add(Entries(isReplayed: true))
        try projection.advance()
        return projection
    }
}

/// Sets an entry for each event, of 8 bytes of key and 24 of value.
private struct Entries: Model {
    struct Value: Sendable, SnapshotCodable {
        var words: (UInt64, UInt64, UInt64)

        func encode(to output: inout SnapshotOutput) throws(SnapshotError) {
            try output.append(words.0)
            try output.append(words.1)
            try output.append(words.2)
        }

        static func decode(from input: inout SnapshotInput) throws(SnapshotError) -> Value {
            Value(words: (try input.read(UInt64.self), try input.read(UInt64.self), try input.read(UInt64.self)))
        }
    }

    /// Whether there is no snapshot to start from.
    let isReplayed: Bool
    let name = "entries"
    let sources: [String] = []

    func makeState() -> StateMap<UInt64, Value> { StateMap() }

    func apply(_ event: borrowing ModelEvent, to state: inout StateMap<UInt64, Value>) throws {
        guard isReplayed else { throw Wrong(what: "the snapshot was not used") }
        let word = event.payload.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
        let number = UInt64(bitPattern: event.height ?? 0) << 32 | UInt64(state.count)
        state[number] = Value(words: (word, number, word & 0xFF))
    }
}
