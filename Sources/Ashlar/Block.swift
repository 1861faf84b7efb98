public import AshlarFormat

/// A block to append: its place in the chain, without its events.
public struct Block: Sendable, Hashable {
    /// Height, from 0.
    public var height: Int64
    /// The block's hash, 1–64 bytes.
    public var hash: BlockHash
    /// The hash of the block it stands on.
    public var parent: BlockHash
    /// The time the chain gives it; may run backwards from block to block.
    public var timestamp: Timestamp
    /// Request id of all its events that have none of their own, 1–255 bytes.
    public var requestID: [UInt8]?
    /// Opaque bytes of the caller, up to 65,535, found again with `Store.lastMark`: where its input stood after this block.
    public var mark: [UInt8]?

    /// A block; see the properties for units and ranges, which `append` checks.
    public init(
        height: Int64, hash: BlockHash, parent: BlockHash, timestamp: Timestamp, requestID: [UInt8]? = nil,
        mark: [UInt8]? = nil
    ) {
        self.height = height
        self.hash = hash
        self.parent = parent
        self.timestamp = timestamp
        self.requestID = requestID
        self.mark = mark
    }
}

/// An event to append, the convenient way: everything by value.
public struct Event: Sendable, Hashable {
    /// The model it belongs to, 1–255 bytes of UTF-8.
    public var model: String
    /// What kind of event it is, 1–255 bytes of UTF-8.
    public var type: String
    /// Its content; Ashlar stores the bytes and never looks into them.
    public var payload: [UInt8]
    /// Its own time, if it differs from the block's.
    public var timestamp: Timestamp?
    /// Its own request id, 1–255 bytes, if it differs from the block's.
    public var requestID: [UInt8]?

    /// An event; see the properties for units and ranges, which `append` checks.
    public init(
        model: String, type: String, payload: [UInt8], timestamp: Timestamp? = nil, requestID: [UInt8]? = nil
    ) {
        self.model = model
        self.type = type
        self.payload = payload
        self.timestamp = timestamp
        self.requestID = requestID
    }
}

/// A model resolved once, so that appending needs no look-up of its name.
///
/// Valid for the writer that gave it out.
public struct ModelHandle: Sendable, Hashable {
    package let id: UInt32
}

/// A type resolved once, so that appending needs no look-up of its name.
///
/// Valid for the writer that gave it out.
public struct TypeHandle: Sendable, Hashable {
    package let id: UInt32
}

/// What came of appending a block.
public enum AppendOutcome: Sendable, Hashable {
    /// The block stands on the tip that was there before.
    case extended(sequence: UInt64)
    /// The block stands on an earlier canonical block; `undone` blocks above that were undone in the same commit.
    case forked(sequence: UInt64, undone: Int)
    /// The same block with the same content is canonical already, in that commit; nothing was appended.
    case duplicate(sequence: UInt64)

    /// The sequence of the commit the block is in.
    public var sequence: UInt64 {
        switch self {
        case .extended(let sequence), .duplicate(let sequence): sequence
        case .forked(let sequence, _): sequence
        }
    }
}

/// What came of a rollback, or of adopting a branch.
public struct RollbackOutcome: Sendable, Hashable {
    /// The last sequence of the log afterwards.
    public var sequence: UInt64
    /// Blocks undone.
    public var undone: Int
    /// Blocks taken up again by reference.
    public var readopted: Int
    /// New blocks appended.
    public var appended: Int
}

/// One block of a branch to adopt.
public enum BranchBlock: Sendable, Hashable {
    /// A block that is in the log, in the commit with this sequence, and was undone: it is taken up again by reference.
    case known(sequence: UInt64)
    /// A block that is new, with its events.
    case new(Block, [Event])
}

/// What came of appending a floating batch.
public enum FloatingOutcome: Sendable, Hashable {
    /// It is in the log.
    case appended(sequence: UInt64)
    /// A batch with the same idempotency key is among the last 1,024 keyed ones; nothing was appended.
    case repeated(sequence: UInt64)
}
