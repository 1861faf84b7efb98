public import AshlarFormat

/// How a store is backed up into a directory.
public struct BackupOptions: Sendable, Hashable {
    /// Whether files that are never written again may share their bytes with the store where the file system can do that: as reflinks, or else as
    /// hard links. It takes no time and no room, and is no protection against a failing disk.
    public var sharesFiles = true
    /// How many generations stay, this one included; nil for all. At least 1.
    public var keptGenerations: Int?

    /// Shares what can be shared, and keeps all generations.
    public init() {}
}

/// How far a backup, a verification or a restore has come.
public struct BackupProgress: Sendable, Hashable {
    /// Bytes that are done with.
    public var bytesDone: Int
    /// Bytes there are in all; nil if a stream does not tell.
    public var bytesTotal: Int?
}

/// Whether to go on, as a caller's progress function says.
public enum BackupStep: Sendable, Hashable {
    case goOn
    /// Give up: what was begun is no backup and no store.
    case stop
}

/// What a backup came to.
public struct BackupReport: Sendable, Hashable {
    /// Its number, from 1; of an archive always 1.
    public var generation: UInt64
    /// The store's identity.
    public var storeID: StoreID
    /// Its last commit: what was durable.
    public var sequence: UInt64
    /// Height of its canonical tip; nil if there is none.
    public var tipHeight: Int64?
    /// Files it consists of.
    public var files = 0
    /// Bytes of these files.
    public var bytes = 0
    /// Files that were not in the backup before.
    public var newFiles = 0
    /// Bytes of these files.
    public var newBytes = 0
    /// Files among the new ones that are hard links to those of the store: what damages one damages both.
    public var linkedFiles = 0
    /// Files among the new ones that share their blocks with those of the store (reflinks): a failing disk takes both.
    public var clonedFiles = 0
    /// Generations that were given up.
    public var removedGenerations: [UInt64] = []
    /// Bytes of the files that went with them.
    public var removedBytes = 0
    /// What is no failure, but worth knowing: snapshots and manifests that are damaged and were left out, and the like.
    public var notices: [String] = []
}

/// A generation of a backup.
public struct BackupGeneration: Sendable, Hashable {
    /// Its number; the highest is the newest.
    public var number: UInt64
    /// When it was begun.
    public var created: Timestamp
    /// Its last commit.
    public var sequence: UInt64
    /// Height of its canonical tip; nil if there is none.
    public var tipHeight: Int64?
    /// Files it consists of.
    public var files: Int
    /// Bytes of these files.
    public var bytes: Int

    init(_ manifest: BackupManifest) {
        number = manifest.generation
        created = Timestamp(microseconds: manifest.createdTime)
        sequence = manifest.sequence
        tipHeight = manifest.tipHeight >= 0 ? manifest.tipHeight : nil
        files = manifest.files.count
        bytes = manifest.bytes
    }
}

/// What verifying a backup found.
public struct BackupVerification: Sendable, Hashable {
    /// Damage to a file of the backup.
    public struct Problem: Sendable, Hashable {
        /// The file's name in the backup.
        public var file: String
        /// What is wrong with it.
        public var reason: String
        /// The generations that need it; none if that cannot be told.
        public var generations: [UInt64]
    }

    /// The store's identity.
    public var storeID: StoreID?
    /// The generations whose manifests are right, oldest first.
    public var generations: [BackupGeneration] = []
    /// Files read.
    public var files = 0
    /// Bytes of these files.
    public var bytes = 0
    /// Damage, in no order.
    public var problems: [Problem] = []

    /// Whether there is no damage.
    public var isSound: Bool { problems.isEmpty }
}
