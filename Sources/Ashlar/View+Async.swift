/// A canonical block with all its events, by value.
public struct BlockWithEvents: Sendable, Hashable {
    /// The block.
    public var block: StoredBlock
    /// Its events in their order.
    public var events: [StoredEvent]
}

extension View {
    /// Canonical blocks with their events, for `for try await`; heights as in `blocks(_:descending:)`.
    ///
    /// Each step reads one block; nothing is read ahead, so a slow consumer costs no memory.
    public func blocksWithEvents(_ heights: ClosedRange<Int64>? = nil, descending: Bool = false) -> AsyncBlocks {
        AsyncBlocks(view: self, heights: heights, descending: descending)
    }
}

/// Canonical blocks of a view with their events, one after the other.
public struct AsyncBlocks: AsyncSequence, Sendable {
    /// A block with its events.
    public typealias Element = BlockWithEvents
    /// What reading can throw.
    public typealias Failure = StoreError

    let view: View
    let heights: ClosedRange<Int64>?
    let descending: Bool

    /// An iterator from the beginning.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(view: view, blocks: view.blocks(heights, descending: descending).makeIterator())
    }

    /// Walks the blocks.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let view: View
        var blocks: BlockSequence.Iterator

        /// The next block, or nil at the end.
        public mutating func next() async throws(StoreError) -> BlockWithEvents? {
            try step()
        }

        /// The next block, or nil at the end; on whatever actor the caller is.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(StoreError) -> BlockWithEvents? {
            try step()
        }

        private mutating func step() throws(StoreError) -> BlockWithEvents? {
            guard let block = try blocks.next()?.get() else { return nil }
            return BlockWithEvents(block: block, events: try view.events(height: block.block.height) ?? [])
        }
    }
}
