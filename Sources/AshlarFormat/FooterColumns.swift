/// Decoding of footer columns whose CRC has been checked; every index is checked against the summary ([FTR-2]).
package enum FooterColumns {
    package static func offsets(_ span: borrowing RawSpan, summary: SegmentSummary) throws(FormatError) -> [UInt32] {
        let count = span.byteCount / 4
        var previous = SegmentHeader.size - CommitHeader.size
        var result: [UInt32] = []
        result.reserveCapacity(count)
        for index in 0..<count {
            let offset = span.u32(4 * index)
            let position = Int(offset) * 8
            try require(
                position >= previous + CommitHeader.size && position < summary.endOffset
                    && (index > 0 || position == SegmentHeader.size), "footer: offsets do not ascend")
            previous = position
            result.append(offset)
        }
        return result
    }

    package static func runs(
        _ span: borrowing RawSpan, summary: SegmentSummary
    ) throws(FormatError) -> [SegmentIndex.Run] {
        try require(span.byteCount % 16 == 0, "footer: runs are cut off")
        var result: [SegmentIndex.Run] = []
        var next: UInt64 = 0
        var blocks: UInt64 = 0
        for index in 0..<span.byteCount / 16 {
            let run = SegmentIndex.Run(
                firstHeight: span.i64(16 * index), firstIndex: span.u32(16 * index + 8),
                count: span.u32(16 * index + 12))
            let end = UInt64(run.firstIndex) + UInt64(run.count)
            try require(
                UInt64(run.firstIndex) >= next && end <= summary.commitCount && run.count > 0,
                "footer: runs are out of order")
            try require(
                (0...Limits.height - Int64(run.count)).contains(run.firstHeight), "footer: a run of impossible heights")
            next = end
            blocks += UInt64(run.count)
            result.append(run)
        }
        try require(blocks == summary.blockCount, "footer: runs and block count disagree")
        return result
    }

    package static func rollbacks(
        _ span: borrowing RawSpan, summary: SegmentSummary
    ) throws(FormatError) -> [SegmentIndex.Rollback] {
        var result: [SegmentIndex.Rollback] = []
        var offset = 0
        var next: UInt64 = 0
        while offset < span.byteCount {
            try require(span.byteCount - offset >= 24, "footer: rollbacks are cut off")
            let count = Int(span.u32(offset + 4))
            var rollback = SegmentIndex.Rollback(
                index: span.u32(offset), toHeight: span.i64(offset + 8), undoneBlocks: span.u32(offset + 16),
                readopted: [])
            try require(
                UInt64(rollback.index) >= next && UInt64(rollback.index) < summary.commitCount,
                "footer: rollbacks are out of order")
            next = UInt64(rollback.index) + 1
            offset += 24
            try require((span.byteCount - offset) / 16 >= count, "footer: rollbacks are cut off")
            for _ in 0..<count {
                rollback.readopted.append(Readopted(sequence: span.u64(offset), height: span.i64(offset + 8)))
                offset += 16
            }
            result.append(rollback)
        }
        return result
    }

    /// The hash column as `SegmentIndex` keeps it: fingerprint in the upper half, index of the commit in the lower.
    package static func hashes(_ span: borrowing RawSpan, summary: SegmentSummary) throws(FormatError) -> [UInt64] {
        let count = span.byteCount / 8
        var highest: UInt32 = 0
        let result = [UInt64](unsafeUninitializedCapacity: count) { buffer, initialized in
            for position in 0..<count {
                let word = span.u64(8 * position)
                highest = max(highest, UInt32(truncatingIfNeeded: word >> 32))
                buffer[position] = word << 32 | word >> 32
            }
            initialized = count
        }
        try require(
            count == 0 || UInt64(highest) < summary.commitCount, "footer: a hash of a commit that is not there")
        return result
    }

    package static func keyed(_ span: borrowing RawSpan, summary: SegmentSummary) throws(FormatError) -> [UInt32] {
        var result: [UInt32] = []
        for index in 0..<span.byteCount / 4 {
            let entry = span.u32(4 * index)
            try require(
                UInt64(entry) < summary.commitCount && entry >= (result.last.map { $0 + 1 } ?? 0),
                "footer: keyed batches are out of order")
            result.append(entry)
        }
        return result
    }

    package static func models(_ span: borrowing RawSpan) throws(FormatError) -> [SegmentIndex.Model] {
        var result: [SegmentIndex.Model] = []
        var offset = 0
        while offset < span.byteCount {
            try require(span.byteCount - offset >= 48, "footer: models are cut off")
            let name = try name(span, lengthAt: offset + 4, at: offset + 48)
            var model = SegmentIndex.Model(id: span.u32(offset), name: name, version: span.u64(offset + 24))
            try require(model.id > result.last?.id ?? 0, "footer: models are out of order")
            model.events = span.u64(offset + 8)
            model.floatingEvents = span.u64(offset + 16)
            model.lowestHeight = span.i64(offset + 32)
            model.highestHeight = span.i64(offset + 40)
            result.append(model)
            offset += 48 + paddedTo8(name.count)
        }
        return result
    }

    package static func types(_ span: borrowing RawSpan) throws(FormatError) -> [SegmentIndex.TypeEntry] {
        var result: [SegmentIndex.TypeEntry] = []
        var offset = 0
        while offset < span.byteCount {
            try require(span.byteCount - offset >= 16, "footer: types are cut off")
            let name = try name(span, lengthAt: offset + 4, at: offset + 16)
            var type = SegmentIndex.TypeEntry(id: span.u32(offset), name: name)
            try require(type.id > result.last?.id ?? 0, "footer: types are out of order")
            type.events = span.u64(offset + 8)
            result.append(type)
            offset += 16 + paddedTo8(name.count)
        }
        return result
    }

    private static func name(
        _ span: borrowing RawSpan, lengthAt lengthOffset: Int, at offset: Int
    ) throws(FormatError) -> [UInt8] {
        let length = Int(span.u32(lengthOffset))
        try require(
            (1...Limits.nameBytes).contains(length) && span.byteCount - offset >= paddedTo8(length),
            "footer: a name is cut off")
        let name = span.bytes(offset..<offset + length)
        try require(NameDefinition.isValid(name), "footer: a name is not UTF-8")
        return name
    }
}
