public import AshlarFormat

/// When appended blocks are made durable.
///
/// `append` returns at memory speed under each of them; `durable(upTo:)` waits, `sync()` makes everything durable at once.
public enum Durability: Sendable, Hashable {
    /// A sync starts with every block; while one is under way the next blocks gather for the one after.
    case everyBlock
    /// A sync starts when the oldest unsynced commit is this old, or this many bytes are unsynced, whichever comes first.
    case interval(milliseconds: Int, bytes: Int)
    /// Only `sync()`, `durable(upTo:)`, a full segment, the bound of unsynced bytes and `close()` sync.
    case manual

    /// A sync every 100 ms or 16 MiB.
    public static var standard: Durability { .interval(milliseconds: 100, bytes: 16 << 20) }
}

/// How bodies of commits are stored.
public enum Compression: Sendable, Hashable {
    /// As they are: the fastest to append and read.
    case none
    /// LZ4, a section at a time.
    case lz4
    /// zlib, a section at a time: smaller and much slower.
    case zlib

    var codec: Codec {
        switch self {
        case .none: .none
        case .lz4: .lz4
        case .zlib: .zlib
        }
    }
}

/// What to do with a block that stands on an earlier canonical block.
public enum ForkPolicy: Sendable, Hashable {
    /// Undo the blocks above its parent and append it, in one commit.
    case rollback
    /// Refuse it with `StoreError.fork`.
    case refuse
}

/// What a store is created with and keeps for ever.
public struct CreationOptions: Sendable, Hashable {
    /// Whether a block's height may exceed its parent's by more than one (chains that skip slots).
    public var allowsHeightGaps = false
    /// How tools print and read the hashes.
    public var hashNotation = HashNotation.hex

    /// No gaps, hashes in lower-case hex.
    public init() {}
}

/// How a store is opened for writing.
public struct WriterOptions: Sendable {
    /// What to create the store with where there is none; nil to fail with `StoreError.notAStore` instead.
    public var creation: CreationOptions?
    /// When appended blocks are made durable.
    public var durability = Durability.standard
    /// What to do with a block that forks.
    public var forks = ForkPolicy.rollback
    /// Blocks this far below the highest tip ever seen are final: nothing undoes them without an explicit override.
    public var finalityDepth: Int64 = 1_024
    /// Size at which a segment is sealed and the next one begun, in bytes.
    public var segmentBytes = 256 << 20
    /// How bodies are stored.
    public var compression = Compression.none
    /// The largest payload taken, in bytes.
    public var maxPayloadBytes = 64 << 20
    /// Beyond this many unsynced bytes `append` waits for a sync.
    public var maxUnsyncedBytes = 256 << 20
    /// How many of the latest blocks' hashes are kept in memory for finding forks.
    public var recentHashes = 1_024
    /// Told what happens: for metrics and logs. Nil costs nothing.
    ///
    /// It is called on the thread where something happened, or on another, without a lock of the store: it may look at the store, and should not
    /// take long. Syncs that follow each other may be told in another order.
    public var report: (@Sendable (WriterNotice) -> Void)?

    /// Defaults: creates nothing, syncs every 100 ms or 16 MiB.
    public init() {}
}

/// How far a reader sees.
public enum ReadHorizon: Sendable, Hashable {
    /// Up to the durable sequence: what a power cut cannot take away.
    case durable
    /// Everything that is valid, durable or not.
    case committed
}
