/// The state of a model: a value that can go back by a block.
///
/// A projection calls `beginBlock` before a block's first event, `endBlock` behind its last, keeps what that gave for the most recent blocks, and
/// calls `undo` with it, newest first, when a reorg undoes blocks (also on copies of the state, for reads at recent heights).
///
/// The default keeps a copy of the state for each block. That is right for small states and for values whose copies share memory; `StateMap` keeps
/// the old values of what a block changed instead. A state made of several such parts conforms by handing the three calls on to each.
public protocol ModelState: Sendable {
    /// What undoing one block takes.
    associatedtype Undo: Sendable = Self

    /// Prepares for a block's events; called with the state as it is before the block.
    mutating func beginBlock() -> Undo

    /// Completes `undo` behind the block's last event (or behind the one that failed).
    mutating func endBlock(_ undo: inout Undo)

    /// Takes the block that `undo` came from back: the last one that was not undone.
    mutating func undo(_ undo: Undo)
}

extension ModelState where Undo == Self {
    /// A copy of the state before the block.
    @inlinable
    public mutating func beginBlock() -> Self { self }

    /// Nothing: the copy is all it takes.
    @inlinable
    public mutating func endBlock(_ undo: inout Self) {}

    /// Puts the copy in place.
    @inlinable
    public mutating func undo(_ undo: Self) { self = undo }
}
