/// Which snapshots are kept when new ones are taken.
public struct SnapshotRetention: Sendable, Hashable {
    /// The newest valid snapshots of each model that are kept whatever their age; at least 1.
    public var minKeep: Int
    /// Every valid snapshot up to this many blocks below the tip is kept as well; at least 0.
    public var keepWindow: Int64

    /// The newest 2, and none for being recent, unless told otherwise.
    public init(minKeep: Int = 2, keepWindow: Int64 = 0) {
        self.minKeep = minKeep
        self.keepWindow = keepWindow
    }
}
