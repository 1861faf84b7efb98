/// The first 512 bytes of a segment file; see `format-spec/segment.md`.
package struct SegmentHeader: Equatable, Sendable {
    package static let size = 512
    package static let magic: UInt64 = 0x4753_5241_4C48_5341  // "ASHLARSG"
    package static let major: UInt16 = 1

    package var generation: UInt32 = 0
    package var storeID: StoreID
    package var segment: UInt64
    package var createdTime: Int64
    package var epoch: UInt64
    package var heightGaps: Bool
    package var hashNotation: HashNotation
    package var opening: ChainState
    /// The log up to this sequence was pruned when the file was created; 0 if nothing was ([SEG-11]).
    package var prunedSequence: UInt64
    /// Whether it has a minor version or optional features that are unknown here: it can be read, but not appended to ([FMT-6]).
    package private(set) var isFromNewerWriter = false

    package init(
        storeID: StoreID, segment: UInt64, createdTime: Int64, epoch: UInt64, heightGaps: Bool,
        hashNotation: HashNotation, opening: ChainState, prunedSequence: UInt64 = 0
    ) {
        self.storeID = storeID
        self.segment = segment
        self.createdTime = createdTime
        self.epoch = epoch
        self.heightGaps = heightGaps
        self.hashNotation = hashNotation
        self.opening = opening
        self.prunedSequence = prunedSequence
    }

    /// Decodes and checks a header ([SEG-5]); `span` has at least 512 bytes.
    package init(decoding span: borrowing RawSpan, name: SegmentName) throws(FormatError) {
        try require(span.u64(0) == Self.magic, "segment header: the file does not start with ASHLARSG")
        try Self.checkVersion(span)
        try require(
            Checksum.crc(span.extracting(0..<508)) == span.u32(508), "segment header: checksum does not match")
        isFromNewerWriter = span.u16(10) != 0 || span.u32(16) != 0
        generation = span.u32(20)
        storeID = StoreID(decoding: span, at: 24)
        segment = span.u64(40)
        try require(segment == name.number, "segment header: it is number \(segment), not that of its file name")
        try require(generation == name.generation, "segment header: it is not of the generation in its file name")
        createdTime = span.i64(48)
        epoch = span.u64(56)
        try require(span.u8(64) <= 1, "segment header: heightGaps is neither 0 nor 1")
        heightGaps = span.u8(64) == 1
        guard let notation = HashNotation(rawValue: span.u8(65)) else {
            throw .unsupported("segment header: unknown hash notation \(span.u8(65))")
        }
        hashNotation = notation
        try require(
            span.isZero(66..<72) && span.isZero(248..<508), "segment header: reserved bytes are not zero")
        opening = try ChainState(decoding: span, at: 72)
        prunedSequence = span.u64(240)
        try require(prunedSequence <= opening.sequence, "segment header: more was pruned than there was")
    }

    /// The version rules come first, so that a newer format is named as such and not as damage ([FMT-3], [FMT-4]).
    private static func checkVersion(_ span: borrowing RawSpan) throws(FormatError) {
        let found = span.u16(8)
        if found > major {
            // Only trust the claim if the checksum holds; otherwise these are damaged bytes.
            if Checksum.crc(span.extracting(0..<508)) == span.u32(508) {
                throw .unsupported(
                    "the store has format version \(found).\(span.u16(10)); this program reads up to \(major).x. Use a newer Ashlar"
                )
            }
            throw .damaged("segment header: checksum does not match")
        }
        try require(found == major, "segment header: unknown format version \(found)")
        if span.u32(12) != 0, Checksum.crc(span.extracting(0..<508)) == span.u32(508) {
            throw .unsupported("the store needs features this program does not know (bits \(span.u32(12)))")
        }
    }

    /// The 512 bytes.
    package func encoded() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        bytes.withUnsafeMutableBytes { buffer in
            guard let target = buffer.baseAddress else { return }
            target.put(Self.magic, at: 0)
            target.put(Self.major, at: 8)
            target.put(generation, at: 20)
            target.put(storeID.high, at: 24)
            target.put(storeID.low, at: 32)
            target.put(segment, at: 40)
            target.put(createdTime, at: 48)
            target.put(epoch, at: 56)
            target.put(UInt8(heightGaps ? 1 : 0), at: 64)
            target.put(hashNotation.rawValue, at: 65)
            opening.encode(to: target + 72)
            target.put(prunedSequence, at: 240)
            target.put(Checksum.crc(UnsafeRawBufferPointer(rebasing: buffer[..<508])), at: 508)
        }
        return bytes
    }
}
