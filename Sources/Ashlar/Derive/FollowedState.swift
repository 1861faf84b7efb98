/// The state of a derivation, and how to undo the latest canonical blocks in it.
///
/// Invariant: `kept` ends with the canonical tip, if it is not empty; its heights ascend.
struct FollowedState<State: ModelState>: Sendable {
    private struct Kept: Sendable {
        var height: Int64
        var undo: State.Undo
    }

    var value: State
    private var kept: [Kept] = []
    private let depth: Int

    init(_ value: State, depth: Int) {
        self.value = value
        self.depth = max(0, depth)
    }

    /// Whether there is nothing to follow.
    static var isStateless: Bool { State.self == NoDerivationState.self }

    /// Notes how the block just taken in is undone, and forgets the oldest beyond the depth.
    mutating func keep(_ undo: State.Undo, height: Int64) {
        kept.append(Kept(height: height, undo: undo))
        // Dropped in batches, so that it costs little per block.
        if kept.count - depth > depth { kept.removeFirst(kept.count - depth) }
    }

    /// Undoes the `count` blocks above `height`; false if not all of them are kept, and then nothing is undone.
    mutating func undo(above height: Int64, count: Int) -> Bool {
        guard kept.count >= count else { return false }
        let undone = kept.suffix(count)
        guard undone.allSatisfy({ $0.height > height }) else { return false }
        for entry in undone.reversed() { value.undo(entry.undo) }
        kept.removeLast(count)
        return true
    }

    /// Begins again with `value`.
    mutating func restart(_ value: State) {
        self.value = value
        kept.removeAll()
    }
}
