public import AshlarFormat

/// A block as it stands in the log, without its events.
public struct StoredBlock: Sendable, Hashable {
    /// Height, hash, parent, time, request id and mark, as they were appended.
    public var block: Block
    /// The sequence of its commit.
    public var sequence: UInt64
    /// The chain value of its commit.
    public var chainValue: UInt64
    /// Wall time of the append; informational.
    public var appendTime: Timestamp
    /// Number of its events.
    public var eventCount: Int
    /// Bytes it takes in the log.
    public var byteCount: Int
    /// Whether its events were removed by prune or compact.
    public var isStub: Bool

    init?(_ header: CommitHeader, _ meta: CommitMeta) {
        guard let part = meta.block else { return nil }
        block = Block(
            height: part.height, hash: part.hash, parent: part.parent,
            timestamp: Timestamp(microseconds: part.timestamp),
            requestID: meta.requestID, mark: meta.mark)
        sequence = header.sequence
        chainValue = header.chainValue
        appendTime = Timestamp(microseconds: header.appendTime)
        eventCount = Int(header.eventCount)
        byteCount = header.frameLength
        isStub = header.isStub
    }
}

/// An event as it stands in the log, everything by value.
///
/// Convenient, and costs a copy of the payload; `EventCursor` gives the same by reference.
public struct StoredEvent: Sendable, Hashable {
    /// The sequence of its commit.
    public var sequence: UInt64
    /// Its place in the commit, from 0.
    public var ordinal: Int
    /// Height of its block; nil for a floating event.
    public var height: Int64?
    /// Hash of its block; nil for a floating event.
    public var hash: BlockHash?
    /// The model's name.
    public var model: String
    /// The type's name.
    public var type: String
    /// Its number among the canonical events of its model, from 1; nil for a floating event.
    public var version: UInt64?
    /// Its own time, else the block's.
    public var timestamp: Timestamp
    /// Its own request id, else the commit's.
    public var requestID: [UInt8]?
    /// The bytes that were appended.
    public var payload: [UInt8]
}

/// A commit as it stands in the log, without its events.
public struct StoredCommit: Sendable, Hashable {
    /// What a commit is.
    public enum Content: Sendable, Hashable {
        /// A block; `rollback` tells what it undid to make room.
        case block(StoredBlock, rollback: StoredRollback?)
        /// A rollback of its own.
        case rollback(StoredRollback)
        /// A batch of floating events.
        case floating(timestamp: Timestamp, key: [UInt8]?, requestID: [UInt8]?)
        /// No events: names and the like.
        case control
    }

    /// Its place in the log, from 1.
    public var sequence: UInt64
    /// Continues the previous commit's.
    public var chainValue: UInt64
    /// Wall time of the append; informational.
    public var appendTime: Timestamp
    /// The final height after it, or nil.
    public var finalHeight: Int64?
    /// Number of its events.
    public var eventCount: Int
    /// Bytes it takes in the log.
    public var byteCount: Int
    /// Whether the next commit belongs to the same atomic group.
    public var continues: Bool
    /// The caller's mark, if it carries one.
    public var mark: [UInt8]?
    /// What it is.
    public var content: Content

    init(_ header: CommitHeader, _ meta: CommitMeta) {
        sequence = header.sequence
        chainValue = header.chainValue
        appendTime = Timestamp(microseconds: header.appendTime)
        finalHeight = header.finalHeight >= 0 ? header.finalHeight : nil
        eventCount = Int(header.eventCount)
        byteCount = header.frameLength
        continues = header.continues
        mark = meta.mark
        let rollback = meta.rollback.map(StoredRollback.init)
        if let block = StoredBlock(header, meta) {
            content = .block(block, rollback: rollback)
        } else if let rollback {
            content = .rollback(rollback)
        } else if let floating = meta.floating {
            content = .floating(
                timestamp: Timestamp(microseconds: floating.timestamp), key: floating.key.isEmpty ? nil : floating.key,
                requestID: meta.requestID)
        } else {
            content = .control
        }
    }
}

/// What a commit undid and took up again.
public struct StoredRollback: Sendable, Hashable {
    /// Canonical blocks above this height were undone; −1 for all.
    public var toHeight: Int64
    /// How many blocks.
    public var undoneBlocks: Int
    /// Events in them.
    public var undoneEvents: UInt64
    /// Sequences of the blocks taken up again, in ascending height.
    public var readopted: [UInt64]

    init(_ part: RollbackPart) {
        toHeight = part.toHeight
        undoneBlocks = Int(part.undoneBlocks)
        undoneEvents = part.undoneEvents
        readopted = part.readopted.map(\.sequence)
    }
}
