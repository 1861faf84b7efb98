import AshlarFormat
import AshlarStorage

/// A snapshot to be taken: a copy of a model's state and where it belongs.
struct SnapshotTask: Sendable {
    let model: String
    let schemaVersion: UInt32
    let position: StatePosition
    let policy: SnapshotPolicy
    /// Writes the copy of the state.
    let encode: @Sendable (inout SnapshotOutput) throws -> Void

    /// What came of it.
    enum Outcome: Sendable {
        case taken(SnapshotEntry)
        /// Its block is not canonical any more, or nobody waits for it any more.
        case void
    }

    /// Writes the snapshot, waits until the commit it speaks of is durable, and gives it its name.
    ///
    /// `isWanted` is asked while it waits.
    func perform(on store: Store, isWanted: () -> Bool) throws(SnapshotError) -> Outcome {
        let core = store.core
        guard let identity = try identity(in: store) else { return .void }
        let written = try SnapshotWriter.write(
            identity, compression: policy.compression, to: core.storage, body: encode)
        do throws(StoreError) {
            guard try waitUntilDurable(store, isWanted),
                try store.view().sharesChain(asOf: position.sequence, upTo: identity.height)
            else { return .void }
        } catch {
            throw .store(error)
        }
        return .taken(try written.publish())
    }

    /// The block the state is the state after, and the commit that says so.
    private func identity(in store: Store) throws(SnapshotError) -> SnapshotIdentity? {
        do throws(StoreError) {
            guard let height = position.height,
                let chainValue = try store.chainValue(ofSequence: position.sequence)
            else { return nil }
            guard let block = try block(notAbove: height, in: store.view(asOf: position.sequence)) else { return nil }
            return SnapshotIdentity(
                storeID: store.id, model: model, schemaVersion: schemaVersion, height: block.block.height,
                blockHash: block.block.hash, sequence: position.sequence, chainValue: chainValue)
        } catch {
            throw .store(error)
        }
    }

    /// The block at `height`, or the highest one below where heights are skipped.
    private func block(notAbove height: Int64, in view: View) throws(StoreError) -> StoredBlock? {
        if let block = try view.block(height: height) { return block }
        var blocks = view.blocks(0...height, descending: true).makeIterator()
        return try blocks.next()?.get()
    }

    /// Sees to it that the commit is durable; false if nobody wants the snapshot any more.
    private func waitUntilDurable(_ store: Store, _ isWanted: () -> Bool) throws(StoreError) -> Bool {
        if store.core.storage.isSeeded(.snapshotAheadOfLog) { return true }
        if store.core.isWriter {
            try store.core.sync(upTo: position.sequence)
            return true
        }
        // Another process writes: it is told there when the commit is durable.
        while store.durableSequence < position.sequence {
            guard isWanted() else { return false }
            SystemCalls.pause(milliseconds: 20)
            try store.refresh()
        }
        return true
    }
}
