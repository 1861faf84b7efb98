import AshlarFormat

/// The idempotency keys of the last 1,024 keyed floating batches ([PRT-9]).
struct KeyRing: Sendable {
    static let capacity = 1_024

    private var sequences: [[UInt8]: UInt64] = [:]
    private var order: [[UInt8]] = []
    private var next = 0

    /// The sequence of the batch with this key, if it is among the last.
    subscript(key: [UInt8]) -> UInt64? { sequences[key] }

    mutating func append(_ key: [UInt8], sequence: UInt64) {
        if order.count < Self.capacity {
            order.append(key)
        } else {
            if sequences[order[next]].map({ $0 < sequence }) ?? false { sequences[order[next]] = nil }
            order[next] = key
            next = (next + 1) % Self.capacity
        }
        sequences[key] = sequence
    }

    /// Forgets the keys of batches up to `sequence`, which were pruned.
    mutating func remove(upTo sequence: UInt64) {
        sequences = sequences.filter { $0.value > sequence }
    }
}
