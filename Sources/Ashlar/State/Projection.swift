import AshlarStorage

/// Models over a store, kept in step with its canonical chain.
///
///     let projection = try Projection(writer.store)
///     let balances = try projection.add(Balances())
///     try projection.advance()                       // after appending, or now and then
///     let now = try balances.latest().state
///     let then = try balances.state(at: 100).state
///
/// All its models stand at one height, always between two blocks: readers on other threads never see a block half applied, and a reorg becomes
/// visible as a whole step back or forth. Nothing is written to the log; what a model makes of it can be thrown away and made again.
public final class Projection: Sendable {
    /// The store whose events it folds.
    public let store: Store
    let options: ProjectionOptions
    let monitor: Monitor<ProjectionState>
    /// Held while blocks are applied, so that one thread at a time does.
    let applying = Monitor<Void>(())
    let snapshots: SnapshotWorker

    /// A projection without models yet, before the first block.
    public init(_ store: Store, options: ProjectionOptions = ProjectionOptions()) {
        var options = options
        options.undoBlocks = max(0, options.undoBlocks)
        self.store = store
        self.options = options
        monitor = Monitor(ProjectionState())
        snapshots = Self.makeWorker(store, monitor, options)
    }

    deinit { snapshots.stop() }

    /// Ends the work in the background; a snapshot that is being written is finished first. Nothing else can be lost: all it has is derived.
    ///
    /// To be called before the writer is closed, so that the snapshot can still become durable.
    public func close() { snapshots.stop() }

    /// Adds a model and brings it to where the others stand; its snapshots are taken as `snapshots` says, or else the projection's options.
    ///
    /// Throws `invalidArgument` if there is a model of that name, and what `advance` throws. Complexity: that of a replay from its best snapshot
    /// if other models have been advanced already, else O(1).
    public func add<M: Model>(_ model: M, snapshots policy: SnapshotPolicy? = nil) throws(ProjectionError) -> Projected<
        M
    > {
        guard (1...255).contains(model.name.utf8.count) else {
            throw .invalidArgument("a model's name must have 1–255 bytes; this has \(model.name.utf8.count)")
        }
        let slot = StateSlot(model, policy: policy ?? options.snapshots)
        try applying.withLock { (_) throws(ProjectionError) in
            let position = try monitor.withLock { (state) throws(ProjectionError) -> StatePosition? in
                guard !state.slots.contains(where: { Array($0.name.utf8) == Array(slot.name.utf8) }) else {
                    throw .invalidArgument("there is a model named \(slot.name) in this projection already")
                }
                return state.position
            }
            if let position {
                let view = try reading { () throws(StoreError) in try store.view(asOf: position.sequence) }
                try restore([slot], in: view, upTo: position.height ?? -1)
            }
            monitor.withLock { $0.slots.append(slot) }
        }
        return Projected(projection: self, slot: slot)
    }

    /// Where its models stand: the block whose state is the latest; nil before the first `advance`.
    public var position: StatePosition? { monitor.withLock { $0.position } }
}

/// What is shared between the thread that applies blocks and those that read states.
struct ProjectionState {
    var slots: [ModelSlot] = []
    /// Nil until the models were restored for the first time, and while they are being restored.
    var position: StatePosition?
    var isRestoring = false
    var cache: [CachedState] = []
}

/// A model of a projection: where its states are asked for.
public struct Projected<M: Model>: Sendable {
    /// The projection it belongs to.
    public let projection: Projection
    let slot: StateSlot<M>

    /// The model itself.
    public var model: M { slot.model }
}
