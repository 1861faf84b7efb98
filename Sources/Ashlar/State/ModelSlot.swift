import AshlarFormat

/// One model of a projection with its live state, whatever the state's type is.
///
/// Invariants: the state is that after the canonical block at `height` (the highest with events the model takes may be lower), except between
/// `apply` and `endBlock`; it can be undone to any height from `undoFloor` on. Touched only under the projection's lock, except while it is not yet
/// part of a projection: hence unchecked.
class ModelSlot: @unchecked Sendable {
    let name: String
    let schemaVersion: UInt32
    let sources: [String]
    /// Height the state stands at; −1 before the first block.
    var height: Int64 = -1
    /// The lowest height it can be undone to.
    var undoFloor: Int64 = -1

    init(name: String, schemaVersion: UInt32, sources: [String]) {
        self.name = name
        self.schemaVersion = schemaVersion
        self.sources = sources
    }

    /// Whether a block was begun and not ended.
    var isInBlock: Bool { false }

    /// Goes back to the state before the first block.
    func reset() {}

    /// Takes an event of the block under way, which it begins if need be.
    func apply(_ event: borrowing ModelEvent) throws {}

    /// Ends the block under way and keeps what undoing it takes.
    func endBlock(height: Int64) {}

    /// Takes back what the block under way has changed.
    func abortBlock() {}

    /// Undoes all blocks above `target`, which is not below `undoFloor`.
    func undo(to target: Int64) {}

    /// Forgets how to undo blocks at or below `floor`.
    func trim(to floor: Int64) {}
}

/// A model with its live state.
final class StateSlot<M: Model>: ModelSlot, @unchecked Sendable {
    let model: M
    private(set) var state: M.State
    private var undos: [(height: Int64, undo: M.State.Undo)] = []
    private var current: M.State.Undo?

    init(_ model: M) {
        self.model = model
        state = model.makeState()
        super.init(name: model.name, schemaVersion: model.schemaVersion, sources: model.sources)
    }

    override var isInBlock: Bool { current != nil }

    override func reset() { restore(model.makeState(), height: -1) }

    /// Puts a state in place that was made elsewhere; nothing before it can be undone.
    func restore(_ state: M.State, height: Int64) {
        self.state = state
        (undos, current) = ([], nil)
        (self.height, undoFloor) = (height, height)
    }

    override func apply(_ event: borrowing ModelEvent) throws {
        if current == nil { current = state.beginBlock() }
        try model.apply(event, to: &state)
    }

    override func endBlock(height: Int64) {
        if var undo = current {
            current = nil
            state.endBlock(&undo)
            undos.append((height, undo))
        }
        self.height = height
    }

    override func abortBlock() {
        guard var undo = current else { return }
        current = nil
        state.endBlock(&undo)
        state.undo(undo)
    }

    override func undo(to target: Int64) {
        while let last = undos.last, last.height > target {
            undos.removeLast()
            state.undo(last.undo)
        }
        height = target
    }

    override func trim(to floor: Int64) {
        guard floor > undoFloor else { return }
        undoFloor = floor
        undos.removeFirst(undos.prefix { $0.height <= floor }.count)
    }

    /// A copy of the state as it was after the block at `target`, which lies between `undoFloor` and `height`.
    func copy(at target: Int64) -> M.State {
        var copy = state
        for entry in undos.reversed() {
            guard entry.height > target else { break }
            copy.undo(entry.undo)
        }
        return copy
    }
}
