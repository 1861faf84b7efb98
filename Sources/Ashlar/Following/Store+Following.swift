import AshlarFormat
import AshlarStorage

/// A place in the log that a cursor can be had for.
public enum CursorPlace: Sendable, Hashable {
    /// Before everything; throws `pruned` where the beginning of the log was.
    case start
    /// Before the first commit that was not pruned.
    case oldest
    /// Behind the last commit that the store shows now.
    case end
    /// Behind the commit with this sequence; 0 is the start.
    case sequence(UInt64)
}

extension Store {
    /// The cursor for following from a place of the log.
    ///
    /// Throws `invalidArgument` for a sequence that this reader's log does not have. Complexity: at most two small reads.
    public func cursor(at place: CursorPlace) throws(StoreError) -> Cursor {
        let sequence: UInt64 =
            switch place {
            case .start: 0
            case .oldest: firstSequence - 1
            case .end: self.sequence
            case .sequence(let sequence): sequence
            }
        guard let chainValue = try chainValue(ofSequence: sequence) else {
            throw .invalidArgument("sequence \(sequence) is not in the log; the last is \(self.sequence)")
        }
        return Cursor(storeID: id, sequence: sequence, chainValue: chainValue)
    }

    /// The steps of the log behind `cursor` (from the beginning if nil): first history, then live.
    ///
    /// Throws `cursorNotFound` if this log does not contain the cursor, `pruned` if what comes behind it was pruned, and `invalidArgument` for a horizon beyond the store's own. In a process
    /// that only reads, the log is looked at every 20 ms.
    public func subscribe(
        from cursor: Cursor? = nil, options: SubscriptionOptions = SubscriptionOptions()
    ) throws(StoreError) -> Subscription {
        Subscription(store: self, start: try checked(cursor, options), options: options)
    }

    /// The same on the calling thread, batch by batch. Throws what `subscribe` throws.
    public func follow(
        from cursor: Cursor? = nil, options: SubscriptionOptions = SubscriptionOptions()
    ) throws(StoreError) -> Follower {
        Follower(self, try checked(cursor, options), options)
    }

    private func checked(_ cursor: Cursor?, _ options: SubscriptionOptions) throws(StoreError) -> Cursor {
        try core.checkWhole()
        if options.horizon == .committed, !core.isWriter, core.horizon == .durable {
            throw .invalidArgument(
                "this store was opened to show what is durable; open it with the horizon `committed` to follow beyond")
        }
        guard let cursor else { return try self.cursor(at: .start) }
        try check(cursor)
        return cursor
    }

    /// Throws `cursorNotFound` unless the log contains what the cursor stands for.
    ///
    /// Complexity: at most two small reads.
    public func check(_ cursor: Cursor) throws(StoreError) {
        guard cursor.storeID == id else { throw .cursorNotFound(.otherStore(cursor.storeID)) }
        // A cursor may come from a process that sees further than this one has looked yet.
        if cursor.sequence > sequence { try refresh() }
        guard let chainValue = try chainValue(ofSequence: cursor.sequence) else {
            throw .cursorNotFound(.beyondEnd(sequence: cursor.sequence, last: sequence))
        }
        guard chainValue == cursor.chainValue || core.storage.isSeeded(.chainValueUnchecked) else {
            throw .cursorNotFound(.otherCommit(sequence: cursor.sequence))
        }
    }
}

extension LogState {
    /// The last sequence that shows under a horizon.
    func visibleSequence(_ horizon: ReadHorizon) -> UInt64 {
        horizon == .durable ? min(durable.sequence, state.sequence) : state.sequence
    }
}
