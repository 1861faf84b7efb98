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
    let policy: SnapshotPolicy
    /// What has been applied since the last snapshot.
    var sinceSnapshot = SinceSnapshot()

    /// How much a snapshot would save.
    struct SinceSnapshot {
        var height: Int64 = -1
        var logBytes = 0
        var events = 0
    }

    init(name: String, schemaVersion: UInt32, sources: [String], policy: SnapshotPolicy) {
        self.name = name
        self.schemaVersion = schemaVersion
        self.sources = sources
        self.policy = policy
    }

    /// Whether a block was begun and not ended.
    var isInBlock: Bool { false }

    /// Goes back to the state before the first block.
    func reset() {}

    /// Takes an event of the block under way, which it begins if need be.
    func apply(_ event: borrowing ModelEvent) throws {}

    /// Takes a run of events of the block under way, or the beginning of it, as `apply` does each.
    func apply(run events: inout ModelEvents) throws {}

    /// Ends the block under way and keeps what undoing it takes.
    func endBlock(height: Int64) {}

    /// Takes back what the block under way has changed.
    func abortBlock() {}

    /// Undoes all blocks above `target`, which is not below `undoFloor`.
    func undo(to target: Int64) {}

    /// Forgets how to undo blocks at or below `floor`.
    func trim(to floor: Int64) {}

    /// A snapshot of the state as it is, which belongs at `position`.
    func snapshot(at position: StatePosition) -> SnapshotTask? { nil }

    /// Puts the state of a snapshot in place.
    func load(_ file: SnapshotFile) throws(SnapshotError) {}
}

extension ModelSlot {
    /// Whether the policy wants a snapshot now.
    var isSnapshotDue: Bool {
        policy.isDue(
            blocks: height - max(sinceSnapshot.height, 0), logBytes: sinceSnapshot.logBytes,
            events: sinceSnapshot.events)
    }
}

/// A model with its live state.
final class StateSlot<M: Model>: ModelSlot, @unchecked Sendable {
    let model: M
    private(set) var state: M.State
    private var undos: [(height: Int64, undo: M.State.Undo)] = []
    private var current: M.State.Undo?

    init(_ model: M, policy: SnapshotPolicy = .off) {
        self.model = model
        state = model.makeState()
        super.init(name: model.name, schemaVersion: model.schemaVersion, sources: model.sources, policy: policy)
    }

    override var isInBlock: Bool { current != nil }

    override func reset() { restore(model.makeState(), height: -1) }

    /// Puts a state in place that was made elsewhere; nothing before it can be undone.
    func restore(_ state: M.State, height: Int64) {
        self.state = state
        (undos, current) = ([], nil)
        (self.height, undoFloor) = (height, height)
        sinceSnapshot = SinceSnapshot(height: height)
    }

    override func apply(_ event: borrowing ModelEvent) throws {
        if current == nil { current = state.beginBlock() }
        sinceSnapshot.events += 1
        try model.apply(event, to: &state)
    }

    override func apply(run events: inout ModelEvents) throws {
        if current == nil { current = state.beginBlock() }
        defer { sinceSnapshot.events += events.count }
        try model.apply(run: &events, to: &state)
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
        model.undo(undo, in: &state)
    }

    override func undo(to target: Int64) {
        while let last = undos.last, last.height > target {
            undos.removeLast()
            model.undo(last.undo, in: &state)
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
            model.undo(entry.undo, in: &copy)
        }
        return copy
    }

    override func snapshot(at position: StatePosition) -> SnapshotTask? {
        let (model, state) = (model, state)
        return SnapshotTask(
            model: name, schemaVersion: schemaVersion, position: position, policy: policy,
            encode: { try model.encode(state, to: &$0) })
    }

    override func load(_ file: SnapshotFile) throws(SnapshotError) {
        let model = model
        let state = try file.read { try model.decode(from: &$0) }
        restore(state, height: file.identity.height)
    }
}
