import AshlarFormat

/// What a derivation's rules come to, in ids of source and target.
///
/// A small direct-mapped table answers for nearly all events with one load; the dictionary behind it knows every pair met so far.
struct DerivationRules: Sendable {
    /// What is done with one pair of model and type.
    struct Resolved: Sendable {
        enum Action: UInt8, Sendable {
            case keep, drop, observe, replace
        }

        var action: Action
        /// Ids in the target, where events of the pair stay; else 0.
        var model: UInt32 = 0
        var type: UInt32 = 0
    }

    private static let size = 1_024

    private var table = [(key: UInt64, resolved: Resolved)](
        repeating: (0, Resolved(action: .drop)), count: DerivationRules.size)
    private var known: [UInt64: Resolved] = [:]

    @inline(__always)
    private static func key(_ model: UInt32, _ type: UInt32) -> UInt64 { UInt64(model) << 32 | UInt64(type) }

    @inline(__always)
    private static func slot(_ key: UInt64) -> Int { Int((key &* 0x9E37_79B9_7F4A_7C15) >> 54) }

    /// What is done with events of these ids of the source; nil if that was never asked.
    @inline(__always)
    mutating func find(_ model: UInt32, _ type: UInt32) -> Resolved? {
        let key = Self.key(model, type)
        let slot = Self.slot(key)
        if table[slot].key == key { return table[slot].resolved }
        guard let resolved = known[key] else { return nil }
        table[slot] = (key, resolved)
        return resolved
    }

    /// Notes what is done with a pair.
    mutating func note(_ model: UInt32, _ type: UInt32, _ resolved: Resolved) {
        known[Self.key(model, type)] = resolved
    }
}
