import AshlarFormat

extension Projected {
    /// The state after the latest block that was applied, and which block that is.
    ///
    /// It is a copy; for a `StateMap` that costs nothing worth mentioning. Throws `restoring` while the projection loads snapshots.
    public func latest() throws(ProjectionError) -> PlacedState<M.State> {
        try projection.monitor.withLock { (state) throws(ProjectionError) in
            guard let position = state.position else {
                if state.isRestoring { throw .restoring }
                return PlacedState(state: slot.state, position: StatePosition(sequence: 0, height: nil))
            }
            return PlacedState(state: slot.state, position: position)
        }
    }

    /// The state after the canonical block at `height`, or after the highest one below it where heights are skipped.
    ///
    /// With `sequence` in the chain as it was believed after that commit, else in the present one. Throws `aboveTip`, `notKept`, `model`,
    /// `store`. Complexity: O(1) for heights the projection can undo to, else a replay from the nearest snapshot or state at hand.
    public func state(
        at height: Int64, asOf sequence: UInt64? = nil
    ) throws(ProjectionError) -> PlacedState<M.State> {
        try projection.reader(at: height, asOf: sequence).state(of: self)
    }

    /// The state at the tip of the chain as it was believed after commit `sequence`.
    ///
    /// Throws what `state(at:asOf:)` throws.
    public func state(asOf sequence: UInt64) throws(ProjectionError) -> PlacedState<M.State> {
        try projection.reader(asOf: sequence).state(of: self)
    }

    /// The latest state with the floating events of the last `pendingCommits` commits on top, as far as the model takes them.
    ///
    /// Only this shows floating events; they are no part of any other state. Complexity: O(those events).
    public func latestWithPending() throws(ProjectionError) -> PlacedState<M.State> {
        var placed = try latest()
        let store = projection.store
        let last = store.sequence
        guard last > 0, projection.options.pendingCommits > 0 else { return placed }
        var query = EventQuery()
        query.scope = .floating
        if !slot.sources.isEmpty { query.models = slot.sources }
        query.sequences = max(1, last &- min(last, projection.options.pendingCommits) &+ 1)...last
        let asked = query
        let view = try reading { () throws(StoreError) in try store.view(asOf: last) }
        var cursor = try reading { () throws(StoreError) in try view.cursor(asked) }
        var event = ModelEvent(names: EventNames(store.core))
        while true {
            do throws(StoreError) { guard try cursor.next() else { return placed } } catch { throw .store(error) }
            event.load(from: cursor)
            do { try slot.model.applyPending(event, to: &placed.state) } catch {
                throw .model(
                    name: slot.name, height: nil, sequence: event.sequence, ordinal: event.ordinal, cause: error)
            }
        }
    }
}

extension Projection {
    /// The states of any of its models after the block where they stand now: all at that one height, whatever is appended meanwhile.
    ///
    /// Throws `restoring` before the models were restored for the first time.
    public func reader() throws(ProjectionError) -> StateReader {
        guard let position else { throw .restoring }
        let view = try reading { () throws(StoreError) in try store.view(asOf: position.sequence) }
        return StateReader(projection: self, view: view, height: position.height ?? -1)
    }

    /// The states of any of its models at `height`, in the present chain or as it was believed after commit `sequence`.
    ///
    /// Throws `aboveTip`; `invalidArgument` for a height below −1, `store(.invalidArgument)` for a sequence that is not in the log.
    public func reader(at height: Int64, asOf sequence: UInt64? = nil) throws(ProjectionError) -> StateReader {
        let view = try reading { () throws(StoreError) in
            if let sequence { return try store.view(asOf: sequence) }
            return try store.view()
        }
        guard height >= -1 else {
            throw .invalidArgument("height \(height) is below −1, which stands for before the first block")
        }
        guard height <= view.tipHeight ?? -1 else {
            throw .aboveTip(height: height, tipHeight: view.tipHeight)
        }
        return StateReader(projection: self, view: view, height: height)
    }

    /// The states of any of its models at the tip of the chain as it was believed after commit `sequence`.
    public func reader(asOf sequence: UInt64) throws(ProjectionError) -> StateReader {
        let view = try reading { () throws(StoreError) in try store.view(asOf: sequence) }
        return StateReader(projection: self, view: view, height: view.tipHeight ?? -1)
    }
}

/// States of several models at one height of one chain.
public struct StateReader: Sendable {
    let projection: Projection
    /// The chain.
    public let view: View
    /// The height; −1 for before the first block.
    public let height: Int64

    /// The state of one model there. Throws what `Projected.state(at:asOf:)` throws.
    public func state<M: Model>(of model: Projected<M>) throws(ProjectionError) -> PlacedState<M.State> {
        guard model.projection === projection else {
            throw .invalidArgument("\(model.slot.name) belongs to another projection")
        }
        return try projection.state(of: model.slot, in: view, at: height)
    }
}
