/// What to prune, and what may be lost with it.
public struct PruneOptions: Sendable, Hashable {
    /// Only blocks below this height go.
    public var belowHeight: Int64
    /// Consumers whose place in the log does not hold the prune back; those before the pruned part can then only start anew.
    public var ignoredConsumers: Set<String> = []
    /// Models of the log that nobody folds: no snapshot of theirs is asked for.
    public var modelsWithoutState: Set<String> = []
    /// Whether to look only, and change nothing.
    public var isDryRun = false

    /// Prunes below a height, with nothing ignored.
    public init(belowHeight: Int64) { self.belowHeight = belowHeight }
}

/// What keeps a part of the log from being pruned.
public enum PruneObstacle: Sendable, Hashable {
    /// Blocks above the final height can be undone yet (nil: no block is final).
    case notFinal(finalHeight: Int64?)
    /// The consumer has acknowledged only up to `sequence`, or cannot be placed (nil).
    case consumer(name: String, sequence: UInt64?)
    /// No snapshot of the model is whole and high enough to start from.
    case noSnapshot(model: String)
}

extension PruneObstacle: CustomStringConvertible {
    /// What is in the way and what to do.
    public var description: String {
        switch self {
        case .notFinal(let height):
            height.map { "blocks above the final height \($0) can still be undone" } ?? "no block is final yet"
        case .consumer(let name, let sequence):
            "consumer `\(name)` "
                + (sequence.map { "has acknowledged up to sequence \($0) only" }
                    ?? "stands at a place that the log does not have")
                + "; let it catch up, remove it, or ignore it"
        case .noSnapshot(let model):
            "no snapshot of model `\(model)` stands above, at a final height, to start from; take one and let its block become final, "
                + "or say that its state is not needed"
        }
    }
}

/// What a prune came to.
public enum PruneOutcome: Sendable, Hashable {
    /// Segments were removed (in a dry run: would be).
    case pruned(PruneSummary)
    /// Nothing can be removed; without obstacles, no whole segment lies below the height.
    case nothing([PruneObstacle])
}

/// What a prune removed.
public struct PruneSummary: Sendable, Hashable {
    /// The log is gone up to this sequence.
    public var sequence: UInt64
    /// Blocks up to this height are gone.
    public var height: Int64
    /// Segment files removed.
    public var segments: Int
    /// Their bytes.
    public var bytes: Int
    /// The height of the snapshot from which each model's states can be told from now on.
    public var bases: [String: Int64]
    /// What kept more from being removed.
    public var obstacles: [PruneObstacle]
}
