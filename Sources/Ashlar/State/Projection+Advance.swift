import AshlarFormat
import AshlarStorage

/// How far `Projection.advance` came.
public enum AdvanceOutcome: Sendable, Hashable {
    /// All models stand at the tip the log had when the call began.
    case reachedTip(StatePosition)
    /// The bound on blocks was reached first.
    case more(StatePosition)
}

extension Projection {
    /// Takes in what the log has by now: undoes blocks that are not canonical any more, applies those that are new.
    ///
    /// The first call restores each model from its best snapshot and replays the rest. A reorg of at most `undoBlocks` is undone in memory, a
    /// deeper one loads snapshots. Bounded by `blocks`, so that a caller can show progress or do other work in between. Throws `model` if a model
    /// refuses an event: all models then stand at the block before, and the next call tries again. In a process that only reads, the log is
    /// looked at anew first. Complexity: O(new events).
    @discardableResult
    public func advance(atMostBlocks blocks: Int64 = .max) throws(ProjectionError) -> AdvanceOutcome {
        try applying.withLock { (_) throws(ProjectionError) in
            let view = try reading { () throws(StoreError) in
                try store.refresh()
                return try store.view()
            }
            return try advance(in: view, atMostBlocks: blocks)
        }
    }

    /// Brings all models to the chain as it was believed after commit `sequence`, like `advance`; going forward in the log is what is cheap.
    @discardableResult
    package func advance(
        asOf sequence: UInt64, atMostBlocks blocks: Int64 = .max
    ) throws(ProjectionError) -> AdvanceOutcome {
        try applying.withLock { (_) throws(ProjectionError) in
            let view = try reading { () throws(StoreError) in try store.view(asOf: sequence) }
            return try advance(in: view, atMostBlocks: blocks)
        }
    }

    private func advance(in view: View, atMostBlocks blocks: Int64) throws(ProjectionError) -> AdvanceOutcome {
        let tip = view.tipHeight ?? -1
        let start = try settle(on: view)
        let (end, overflow) = start.addingReportingOverflow(max(blocks, 1))
        let target = overflow ? tip : min(tip, end)
        let slots = monitor.withLock { $0.slots }
        try replay(slots, in: view, upTo: target)
        let position = StatePosition(sequence: view.sequence, height: target >= 0 ? target : nil)
        return target == tip ? .reachedTip(position) : .more(position)
    }

    /// Puts all models on the chain of `view`, at the highest height that they can share without applying blocks; gives that height.
    private func settle(on view: View) throws(ProjectionError) -> Int64 {
        guard let position = monitor.withLock({ $0.position }), position.sequence >= view.base.sequence else {
            return try restoreAll(in: view, upTo: view.tipHeight ?? -1)
        }
        let shared = try reading { () throws(StoreError) in
            try view.commonHeight(withChainAsOf: position.sequence)
        }
        let height = min(shared, position.height ?? -1)
        let isUndone = monitor.withLock { state in
            guard state.slots.allSatisfy({ $0.undoFloor <= height }) else { return false }
            for slot in state.slots where slot.height > height { slot.undo(to: height) }
            state.position = StatePosition(sequence: view.sequence, height: height >= 0 ? height : nil)
            return true
        }
        return isUndone ? height : try restoreAll(in: view, upTo: height)
    }

    /// Brings all models to one height not above `limit`, each from its best snapshot; gives that height.
    private func restoreAll(in view: View, upTo limit: Int64) throws(ProjectionError) -> Int64 {
        let slots = monitor.withLock { state in
            (state.position, state.isRestoring) = (nil, true)
            return state.slots
        }
        // If it fails the models have nothing to show: they are being restored until some call succeeds.
        let highest: Int64
        do throws(ProjectionError) {
            for slot in slots { try loadBase(slot, in: view, upTo: limit) }
            highest = slots.map(\.height).max() ?? limit
            try catchUp(slots, in: view, upTo: highest)
        } catch {
            for slot in slots { slot.reset() }
            // A model that has to catch up refuses a block below the others' snapshots: then all start from below it, and meet it together.
            guard case .model(_, let height?, _, _, _) = error, height <= limit else { throw error }
            return try restoreAll(in: view, upTo: height - 1)
        }
        monitor.withLock {
            $0.position = StatePosition(sequence: view.sequence, height: highest >= 0 ? highest : nil)
            $0.isRestoring = false
        }
        return highest
    }

    /// Brings models that are not part of the projection yet to `height`.
    func restore(_ slots: [ModelSlot], in view: View, upTo height: Int64) throws(ProjectionError) {
        for slot in slots { try loadBase(slot, in: view, upTo: height) }
        try catchUp(slots, in: view, upTo: height)
    }

    private func catchUp(_ slots: [ModelSlot], in view: View, upTo height: Int64) throws(ProjectionError) {
        let behind = slots.filter { $0.height < height }
        guard !behind.isEmpty else { return }
        var replay: Replay
        do throws(ProjectionError) {
            replay = try Replay(behind, in: view, upTo: height, undoBlocks: options.undoBlocks)
        } catch {
            throw missingBase(error, behind, in: view, at: height)
        }
        while try replay.applyBlock() {}
        replay.finish()
    }

    /// Names a model that has no snapshot to start from in a log whose beginning was pruned.
    private func missingBase(
        _ error: ProjectionError, _ slots: [ModelSlot], in view: View, at height: Int64
    ) -> ProjectionError {
        guard let lowest = slots.min(by: { $0.height < $1.height }) else { return error }
        return explained(error, lowest, in: view, at: height)
    }

    /// Applies the blocks above where the models stand, one at a time under the lock.
    private func replay(_ slots: [ModelSlot], in view: View, upTo target: Int64) throws(ProjectionError) {
        var replay: Replay
        do throws(ProjectionError) {
            replay = try Replay(slots, in: view, upTo: target, undoBlocks: options.undoBlocks)
        } catch {
            throw missingBase(error, slots, in: view, at: target)
        }
        var isDone = false
        while !isDone {
            try monitor.withLock { (state) throws(ProjectionError) in
                isDone = !(try replay.applyBlock())
                if isDone { replay.finish() }
                let height = isDone ? target : replay.height
                state.position = StatePosition(sequence: view.sequence, height: height >= 0 ? height : nil)
            }
            takeDueSnapshot()
        }
    }
}
