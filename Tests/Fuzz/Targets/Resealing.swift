import AshlarFormat

/// Puts checksums right, as a stranger would who made the bytes: else no fuzzer gets behind the first of them.
enum Resealing {
    private static func put<T: FixedWidthInteger>(_ value: T, _ bytes: inout [UInt8], at offset: Int) {
        guard offset >= 0, offset + MemoryLayout<T>.size <= bytes.count else { return }
        withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(offset..<offset + $0.count, with: $0) }
    }

    private static func crc(_ bytes: [UInt8], _ range: Range<Int>, seed: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBytes { Checksum.crc(UnsafeRawBufferPointer(rebasing: $0[range]), seed: seed) }
    }

    /// A segment file whose header and commits check out as far as their lengths make sense.
    static func segment(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        guard bytes.count >= SegmentHeader.size else { return bytes }
        // What the file must say for its name; everything else is left to chance.
        put(SegmentHeader.magic, &bytes, at: 0)
        put(SegmentHeader.major, &bytes, at: 8)
        put(UInt64(1), &bytes, at: 40)
        let store = StoreID(decoding: bytes.span.bytes, at: 24)
        put(ChainValue.origin(of: store), &bytes, at: 80)
        put(crc(bytes, 0..<508), &bytes, at: 508)
        let seed = Checksum.headerSeed(store: store, segment: 1)
        var chain = bytes.span.bytes.u64(80)
        var offset = SegmentHeader.size
        for _ in 0..<256 {
            guard let length = commit(&bytes, at: offset, seed: seed, chain: &chain) else { break }
            offset += length
        }
        return bytes
    }

    /// Puts right the commit at `offset`; gives the length of its frame, or nil where no commit can be.
    static func commit(_ bytes: inout [UInt8], at offset: Int, seed: UInt32, chain: inout UInt64) -> Int? {
        guard offset + CommitHeader.size <= bytes.count, bytes.span.bytes.u32(offset) == CommitHeader.magic else {
            return nil
        }
        let frame = Int(truncatingIfNeeded: bytes.span.bytes.u64(offset + 80))
        let meta = Int(bytes.span.bytes.u32(offset + 56))
        guard frame >= CommitHeader.size, frame <= bytes.count - offset, meta <= frame - CommitHeader.size,
            meta % 8 == 0
        else { return nil }
        let metaEnd = offset + CommitHeader.size + meta
        let sections = Int(bytes.span.bytes.u32(offset + 52))
        let isCompressed = bytes[offset + 92] & 1 != 0
        let table = isCompressed && sections < 1 << 16 ? paddedTo8(12 * sections) : 0
        let bodyEnd = min(metaEnd + table, offset + frame)
        records(
            &bytes, meta: offset + CommitHeader.size..<metaEnd, table: isCompressed ? metaEnd : nil, from: bodyEnd,
            to: offset + frame)
        let (start, identity) = (chain, offset..<offset + CommitHeader.identitySize)
        chain = bytes.withUnsafeBytes {
            ChainValue.fold(
                ChainValue.fold(start, UnsafeRawBufferPointer(rebasing: $0[identity])),
                UnsafeRawBufferPointer(rebasing: $0[offset + CommitHeader.size..<metaEnd]))
        }
        put(chain, &bytes, at: offset + 64)
        put(crc(bytes, offset + CommitHeader.size..<bodyEnd), &bytes, at: offset + 88)
        put(crc(bytes, offset..<offset + 100, seed: seed), &bytes, at: offset + 100)
        return frame
    }

    /// The checksums of sections and records, by the directory in `meta`.
    private static func records(_ bytes: inout [UInt8], meta: Range<Int>, table: Int?, from body: Int, to end: Int) {
        var part = meta.lowerBound
        while part + 8 <= meta.upperBound {
            let (type, length) = (bytes.span.bytes.u16(part), Int(bytes.span.bytes.u32(part + 4)))
            guard length <= meta.upperBound - part - 8 else { return }
            if type == 9 {
                return sections(&bytes, directory: part + 8..<part + 8 + length, table: table, from: body, to: end)
            }
            part += 8 + paddedTo8(length)
        }
    }

    private static func sections(
        _ bytes: inout [UInt8], directory: Range<Int>, table: Int?, from body: Int, to end: Int
    ) {
        var position = body
        for (index, entry) in stride(from: directory.lowerBound, to: directory.upperBound - 23, by: 24).enumerated() {
            let heads = Int(bytes.span.bytes.u32(entry + 4))
            guard heads < 1 << 20, position + 16 * heads <= end else { return }
            let contents = position + 16 * heads
            var stored = Int(bytes.span.bytes.u32(entry + 16))
            var isPlain = true
            if let table, table + 12 * index + 12 <= bytes.count {
                stored = Int(bytes.span.bytes.u32(table + 12 * index))
                isPlain = bytes.span.bytes.u32(table + 12 * index + 8) == 0
                guard stored <= end - contents else { return }
                put(crc(bytes, contents..<contents + stored), &bytes, at: table + 12 * index + 4)
            }
            guard stored <= end - contents else { return }
            var content = contents
            for head in stride(from: position, to: contents, by: 16) where isPlain {
                let length = Int(bytes.span.bytes.u32(head))
                guard length <= contents + stored - content else { break }
                let record = content..<content + length
                put(
                    bytes.withUnsafeBytes { Checksum.record(UnsafeRawBufferPointer(rebasing: $0[record])) }, &bytes,
                    at: head + 4)
                content += length
            }
            put(crc(bytes, position..<contents), &bytes, at: entry + 20)
            position = contents + stored
        }
    }

    /// A footer whose columns, summary and trailer check out.
    static func footer(_ original: [UInt8], store: StoreID, segment: UInt64) -> [UInt8] {
        var bytes = original
        guard bytes.count >= SegmentSummary.size + SegmentSummary.trailerSize else { return bytes }
        put(SegmentSummary.magic, &bytes, at: 0)
        put(store.high, &bytes, at: 8)
        put(store.low, &bytes, at: 16)
        put(segment, &bytes, at: 24)
        for column in stride(from: 280, to: 280 + 24 * 7, by: 24) {
            let start = Int(truncatingIfNeeded: bytes.span.bytes.u64(column))
            let length = Int(truncatingIfNeeded: bytes.span.bytes.u64(column + 8))
            guard start >= 0, length >= 0, start <= bytes.count, length <= bytes.count - start else { continue }
            put(crc(bytes, start..<start + length), &bytes, at: column + 16)
        }
        put(crc(bytes, 0..<508), &bytes, at: 508)
        return bytes
    }

    /// A snapshot file whose header, chunks and trailer check out as far as their lengths make sense.
    static func snapshot(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        guard bytes.count >= 512 + 64 else { return bytes }
        put(crc(bytes, 0..<508), &bytes, at: 508)
        guard let header = try? SnapshotHeader(decoding: bytes.span.bytes) else { return bytes }
        var offset = SnapshotHeader.size
        var index: UInt64 = 0
        while offset + 16 <= bytes.count - 64, index < 1 << 12 {
            let stored = Int(bytes.span.bytes.u32(offset + 4))
            guard stored <= bytes.count - 64 - offset - 16 else { break }
            let seed = crc(bytes, offset..<offset + 12, seed: header.seed(chunk: index))
            put(crc(bytes, offset + 16..<offset + 16 + stored, seed: seed), &bytes, at: offset + 12)
            offset += 16 + stored
            index += 1
        }
        put(crc(bytes, bytes.count - 64..<bytes.count - 4, seed: header.seed(chunk: .max)), &bytes, at: bytes.count - 4)
        return bytes
    }

    /// `bytes` with the checksum over all before it as its last four bytes.
    static func trailing(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        guard bytes.count >= 4 else { return bytes }
        put(crc(bytes, 0..<bytes.count - 4), &bytes, at: bytes.count - 4)
        return bytes
    }
}
