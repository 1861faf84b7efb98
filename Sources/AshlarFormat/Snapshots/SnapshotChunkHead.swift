/// The 16 bytes in front of each chunk of a snapshot; see `format-spec/snapshot.md`.
package struct SnapshotChunkHead: Equatable, Sendable {
    package static let size = 16

    package var rawLength: Int
    package var storedLength: Int
    package var codec: Codec
    package private(set) var crc: UInt32 = 0

    /// The head of a chunk stored as `stored`.
    package init(rawLength: Int, codec: Codec, stored: UnsafeRawBufferPointer, seed: UInt32) {
        self.rawLength = rawLength
        self.codec = codec
        storedLength = stored.count
        crc = checksum(of: stored, seed: seed)
    }

    /// Decodes a head and checks its lengths against what the file's other parts allow ([SNP-6]); the CRC needs the stored bytes.
    package init(decoding span: borrowing RawSpan, rawLength expected: Int, room: Int) throws(FormatError) {
        rawLength = Int(span.u32(0))
        storedLength = Int(span.u32(4))
        crc = span.u32(12)
        try require(rawLength == expected, "snapshot chunk: it does not hold \(expected) bytes")
        try require(storedLength >= 1 && storedLength <= rawLength, "snapshot chunk: stored length \(storedLength)")
        try require(storedLength <= room, "snapshot chunk: it overruns the trailer")
        try require(rawLength <= Limits.expansion * storedLength, "snapshot chunk: it expands too much")
        guard let codec = Codec(rawValue: span.u32(8)) else { throw .damaged("snapshot chunk: unknown codec") }
        try require(codec != .none || storedLength == rawLength, "snapshot chunk: stored length without compression")
        self.codec = codec
    }

    /// Checks the stored bytes ([SNP-7]).
    package func check(_ stored: UnsafeRawBufferPointer, seed: UInt32) throws(FormatError) {
        try require(checksum(of: stored, seed: seed) == crc, "snapshot chunk: checksum does not match")
    }

    private func checksum(of stored: UnsafeRawBufferPointer, seed: UInt32) -> UInt32 {
        withUnsafeTemporaryAllocation(byteCount: Self.size, alignment: 8) { scratch in
            guard let start = scratch.baseAddress else { return 0 }
            encode(to: start)
            let head = Checksum.crc(UnsafeRawBufferPointer(start: start, count: 12), seed: seed)
            return Checksum.crc(stored, seed: head)
        }
    }

    package func encode(to target: UnsafeMutableRawPointer) {
        target.put(UInt32(truncatingIfNeeded: rawLength), at: 0)
        target.put(UInt32(truncatingIfNeeded: storedLength), at: 4)
        target.put(codec.rawValue, at: 8)
        target.put(crc, at: 12)
    }

    /// `digest` continued with this chunk ([SNP-9]).
    package func fold(into digest: UInt64) -> UInt64 {
        let lengths = UInt64(rawLength) | UInt64(storedLength) << 32
        return ChainValue.fold(ChainValue.fold(digest, lengths), UInt64(codec.rawValue) | UInt64(crc) << 32)
    }
}

/// The last 64 bytes of a snapshot file: what shows that nothing is missing.
package struct SnapshotTrailer: Hashable, Sendable {
    package static let size = 64
    private static let magic: UInt64 = 0x4553_5241_4C48_5341  // "ASHLARSE"
    /// What the CRC of the trailer is seeded with in place of a chunk's index.
    private static let index = UInt64.max

    package var chunkCount: UInt64 = 0
    /// Bytes of the state as the model wrote them.
    package var rawBytes: UInt64 = 0
    /// Where the trailer starts: header and chunks.
    package var endOffset = UInt64(SnapshotHeader.size)
    /// The chunk heads, folded in order.
    package var digest: UInt64
    /// CRC-32 of all raw bytes: the same for the same state, whatever the codec.
    package var rawCRC: UInt32 = 0

    /// The trailer of a file that has no chunks yet.
    package init(header: SnapshotHeader) { digest = header.attempt }

    /// Adds a chunk whose raw bytes are `raw`.
    package mutating func add(_ head: SnapshotChunkHead, raw: UnsafeRawBufferPointer) {
        add(head)
        rawCRC = Checksum.crc(raw, seed: rawCRC)
    }

    /// Adds a chunk, but for `rawCRC`.
    package mutating func add(_ head: SnapshotChunkHead) {
        chunkCount += 1
        rawBytes += UInt64(head.rawLength)
        endOffset += UInt64(SnapshotChunkHead.size + head.storedLength)
        digest = head.fold(into: digest)
    }

    /// Decodes and checks the trailer that starts at `offset` of the file ([SNP-8]).
    package init(decoding span: borrowing RawSpan, header: SnapshotHeader, offset: UInt64) throws(FormatError) {
        try require(span.byteCount >= Self.size && span.u64(0) == Self.magic, "snapshot trailer: it is missing")
        try require(
            Checksum.crc(span.extracting(0..<60), seed: header.seed(chunk: Self.index)) == span.u32(60),
            "snapshot trailer: checksum does not match")
        try require(span.isZero(44..<60), "snapshot trailer: reserved bytes are not zero")
        chunkCount = span.u64(8)
        rawBytes = span.u64(16)
        endOffset = span.u64(24)
        digest = span.u64(32)
        rawCRC = span.u32(40)
        try require(
            endOffset == offset && offset >= UInt64(SnapshotHeader.size), "snapshot trailer: it is not at endOffset")
        let stored = offset - UInt64(SnapshotHeader.size)
        try require(rawBytes / UInt64(Limits.expansion) <= stored, "snapshot trailer: the chunks expand too much")
        let size = UInt64(header.chunkBytes)
        try require(
            chunkCount == rawBytes / size + (rawBytes % size == 0 ? 0 : 1), "snapshot trailer: number of chunks")
        try require(
            chunkCount <= stored / UInt64(SnapshotChunkHead.size),
            "snapshot trailer: more chunks than there is room for")
    }

    /// The 64 bytes.
    package func encoded(header: SnapshotHeader) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        bytes.withUnsafeMutableBytes { buffer in
            guard let target = buffer.baseAddress else { return }
            target.put(Self.magic, at: 0)
            target.put(chunkCount, at: 8)
            target.put(rawBytes, at: 16)
            target.put(endOffset, at: 24)
            target.put(digest, at: 32)
            target.put(rawCRC, at: 40)
            let seed = header.seed(chunk: Self.index)
            target.put(Checksum.crc(UnsafeRawBufferPointer(rebasing: buffer[..<60]), seed: seed), at: 60)
        }
        return bytes
    }
}
