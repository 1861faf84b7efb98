/// How a projection works.
public struct ProjectionOptions: Sendable {
    /// Reorgs that undo at most this many blocks are undone in memory; deeper ones load a snapshot and replay. 0 or more.
    public var undoBlocks: Int64 = 64
    /// How many states at earlier heights are kept in memory once they were asked for. 0 or more.
    public var cachedStates = 4
    /// When snapshots are taken of the models that are added without a policy of their own.
    public var snapshots = SnapshotPolicy()
    /// Told of snapshots taken, failed, skipped and removed; on any thread, in the midst of the projection's work. Keep it short, and
    /// don't call the projection from it: that may wait for itself.
    public var report: (@Sendable (ProjectionNotice) -> Void)?
    /// Whether snapshots that are due are taken at once, on the thread that applies blocks: for tests that must not depend on threads.
    package var takesSnapshotsInline = false
    /// `latestWithPending` looks at floating events of this many of the latest commits.
    public var pendingCommits: UInt64 = 10_000

    /// 64 blocks of undo, 4 cached states, a snapshot every 1,000 blocks, pending events of 10,000 commits.
    public init() {}
}

/// Where a state belongs in the log.
public struct StatePosition: Sendable, Hashable {
    /// The chain it is a state of: the canonical one as of this log sequence.
    public var sequence: UInt64
    /// The block it is the state after; nil before the first block.
    public var height: Int64?

    /// A position; `height` is that of a canonical block as of `sequence`, or a height between two where heights are skipped.
    public init(sequence: UInt64, height: Int64?) {
        self.sequence = sequence
        self.height = height
    }
}

/// A state and where it belongs.
public struct PlacedState<State: Sendable>: Sendable {
    /// The state. A copy of the projection's own: it stays as it is while blocks go on.
    public var state: State
    /// Which block of which chain it is the state after.
    public var position: StatePosition
}
