/// A column of a footer: where it is, from the start of the footer.
package struct FooterColumn: Equatable, Sendable {
    package var offset: UInt64 = 0
    package var length: UInt64 = 0
    package var crc: UInt32 = 0

    package init() {}

    package init(offset: UInt64, length: UInt64, crc: UInt32) {
        self.offset = offset
        self.length = length
        self.crc = crc
    }
}

/// The columns of a footer, in their order in the file.
package enum FooterColumnKind: Int, CaseIterable, Sendable {
    case offsets, runs, rollbacks, hashes, models, types, keyed
}

/// The first 512 bytes of a footer; see `format-spec/footer.md`.
package struct SegmentSummary: Equatable, Sendable {
    package static let size = 512
    package static let trailerSize = 16
    package static let magic: UInt64 = 0x5446_5241_4C48_5341  // "ASHLARFT"
    package static let trailerMagic: UInt64 = 0x4E45_5241_4C48_5341  // "ASHLAREN"

    package var storeID: StoreID
    package var segment: UInt64
    package var endOffset: UInt64 = UInt64(SegmentHeader.size)
    package var commitCount: UInt64 = 0
    package var blockCount: UInt64 = 0
    package var eventCount: UInt64 = 0
    package var lowestHeight: Int64 = -1
    package var highestHeight: Int64 = -1
    package var earliestTime: Int64 = .max
    package var latestTime: Int64 = .min
    package var firstAppendTime: Int64 = .max
    package var lastAppendTime: Int64 = .min
    package var closing: ChainState
    package var columns = [FooterColumn](repeating: FooterColumn(), count: FooterColumnKind.allCases.count)

    package init(storeID: StoreID, segment: UInt64, opening: ChainState) {
        self.storeID = storeID
        self.segment = segment
        closing = opening
    }

    /// Decodes and checks the 512 bytes of `span`, for `segment` of `store` ([FTR-2]).
    package init(decoding span: borrowing RawSpan, store: StoreID, segment: UInt64) throws(FormatError) {
        try require(span.byteCount >= Self.size && span.u64(0) == Self.magic, "footer: it does not start with ASHLARFT")
        try require(
            Checksum.crc(span.extracting(0..<508)) == span.u32(508), "footer: checksum of its summary does not match")
        storeID = StoreID(decoding: span, at: 8)
        self.segment = span.u64(24)
        try require(storeID == store && self.segment == segment, "footer: it belongs to another segment")
        endOffset = span.u64(32)
        commitCount = span.u64(40)
        blockCount = span.u64(48)
        eventCount = span.u64(56)
        lowestHeight = span.i64(64)
        highestHeight = span.i64(72)
        earliestTime = span.i64(80)
        latestTime = span.i64(88)
        firstAppendTime = span.i64(96)
        lastAppendTime = span.i64(104)
        closing = try ChainState(decoding: span, at: 112)
        try require(span.isZero(448..<508), "footer: reserved bytes are not zero")
        var end = UInt64(Self.size)
        for index in columns.indices {
            let start = 280 + 24 * index
            let column = FooterColumn(offset: span.u64(start), length: span.u64(start + 8), crc: span.u32(start + 16))
            try require(
                column.offset == end && column.length <= UInt64(Limits.segmentBytes) && span.u32(start + 20) == 0,
                "footer: a column is out of place")
            end += (column.length + 7) & ~7
            columns[index] = column
        }
        try require(endOffset <= UInt64(Limits.segmentBytes), "footer: the commits end beyond any segment")
        try require(
            commitCount <= UInt64(Limits.segmentBytes) && blockCount <= commitCount, "footer: impossible counts")
        try require(
            columns[FooterColumnKind.offsets.rawValue].length == 4 * commitCount
                && columns[FooterColumnKind.hashes.rawValue].length == 8 * blockCount,
            "footer: counts and columns disagree")
    }

    /// Summary, columns and trailer.
    package var footerLength: Int {
        let last = columns[columns.count - 1]
        return Int(last.offset + ((last.length + 7) & ~7)) + Self.trailerSize
    }

    package subscript(kind: FooterColumnKind) -> FooterColumn { columns[kind.rawValue] }

    /// Writes the 512 bytes to `target`.
    package func encode(to target: UnsafeMutableRawPointer) {
        target.initializeMemory(as: UInt8.self, repeating: 0, count: Self.size)
        target.put(Self.magic, at: 0)
        target.put(storeID.high, at: 8)
        target.put(storeID.low, at: 16)
        target.put(segment, at: 24)
        target.put(endOffset, at: 32)
        target.put(commitCount, at: 40)
        target.put(blockCount, at: 48)
        target.put(eventCount, at: 56)
        target.put(lowestHeight, at: 64)
        target.put(highestHeight, at: 72)
        target.put(earliestTime, at: 80)
        target.put(latestTime, at: 88)
        target.put(firstAppendTime, at: 96)
        target.put(lastAppendTime, at: 104)
        closing.encode(to: target + 112)
        for (index, column) in columns.enumerated() {
            target.put(column.offset, at: 280 + 24 * index)
            target.put(column.length, at: 288 + 24 * index)
            target.put(column.crc, at: 296 + 24 * index)
        }
        target.put(Checksum.crc(UnsafeRawBufferPointer(start: target, count: 508)), at: 508)
    }

    /// The length of the footer that ends with these 16 bytes, or nil if they are no trailer of this segment.
    package static func footerLength(
        trailer span: borrowing RawSpan, store: StoreID, segment: UInt64
    ) -> Int? {
        guard span.byteCount == trailerSize, span.u64(8) == trailerMagic else { return nil }
        let seed = Checksum.headerSeed(store: store, segment: segment)
        guard Checksum.crc(span.extracting(0..<4), seed: seed) == span.u32(4) else { return nil }
        return Int(span.u32(0))
    }
}
