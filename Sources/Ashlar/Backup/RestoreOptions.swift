public import AshlarFormat

/// Where a backup is to be read from.
public enum BackupSource: Sendable, Hashable {
    /// A directory; the newest generation if none is given.
    case directory(String, generation: UInt64? = nil)
    /// A file that holds an archive.
    case archive(String)
    /// An open descriptor from which an archive comes, such as the standard input. It is read to its end and not closed.
    case descriptor(Int32)
}

/// The commit at which a restored log is to end.
public enum RestorePoint: Sendable, Hashable {
    /// The last commit of the backup.
    case end
    /// The last commit after which the canonical tip was at this height; where the chain skips this height, the last after which it was below.
    case height(Int64)
    /// The commit with this sequence, or the last one before that ends a group of commits.
    case sequence(UInt64)
    /// The commit before the first one that was appended later than this wall time.
    case time(Timestamp)
}

/// What a restore came to.
public struct RestoreReport: Sendable, Hashable {
    /// The store's identity: the same as it was.
    public var storeID: StoreID
    /// The generation it was restored from.
    public var generation: UInt64
    /// The last commit.
    public var sequence: UInt64
    /// The commits behind it that the backup has and the restored store does not.
    public var cutCommits: UInt64
    /// Height of its canonical tip; nil if there is none.
    public var tipHeight: Int64?
    /// Files written, before anything was cut off.
    public var files: Int
    /// Bytes of these files.
    public var bytes: Int
    /// What is worth knowing: consumers that stand behind the end of the restored log.
    public var notices: [String] = []
}
