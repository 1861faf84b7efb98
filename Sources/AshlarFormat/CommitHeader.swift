/// The kinds of commit.
public enum CommitKind: UInt8, Sendable, Hashable {
    /// A block with its events, and a rollback if it forks.
    case block = 1
    /// A rollback of its own: blocks are undone, or taken up again, without a new block.
    case rollback = 2
    /// Events of no block.
    case floating = 3
    /// Registry and the like: no events.
    case control = 4
}

/// The first 104 bytes of a commit; see `format-spec/commit.md`.
package struct CommitHeader: Equatable, Sendable {
    package static let size = 104
    package static let identitySize = 64
    package static let magic: UInt32 = 0x544D_4341  // "ACMT"

    package var kind: CommitKind
    package var continues = false
    package var sequence: UInt64
    package var epoch: UInt64
    package var appendTime: Int64
    package var height: Int64
    package var finalHeight: Int64
    package var eventCount: UInt32 = 0
    package var sectionCount: UInt32 = 0
    package var metaLength: UInt32 = 0
    package var chainValue: UInt64 = 0
    package var durableSequence: UInt64
    package var frameLength = 0
    package var metaCRC: UInt32 = 0
    package var isCompressed = false
    package var isStub = false

    package init(
        kind: CommitKind, sequence: UInt64, epoch: UInt64, appendTime: Int64, height: Int64, finalHeight: Int64,
        durableSequence: UInt64
    ) {
        self.kind = kind
        self.sequence = sequence
        self.epoch = epoch
        self.appendTime = appendTime
        self.height = height
        self.finalHeight = finalHeight
        self.durableSequence = durableSequence
    }

    /// Decodes a header whose 104 bytes start at `offset` and checks it against itself ([REC-1], [REC-2] and the limits of [REC-3]).
    ///
    /// That the frame fits the file, and continues the log, is the caller's to check.
    package init(decoding span: borrowing RawSpan, at offset: Int, seed: UInt32) throws(FormatError) {
        try require(span.u32(offset) == Self.magic, "commit: no commit starts here")
        let crc = Checksum.crc(span.extracting(offset..<offset + 100), seed: seed)
        try require(crc == span.u32(offset + 100), "commit header: checksum does not match")
        guard let kind = CommitKind(rawValue: span.u8(offset + 4)) else {
            throw .unsupported("commit of unknown kind \(span.u8(offset + 4))")
        }
        self.kind = kind
        let flags = span.u8(offset + 5)
        let storage = span.u8(offset + 92)
        try require(flags <= 1 && storage <= 3, "commit header: unknown flags")
        try require(
            span.u16(offset + 6) == 0 && span.u32(offset + 60) == 0 && span.isZero(offset + 93..<offset + 100),
            "commit header: reserved bytes are not zero")
        continues = flags & 1 != 0
        isCompressed = storage & 1 != 0
        isStub = storage & 2 != 0
        sequence = span.u64(offset + 8)
        epoch = span.u64(offset + 16)
        appendTime = span.i64(offset + 24)
        height = span.i64(offset + 32)
        finalHeight = span.i64(offset + 40)
        eventCount = span.u32(offset + 48)
        sectionCount = span.u32(offset + 52)
        metaLength = span.u32(offset + 56)
        chainValue = span.u64(offset + 64)
        durableSequence = span.u64(offset + 72)
        let length = span.u64(offset + 80)
        metaCRC = span.u32(offset + 88)
        try require(length <= UInt64(Limits.frameBytes) && length % 8 == 0, "commit header: impossible frame length")
        frameLength = Int(length)
        try checkLimits()
    }

    private func checkLimits() throws(FormatError) {
        try require(
            Int(metaLength) <= Limits.metaBytes && metaLength % 8 == 0, "commit header: impossible meta length")
        try require(Int(eventCount) <= Limits.eventsPerCommit, "commit header: too many events")
        try require(
            sectionCount <= eventCount && (sectionCount > 0) == (eventCount > 0),
            "commit header: sections and events disagree")
        try require(sequence > 0, "commit header: sequence 0")
        try require(
            height >= -1 && finalHeight >= -1 && height <= Limits.height && finalHeight <= Limits.height,
            "commit header: impossible height")
        try require(!(isStub && isCompressed), "commit header: a stub has no storage table")
        try require(bodyOffset <= frameLength, "commit header: meta is longer than the frame")
    }

    /// Bytes of the storage table, padding included.
    package var storageTableLength: Int { isCompressed ? paddedTo8(12 * Int(sectionCount)) : 0 }

    /// Where the sections start, from the start of the frame.
    package var bodyOffset: Int { Self.size + Int(metaLength) + storageTableLength }

    /// Writes the 104 bytes to `target`; the chain value is computed from `previous` and the meta that already stands behind the header.
    package mutating func seal(at target: UnsafeMutableRawPointer, previous: UInt64, seed: UInt32) {
        metaCRC = Checksum.crc(
            UnsafeRawBufferPointer(start: target + Self.size, count: Int(metaLength) + storageTableLength))
        encodeIdentity(to: target)
        chainValue = ChainValue.fold(previous, UnsafeRawBufferPointer(start: target, count: Self.identitySize))
        chainValue = ChainValue.fold(
            chainValue, UnsafeRawBufferPointer(start: target + Self.size, count: Int(metaLength)))
        sealStorage(at: target, seed: seed)
    }

    private func encodeIdentity(to target: UnsafeMutableRawPointer) {
        target.put(Self.magic, at: 0)
        target.put(UInt32(kind.rawValue) | (continues ? 1 << 8 : 0), at: 4)
        target.put(sequence, at: 8)
        target.put(epoch, at: 16)
        target.put(appendTime, at: 24)
        target.put(height, at: 32)
        target.put(finalHeight, at: 40)
        target.put(eventCount, at: 48)
        target.put(sectionCount, at: 52)
        target.put(UInt64(metaLength), at: 56)
    }

    /// Whether this header and its meta continue `previous`; `frame` starts with the header and holds at least the meta.
    package func continues(_ previous: UInt64, frame: borrowing RawSpan, at offset: Int) -> Bool {
        frame.withUnsafeBytes { bytes in
            let identity = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Self.identitySize])
            let metaStart = offset + Self.size
            let meta = UnsafeRawBufferPointer(rebasing: bytes[metaStart..<metaStart + Int(metaLength)])
            return ChainValue.fold(ChainValue.fold(previous, identity), meta) == chainValue
        }
    }

    /// The chain value of the commit before this one, as the commit at `offset` of `frame` itself says.
    package func previousChainValue(frame: borrowing RawSpan, at offset: Int) -> UInt64 {
        frame.withUnsafeBytes { bytes in
            let identity = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Self.identitySize])
            let metaStart = offset + Self.size
            let meta = UnsafeRawBufferPointer(rebasing: bytes[metaStart..<metaStart + Int(metaLength)])
            return ChainValue.unfold(ChainValue.unfold(chainValue, meta), identity)
        }
    }

    /// Makes the frame that starts at `target`, of which header and meta are there, a stub: its bodies are gone ([COM-15]).
    ///
    /// Identity and chain value stay as they are.
    package mutating func makeStub(at target: UnsafeMutableRawPointer, seed: UInt32) {
        (isStub, isCompressed) = (true, false)
        frameLength = Self.size + Int(metaLength)
        metaCRC = Checksum.crc(UnsafeRawBufferPointer(start: target + Self.size, count: Int(metaLength)))
        sealStorage(at: target, seed: seed)
    }

    /// Writes what does not belong to the identity, and the checksum over all of it.
    private func sealStorage(at target: UnsafeMutableRawPointer, seed: UInt32) {
        target.put(chainValue, at: 64)
        target.put(durableSequence, at: 72)
        target.put(UInt64(frameLength), at: 80)
        target.put(metaCRC, at: 88)
        target.put(UInt64((isCompressed ? 1 : 0) | (isStub ? 2 : 0)), at: 92)
        target.put(Checksum.crc(UnsafeRawBufferPointer(start: target, count: 100), seed: seed), at: 100)
    }
}
