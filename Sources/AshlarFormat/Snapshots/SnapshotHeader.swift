/// What a snapshot is a snapshot of: the state of one model after the canonical block at `height`, in the chain as of one commit.
///
/// A block's commit alone does not tell what stands below it, because blocks are taken up again by reference; the commit up to which the log
/// had been read does.
package struct SnapshotIdentity: Hashable, Sendable {
    package var storeID: StoreID
    package var model: String
    package var schemaVersion: UInt32
    package var height: Int64
    package var blockHash: BlockHash
    /// The commit as of which the chain up to `height` is meant; at or after the block's own.
    package var sequence: UInt64
    /// That commit's chain value.
    package var chainValue: UInt64

    package init(
        storeID: StoreID, model: String, schemaVersion: UInt32, height: Int64, blockHash: BlockHash, sequence: UInt64,
        chainValue: UInt64
    ) {
        self.storeID = storeID
        self.model = model
        self.schemaVersion = schemaVersion
        self.height = height
        self.blockHash = blockHash
        self.sequence = sequence
        self.chainValue = chainValue
    }

    /// Why no snapshot can have this identity, or nil if one can.
    package var problem: String? {
        if !NameDefinition.isValid(Array(model.utf8)) {
            return "a model name must have 1–255 bytes of UTF-8 and no zero byte"
        }
        if blockHash.count == 0 { return "the block has no hash" }
        if !(0...Limits.height).contains(height) { return "height \(height) is out of range" }
        return sequence == 0 ? "sequence 0 has no block" : nil
    }
}

/// The first 512 bytes of a snapshot file; see `format-spec/snapshot.md`.
package struct SnapshotHeader: Hashable, Sendable {
    package static let size = 512
    private static let magic: UInt64 = 0x4E53_5241_4C48_5341  // "ASHLARSN"
    private static let major: UInt16 = 1

    package var identity: SnapshotIdentity
    package var createdTime: Int64
    /// Drawn for each attempt to write a snapshot: it seeds the CRCs of everything behind the header.
    package var attempt: UInt64
    package var codec: Codec
    /// Raw bytes of every chunk but the last.
    package var chunkBytes: Int

    package init(
        identity: SnapshotIdentity, createdTime: Int64, attempt: UInt64, codec: Codec,
        chunkBytes: Int = Limits.snapshotChunkBytes
    ) {
        self.identity = identity
        self.createdTime = createdTime
        self.attempt = attempt
        self.codec = codec
        self.chunkBytes = chunkBytes
    }

    /// Decodes and checks a header ([SNP-2]).
    package init(decoding span: borrowing RawSpan) throws(FormatError) {
        try require(span.byteCount >= Self.size, "snapshot header: the file is too short for one")
        try require(span.u64(0) == Self.magic, "snapshot header: the file does not start with ASHLARSN")
        try require(
            Checksum.crc(span.extracting(0..<508)) == span.u32(508), "snapshot header: checksum does not match")
        try Self.checkVersion(span)
        guard let codec = Codec(rawValue: span.u32(80)) else {
            throw .unsupported("snapshot header: unknown codec \(span.u32(80)). Use a newer Ashlar")
        }
        self.codec = codec
        createdTime = span.i64(64)
        attempt = span.u64(72)
        let chunkBytes = Int(span.u32(84))
        try require((1...Limits.snapshotChunkBytesOfReader).contains(chunkBytes), "snapshot header: chunkBytes")
        self.chunkBytes = chunkBytes
        identity = try SnapshotIdentity(decoding: span)
    }

    private static func checkVersion(_ span: borrowing RawSpan) throws(FormatError) {
        let found = span.u16(8)
        if found > major {
            throw .unsupported(
                "the snapshot has format version \(found).\(span.u16(10)); this program reads up to \(major).x. Use a newer Ashlar"
            )
        }
        try require(found == major, "snapshot header: unknown format version \(found)")
        if span.u32(12) != 0 {
            throw .unsupported("the snapshot needs features this program does not know (bits \(span.u32(12)))")
        }
    }

    /// The 512 bytes.
    package func encoded() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        bytes.withUnsafeMutableBytes { buffer in
            guard let target = buffer.baseAddress else { return }
            target.put(Self.magic, at: 0)
            target.put(Self.major, at: 8)
            target.put(createdTime, at: 64)
            target.put(attempt, at: 72)
            target.put(codec.rawValue, at: 80)
            target.put(UInt32(chunkBytes), at: 84)
            identity.encode(to: target)
            target.put(Checksum.crc(UnsafeRawBufferPointer(rebasing: buffer[..<508])), at: 508)
        }
        return bytes
    }

    /// The CRC with which that of a chunk or of the trailer starts: a chunk of another file, or out of order, fails it ([SNP-5]).
    package func seed(chunk index: UInt64) -> UInt32 {
        var bytes = identity.storeID.bytes
        bytes.appendInteger(attempt)
        bytes.appendInteger(index)
        return bytes.withUnsafeBytes { Checksum.crc($0) }
    }
}

extension SnapshotIdentity {
    /// The fields of the header that tell the identity.
    fileprivate init(decoding span: borrowing RawSpan) throws(FormatError) {
        let (hashLength, nameLength) = (Int(span.u8(88)), Int(span.u8(89)))
        try require((1...Limits.hashBytes).contains(hashLength), "snapshot header: length of the block's hash")
        try require(nameLength >= 1, "snapshot header: the model has no name")
        let name = span.bytes(160..<160 + nameLength)
        try require(NameDefinition.isValid(name), "snapshot header: the model's name is not valid")
        try require(
            span.isZero(90..<96) && span.isZero(96 + hashLength..<160) && span.isZero(160 + nameLength..<508),
            "snapshot header: reserved bytes are not zero")
        self.init(
            storeID: StoreID(decoding: span, at: 24), model: String(decoding: name, as: UTF8.self),
            schemaVersion: span.u32(20), height: span.i64(40),
            blockHash: BlockHash(decoding: span, at: 96, count: hashLength), sequence: span.u64(48),
            chainValue: span.u64(56))
        try require((0...Limits.height).contains(height), "snapshot header: height \(height)")
        try require(sequence > 0, "snapshot header: sequence 0")
    }

    fileprivate func encode(to target: UnsafeMutableRawPointer) {
        target.put(schemaVersion, at: 20)
        target.put(storeID.high, at: 24)
        target.put(storeID.low, at: 32)
        target.put(height, at: 40)
        target.put(sequence, at: 48)
        target.put(chainValue, at: 56)
        target.put(UInt8(blockHash.count), at: 88)
        target.put(UInt8(model.utf8.count), at: 89)
        blockHash.write(to: target + 96)
        for (index, byte) in model.utf8.enumerated() { target.put(byte, at: 160 + index) }
    }
}
