import AshlarFormat

/// A state at an earlier height, kept because it was asked for.
struct CachedState: Sendable {
    var model: String
    var position: StatePosition
    /// An `M.State` of the model with that name.
    var state: any Sendable
}

extension Projection {
    /// The state of a model after the block at `height` of the chain that `view` shows; −1 for before the first block.
    ///
    /// It starts from the nearest of: the live state, with recent blocks undone on a copy; a state asked for before; a snapshot; nothing.
    func state<M: Model>(
        of slot: StateSlot<M>, in view: View, at height: Int64
    ) throws(ProjectionError) -> PlacedState<M.State> {
        let base = try nearestBase(of: slot, in: view, at: height)
        let position = StatePosition(sequence: view.sequence, height: height >= 0 ? height : nil)
        if base.height == height, base.isCheap { return PlacedState(state: base.state, position: position) }
        let working = StateSlot(slot.model)
        working.restore(base.state, height: base.height)
        if base.height < height { try loadSnapshot(into: working, in: view, above: base.height, upTo: height) }
        if working.height < height {
            do throws(ProjectionError) {
                var replay = try Replay([working], in: view, upTo: height, undoBlocks: 0)
                while try replay.applyBlock() {}
                replay.finish()
            } catch {
                throw explained(error, slot, in: view, at: height)
            }
        }
        keep(CachedState(model: slot.name, position: position, state: working.state))
        return PlacedState(state: working.state, position: position)
    }

    /// A state to start from.
    struct Base<State: Sendable> {
        var state: State
        var height: Int64
        /// Whether getting at it again is as quick as keeping it.
        var isCheap: Bool
    }

    private func nearestBase<M: Model>(
        of slot: StateSlot<M>, in view: View, at height: Int64
    ) throws(ProjectionError) -> Base<M.State> {
        var best = try liveBase(of: slot, in: view, at: height)
        if best?.height == height, let best { return best }
        for kept in monitor.withLock({ $0.cache }) where kept.model.utf8.elementsEqual(slot.name.utf8) {
            guard let state = kept.state as? M.State else { continue }
            let candidate = kept.position.height ?? -1
            guard kept.position.sequence >= view.base.sequence, candidate <= height, candidate > best?.height ?? -2
            else { continue }
            let isShared = try reading { () throws(StoreError) in
                try view.sharesChain(asOf: kept.position.sequence, upTo: candidate)
            }
            if isShared { best = Base(state: state, height: candidate, isCheap: true) }
        }
        return best ?? Base(state: slot.model.makeState(), height: -1, isCheap: true)
    }

    /// The live state, taken back on a copy to where its chain and that of `view` are the same, if that is at most `undoBlocks`.
    private func liveBase<M: Model>(
        of slot: StateSlot<M>, in view: View, at height: Int64
    ) throws(ProjectionError) -> Base<M.State>? {
        guard let position = monitor.withLock({ $0.position }), let top = position.height,
            position.sequence >= view.base.sequence
        else { return nil }
        let shared = try reading { () throws(StoreError) in
            try view.commonHeight(withChainAsOf: position.sequence)
        }
        let target = min(shared, top, height)
        return monitor.withLock { state in
            // The projection may have moved on meanwhile: what it undid and applied since, this view does not show.
            guard state.position == position, target >= slot.undoFloor else { return nil }
            return Base(state: slot.copy(at: target), height: target, isCheap: true)
        }
    }

    private func keep(_ state: CachedState) {
        monitor.withLock {
            $0.cache.append(state)
            $0.cache.removeFirst(max(0, $0.cache.count - max(0, options.cachedStates)))
        }
    }

    /// Where events were removed or pruned, a state below cannot be told any more: says from where on one can, by the lowest snapshot above.
    func explained(
        _ error: ProjectionError, _ slot: ModelSlot, in view: View, at height: Int64
    ) -> ProjectionError {
        switch error {
        case .store(.removed), .store(.pruned): break
        default: return error
        }
        let choice = try? SnapshotCatalog(store.core.storage).choose(
            model: slot.name, schemaVersion: slot.schemaVersion, in: view)
        let above = choice?.usable.compactMap { $0.identity?.height }.filter { $0 > height }.min()
        return .notKept(model: slot.name, height: height, answerableFrom: above)
    }
}
