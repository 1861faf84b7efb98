public import AshlarFormat

/// One thing that happened to the chain, in the order of the log.
///
/// A commit gives its steps in this order: the blocks it undid, each block it took up again, its own block or batch. A step that is too large
/// for one batch comes in parts, one after the other, with the same `id`; control commits give none.
public struct Step: Sendable {
    /// What happened.
    public enum Content: Sendable {
        /// A block was put on top of the chain.
        case applied(AppliedBlock)
        /// The blocks on top of the chain were undone.
        case undone(UndoneBlocks)
        /// Events of no block came.
        case floating(FloatingEvents)
    }

    /// The same each time the step is delivered, and for each of its parts.
    public var id: StepID
    /// For resuming behind this part.
    public var cursor: Cursor
    /// Wall time at which the commit that caused it was appended; informational.
    public var appendTime: Timestamp
    /// Whether this part is the step's first.
    public var isFirst: Bool
    /// Whether nothing of this step is still to come.
    public var isLast: Bool
    /// What happened.
    public var content: Content

    /// The sequence of the commit that caused it.
    public var sequence: UInt64 { cursor.sequence }

    /// The events of this part; none if blocks were undone.
    public var events: StepEvents {
        switch content {
        case .applied(let block): block.events
        case .floating(let batch): batch.events
        case .undone: StepEvents.none
        }
    }
}

/// What a step is recognised by when it is delivered again.
public struct StepID: Sendable, Hashable {
    /// The chain value of the commit that caused the step.
    public var chainValue: UInt64
    /// Which of the commit's steps it is, from 0.
    public var index: Int
}

/// What an event is recognised by, wherever and however often it is delivered.
///
/// A block taken up again brings its events with the ids they had: then an event is applied a second time, after it was undone.
public struct EventID: Sendable, Hashable {
    /// The chain value of the commit that holds the event.
    public var chainValue: UInt64
    /// Its place in that commit, from 0.
    public var ordinal: Int
}

/// A block that was put on top of the chain.
public struct AppliedBlock: Sendable {
    /// The block; its sequence and chain value are those of the commit that holds it, also if it was taken up again.
    public var block: StoredBlock
    /// Whether it had been undone before, and was now taken up again by reference.
    public var isReadopted: Bool
    /// Its events, or a part of them.
    public var events: StepEvents
}

/// Blocks that were undone, the highest first.
public struct UndoneBlocks: Sendable {
    /// One of them.
    public struct Block: Sendable, Hashable {
        /// Its height.
        public var height: Int64
        /// Its hash.
        public var hash: BlockHash
        /// The sequence of the commit that holds it.
        public var sequence: UInt64
        /// The chain value of that commit: its events' ids start with it.
        public var chainValue: UInt64
    }

    /// The height that was gone back to: every canonical block above it was undone; −1 for all.
    public var toHeight: Int64
    /// How many were undone in all, other parts of the step included.
    public var count: Int
    /// Those of this part, from the highest down; undone in this order.
    public var blocks: [Block]
}

/// A batch of events of no block.
public struct FloatingEvents: Sendable {
    /// The batch's time.
    public var timestamp: Timestamp
    /// Its idempotency key, if it has one.
    public var key: [UInt8]?
    /// The request id of those of its events that have none of their own.
    public var requestID: [UInt8]?
    /// Its events, or a part of them.
    public var events: StepEvents
}

/// Steps that are delivered together.
public struct StepBatch: Sendable {
    /// The steps, in the order of the log; none if the log went on by what gives no steps.
    public var steps: [Step]
    /// For resuming behind the batch; it may stand further than the last step's.
    public var cursor: Cursor
    /// Number of events in the steps.
    public var eventCount: Int
}
