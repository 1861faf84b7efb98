/// The directory of a simulated disk: which name stands for which file, now and on the medium.
struct SimulatedDirectory: Sendable {
    /// A change that no `syncDirectory` has covered yet.
    enum Change: Sendable {
        case link(name: String, file: Int)
        case unlink(name: String)
        case rename(from: String, to: String, file: Int)
    }

    private(set) var visible: [String: Int] = [:]
    private(set) var durable: [String: Int] = [:]
    private var pending: [Change] = []

    init() {}

    init(durable entries: [String: Int]) {
        visible = entries
        durable = entries
    }

    mutating func link(_ name: String, _ file: Int) { change(.link(name: name, file: file)) }

    mutating func unlink(_ name: String) { change(.unlink(name: name)) }

    mutating func rename(_ name: String, to newName: String) {
        guard let file = visible[name] else { return }
        change(.rename(from: name, to: newName, file: file))
    }

    private mutating func change(_ change: Change) {
        Self.apply(change, to: &visible)
        pending.append(change)
    }

    mutating func sync() {
        durable = visible
        pending = []
    }

    /// Each change since the last sync is kept or lost on its own.
    func afterPowerCut(_ random: inout SplitMix64) -> [String: Int] {
        var entries = durable
        for change in pending where random.chance(50) { Self.apply(change, to: &entries) }
        return entries
    }

    private static func apply(_ change: Change, to entries: inout [String: Int]) {
        switch change {
        case .link(let name, let file): entries[name] = file
        case .unlink(let name): entries[name] = nil
        case .rename(let old, let new, let file):
            entries[old] = nil
            entries[new] = file
        }
    }
}
