/// The steps of a log in batches, for `for try await`: first history, then live.
///
///     for try await batch in try store.subscribe(from: cursor) {
///         apply(batch.steps)
///         save(batch.cursor)
///     }
///
/// Delivery is at least once: who saves the cursor together with what it made of the batch has it exactly once. Nothing is read ahead, so
/// a slow consumer costs no memory. A batch without steps only moves the cursor. It ends when the task is cancelled, and, in the
/// writer's process, when the writer was closed and everything was delivered; a writer that failed makes it throw `poisoned`. In a process that
/// only reads it goes on until it is cancelled. Each iterator begins at the same cursor.
public struct Subscription: AsyncSequence, Sendable {
    /// Steps that belong together only in that they are delivered together.
    public typealias Element = StepBatch
    /// What following can throw.
    public typealias Failure = StoreError

    let store: Store
    let start: Cursor
    let options: SubscriptionOptions

    /// An iterator from the subscription's cursor on.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(box: FollowerBox(Follower(store, start, options)))
    }

    /// Hands out the batches.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let box: FollowerBox

        /// The next batch, or nil at the end.
        public mutating func next() async throws(StoreError) -> StepBatch? {
            try await box.next(isolation: nil)
        }

        /// The next batch, or nil at the end; on whatever actor the caller is.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(StoreError) -> StepBatch? {
            try await box.next(isolation: actor)
        }
    }
}

/// A follower that a copyable iterator can hold.
final class FollowerBox {
    private var follower: Follower

    init(_ follower: consuming Follower) { self.follower = follower }

    func next(isolation actor: isolated (any Actor)?) async throws(StoreError) -> StepBatch? {
        while !Task.isCancelled {
            if let batch = try follower.next() { return batch }
            switch try follower.outlook() {
            case .more: continue
            case .over: return nil
            case .failed(let error): throw error
            case .quiet: break
            }
            let core = follower.core
            if core.isWriter {
                await core.waitForMore(past: follower.nextSequence - 1, follower.options.horizon)
            } else {
                // Ended early only by a cancellation, which the loop sees.
                try? await Task.sleep(nanoseconds: UInt64(Follower.pollMilliseconds) * 1_000_000)
            }
        }
        return nil
    }
}
