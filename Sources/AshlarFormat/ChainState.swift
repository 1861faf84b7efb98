/// What the log adds up to at one point; 168 bytes in segment header and footer ("Chain state" in `format-spec/segment.md`).
package struct ChainState: Equatable, Sendable {
    package static let size = 168

    package var sequence: UInt64 = 0
    package var chainValue: UInt64 = 0
    package var tipHeight: Int64 = -1
    package var tipTimestamp: Int64 = 0
    package var finalHeight: Int64 = -1
    package var canonicalBlocks: UInt64 = 0
    package var canonicalEvents: UInt64 = 0
    package var events: UInt64 = 0
    package var floatingEvents: UInt64 = 0
    package var rollbacks: UInt64 = 0
    package var undoneBlocks: UInt64 = 0
    package var lastMarkSequence: UInt64 = 0
    package var tipHash: BlockHash = .none

    package init() {}

    /// The state before commit 1.
    package static func origin(of store: StoreID) -> ChainState {
        var state = ChainState()
        state.chainValue = ChainValue.origin(of: store)
        return state
    }

    package init(decoding span: borrowing RawSpan, at offset: Int) throws(FormatError) {
        sequence = span.u64(offset)
        chainValue = span.u64(offset + 8)
        tipHeight = span.i64(offset + 16)
        tipTimestamp = span.i64(offset + 24)
        finalHeight = span.i64(offset + 32)
        canonicalBlocks = span.u64(offset + 40)
        canonicalEvents = span.u64(offset + 48)
        events = span.u64(offset + 56)
        floatingEvents = span.u64(offset + 64)
        rollbacks = span.u64(offset + 72)
        undoneBlocks = span.u64(offset + 80)
        lastMarkSequence = span.u64(offset + 88)
        let hashLength = Int(span.u8(offset + 96))
        try require(hashLength <= Limits.hashBytes, "chain state: tip hash too long")
        try require(span.isZero(offset + 97..<offset + 104), "chain state: reserved bytes are not zero")
        try require(
            span.isZero(offset + 104 + hashLength..<offset + Self.size), "chain state: bytes behind the tip hash")
        try require((hashLength == 0) == (tipHeight == -1), "chain state: tip height and hash disagree")
        try require(
            (-1...Limits.height).contains(tipHeight) && (-1...Limits.height).contains(finalHeight),
            "chain state: impossible height")
        tipHash = BlockHash(decoding: span, at: offset + 104, count: hashLength)
    }

    /// Writes the 168 bytes to `target`.
    package func encode(to target: UnsafeMutableRawPointer) {
        target.initializeMemory(as: UInt8.self, repeating: 0, count: Self.size)
        target.put(sequence, at: 0)
        target.put(chainValue, at: 8)
        target.put(tipHeight, at: 16)
        target.put(tipTimestamp, at: 24)
        target.put(finalHeight, at: 32)
        target.put(canonicalBlocks, at: 40)
        target.put(canonicalEvents, at: 48)
        target.put(events, at: 56)
        target.put(floatingEvents, at: 64)
        target.put(rollbacks, at: 72)
        target.put(undoneBlocks, at: 80)
        target.put(lastMarkSequence, at: 88)
        target.put(UInt8(tipHash.count), at: 96)
        tipHash.write(to: target + 104)
    }
}

extension ChainState {
    /// The state after a commit, by the five steps of [SEG-8].
    package mutating func advance(by header: CommitHeader, _ meta: CommitMeta) throws(FormatError) {
        sequence = header.sequence
        chainValue = header.chainValue
        events &+= UInt64(header.eventCount)
        if header.kind == .floating { floatingEvents &+= UInt64(header.eventCount) }
        if let rollback = meta.rollback { try undo(rollback) }
        if let block = meta.block {
            canonicalBlocks &+= 1
            canonicalEvents &+= UInt64(header.eventCount)
            tipHeight = block.height
            tipTimestamp = block.timestamp
            tipHash = block.hash
        }
        finalHeight = header.finalHeight
        if meta.mark != nil { lastMarkSequence = header.sequence }
    }

    private mutating func undo(_ rollback: RollbackPart) throws(FormatError) {
        try require(
            UInt64(rollback.undoneBlocks) <= canonicalBlocks && rollback.undoneEvents <= canonicalEvents,
            "rollback undoes more than there is")
        canonicalBlocks = canonicalBlocks &- UInt64(rollback.undoneBlocks) &+ UInt64(rollback.readopted.count)
        canonicalEvents = canonicalEvents &- rollback.undoneEvents &+ rollback.readoptedEvents
        undoneBlocks &+= UInt64(rollback.undoneBlocks)
        if rollback.undoneBlocks > 0 { rollbacks &+= 1 }
        tipHeight = rollback.tipHeight
        tipTimestamp = rollback.tipTimestamp
        tipHash = rollback.tipHash
    }
}
