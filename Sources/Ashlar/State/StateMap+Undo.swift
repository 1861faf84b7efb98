extension StateMap: ModelState {
    /// An entry as it was before a change; nil if there was none.
    @usableFromInline
    struct Change: Sendable {
        @usableFromInline let key: Key
        @usableFromInline let old: Value?

        @inlinable
        init(key: Key, old: Value?) {
            self.key = key
            self.old = old
        }
    }

    /// What one block changed, in the order it did.
    public struct Journal: Sendable {
        @usableFromInline var changes: [Change] = []

        @inlinable
        init() {}

        /// Number of changes: an entry counts each time it changed.
        public var count: Int { changes.count }
    }

    /// What undoing a block takes: the old values of what it changed.
    public typealias Undo = Journal

    /// Begins to keep old values.
    @inlinable
    public mutating func beginBlock() -> Journal {
        journal = Journal()
        return Journal()
    }

    /// Hands out the old values and stops keeping them.
    ///
    /// Traps if the map has been replaced by another since `beginBlock`: the old values went with it, and undoing the block would quietly
    /// come to a wrong state.
    @inlinable
    public mutating func endBlock(_ undo: inout Journal) {
        guard let journal else {
            preconditionFailure(
                "a StateMap was replaced by another one within a block, which cannot be undone; use `removeAll()` and set its entries"
            )
        }
        undo = journal
        self.journal = nil
    }

    /// Puts the old values back, the last change first. Complexity: O(changes).
    @inlinable
    public mutating func undo(_ undo: Journal) {
        journal = nil
        for change in undo.changes.reversed() { update(change.key) { $0 = change.old } }
    }
}
