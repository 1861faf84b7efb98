import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("A stranger's store")
struct HostileFileTests {
    /// A store with a bit of everything, and what is needed to put its checksums right.
    private func store() throws -> SimulatedDisk {
        let disk = try SimulatedDisk.store(options(segmentBytes: 8_192, compression: .lz4)) {
            (writer) throws(StoreError) in
            try writer.append(0...30)
            try writer.append(block(28, 1, on: 0), events: events(28, 1))
            try writer.appendFloating(events(1), key: [1])
            try writer.adopt(branch: [.known(sequence: 29), .new(block(29, 4, on: 0), events(29))])
            try writer.append(30...50, 4)
        }
        for name in disk.fileNames where !name.hasSuffix(".segment") { disk[name] = nil }
        return disk
    }

    private static let extremes: [UInt64] = [
        0, 1, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 43, .max >> 1, (.max >> 1) + 1, .max - 1, .max,
    ]

    @Test("gives an error or a log, never a crash", arguments: 0..<200)
    func extremeFields(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let disk = try store()
        let name = disk.segments[random.below(disk.segments.count)]
        var bytes = try #require(disk[name])
        let width = [1, 2, 4, 8][random.below(4)]
        let value = random.chance(70) ? Self.extremes[random.below(Self.extremes.count)] : random.next()
        func put(_ offset: Int) {
            for index in 0..<width where offset + index < bytes.count {
                bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
            }
        }
        func seal(_ range: Range<Int>, seed: UInt32 = 0, at offset: Int) {
            let crc = bytes[range].withUnsafeBytes { Checksum.crc($0, seed: seed) }
            bytes.replaceSubrange(offset..<offset + 4, with: withUnsafeBytes(of: crc.littleEndian) { Array($0) })
        }
        let header = try SegmentHeader(decoding: bytes.span.bytes, name: #require(SegmentName(fileName: name)))
        let commitSeed = Checksum.headerSeed(store: header.storeID, segment: header.segment)
        let offset = try commit(disk, name, &random)
        let metaEnd = offset + 104 + Int(bytes.span.bytes.u32(offset + 56))
        let tableEnd =
            metaEnd + (bytes[offset + 92] & 1 == 1 ? paddedTo8(12 * Int(bytes.span.bytes.u32(offset + 52))) : 0)
        let footer = footerOffset(bytes, header)
        switch random.below(5) {
        case 0:
            put(24 + random.below(60) * 4)
            seal(0..<508, at: 508)
        case 1:
            put(offset + 4 + random.below(24) * 4)
            rechain(&bytes, offset, metaEnd)
            seal(offset..<offset + 100, seed: commitSeed, at: offset + 100)
        case 2:
            put(offset + 104 + random.below((tableEnd - offset - 104) / 4) * 4)
            rechain(&bytes, offset, metaEnd)
            seal(offset + 104..<tableEnd, at: offset + 88)
            seal(offset..<offset + 100, seed: commitSeed, at: offset + 100)
        case 3 where footer != nil:
            put((footer ?? 0) + 32 + random.below(104) * 4)
            seal((footer ?? 0)..<(footer ?? 0) + 508, at: (footer ?? 0) + 508)
        default:
            guard let footer else { return }
            let column = footer + 280 + 24 * random.below(7)
            let start = footer + Int(bytes.span.bytes.u64(column))
            let length = Int(bytes.span.bytes.u64(column + 8))
            guard length > 0 else { return }
            put(start + random.below(max(1, length / 4)) * 4)
            seal(start..<start + length, at: column + 16)
            seal(footer..<footer + 508, at: footer + 508)
        }
        disk[name] = bytes
        _ = failure { () throws(StoreError) in _ = try LogContents(disk) }
        _ = failure { () throws(StoreError) in
            var writer = try Writer.open(disk, options: options(segmentBytes: 8_192))
            let tip = writer.state
            var next = block(tip.tipHeight == .max ? 0 : tip.tipHeight + 1)
            next.parent = tip.tipHash.count > 0 ? tip.tipHash : next.parent
            try writer.append(next, events: events(1))
            try writer.rollback(toHeight: tip.tipHeight, belowFinality: true)
            try writer.appendFloating([], key: [1])
        }
    }

    /// The offset of some commit of a segment.
    private func commit(_ disk: SimulatedDisk, _ file: String, _ random: inout SplitMix64) throws -> Int {
        let name = try #require(SegmentName(fileName: file))
        let loading = SegmentLoading(storage: disk)
        let handle = try disk.open(file, .read)
        let index = try loading.rebuild(name, loading.header(name, handle), handle, size: handle.size(), next: nil)
        return Int(index.offsets[random.chance(60) ? 0 : random.below(index.offsets.count)]) * 8
    }

    private func footerOffset(_ bytes: [UInt8], _ header: SegmentHeader) -> Int? {
        let trailer = Array(bytes.suffix(SegmentSummary.trailerSize))
        return SegmentSummary.footerLength(trailer: trailer.span.bytes, store: header.storeID, segment: header.segment)
            .map { bytes.count - $0 }
    }

    /// Lets the commit at `offset` continue the one before it again, as far as that is known: only for the first of a segment.
    private func rechain(_ bytes: inout [UInt8], _ offset: Int, _ metaEnd: Int) {
        guard offset == SegmentHeader.size else { return }
        let previous = bytes.span.bytes.u64(80)
        let value = bytes.withUnsafeBytes {
            ChainValue.fold(
                ChainValue.fold(previous, UnsafeRawBufferPointer(rebasing: $0[offset..<offset + 64])),
                UnsafeRawBufferPointer(rebasing: $0[offset + 104..<metaEnd]))
        }
        bytes.replaceSubrange(offset + 64..<offset + 72, with: withUnsafeBytes(of: value.littleEndian) { Array($0) })
    }
}
