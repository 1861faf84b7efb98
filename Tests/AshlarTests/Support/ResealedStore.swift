import AshlarStorage
import AshlarTestSupport

@testable import Ashlar
@testable import AshlarFormat

/// A store whose bytes a test changes and whose checksums it then puts right everywhere, as a stranger would who wants the decoders to
/// believe them.
struct ResealedStore {
    /// A run of bytes of one file.
    struct Region {
        var file: String
        var range: Range<Int>
    }

    private struct Frame {
        var header: CommitHeader
        var offset: Int
        var directory: Int
        var sections: [RecordTable.Section]
    }

    private struct File {
        var frames: [Frame]
        /// Where its footer starts, if it has one.
        var footer: Int?
    }

    let disk: SimulatedDisk
    private(set) var bytes: [String: [UInt8]] = [:]
    private var segments: [(name: String, file: File)] = []
    private let storeID: StoreID

    init(_ disk: SimulatedDisk) throws {
        self.disk = disk
        for name in disk.fileNames { bytes[name] = disk[name] ?? [] }
        var found: StoreID?
        let loading = SegmentLoading(storage: disk)
        for name in disk.segments {
            guard let segment = SegmentName(fileName: name), let content = bytes[name] else { continue }
            let handle = try disk.open(name, .read)
            let header = try loading.header(segment, handle)
            found = header.storeID
            let index = try loading.rebuild(segment, header, handle, size: content.count, next: nil)
            let seed = Checksum.headerSeed(store: header.storeID, segment: header.segment)
            var file = File(frames: [], footer: nil)
            for offset in index.offsets { file.frames.append(try Self.frame(content, Int(offset) * 8, seed)) }
            if case .success((_, let base))? = try loading.footer(header, handle, size: content.count) {
                file.footer = base
            }
            segments.append((name, file))
        }
        storeID = found ?? StoreID(high: 0, low: 0)
    }

    private static func frame(_ content: [UInt8], _ offset: Int, _ seed: UInt32) throws -> Frame {
        let header = try CommitHeader(decoding: content.span.bytes, at: offset, seed: seed)
        let span = content.span.bytes.extracting(offset..<offset + header.frameLength)
        let meta = try CommitMeta(decoding: span, header: header)
        var table = RecordTable()
        try table.layOut(span, header, meta)
        return Frame(header: header, offset: offset, directory: meta.directoryOffset, sections: table.sections)
    }

    /// Everything that is covered by checksums, in pieces of which each is worth as much as any other.
    var regions: [Region] {
        var regions: [Region] = []
        for (name, file) in segments {
            regions.append(Region(file: name, range: 0..<512))
            for frame in file.frames {
                let body = frame.offset + frame.header.bodyOffset
                regions.append(Region(file: name, range: frame.offset..<frame.offset + CommitHeader.size))
                regions.append(Region(file: name, range: frame.offset + CommitHeader.size..<body))
                for section in frame.sections {
                    regions.append(
                        Region(file: name, range: frame.offset + section.headsOffset..<frame.offset + section.end))
                }
            }
            if let footer = file.footer { regions += footerRegions(name, footer) }
        }
        for name in bytes.keys.sorted() where name.hasSuffix(".index") { regions += footerRegions(name, 0) }
        if bytes[SegmentName.noteFile] != nil { regions.append(Region(file: SegmentName.noteFile, range: 0..<64)) }
        return regions
    }

    private func footerRegions(_ name: String, _ base: Int) -> [Region] {
        var regions = [
            Region(file: name, range: base..<base + 280), Region(file: name, range: base + 280..<base + 448),
        ]
        for column in columns(name, base) where !column.isEmpty { regions.append(Region(file: name, range: column)) }
        if let count = bytes[name]?.count { regions.append(Region(file: name, range: count - 16..<count)) }
        return regions
    }

    private func columns(_ name: String, _ base: Int) -> [Range<Int>] {
        guard let content = bytes[name] else { return [] }
        return (0..<7).map { index in
            let start = UInt64(base) &+ content.span.bytes.u64(base + 280 + 24 * index)
            let length = content.span.bytes.u64(base + 288 + 24 * index)
            guard start < content.count, length <= UInt64(content.count) - start else { return 0..<0 }
            return Int(start)..<Int(start + length)
        }
    }

    /// Offset of the frame of the commit with this place in its segment, and of its directory.
    func commit(_ index: Int, in segment: Int) -> (file: String, offset: Int, directory: Int) {
        let frame = segments[segment].file.frames[index]
        return (segments[segment].name, frame.offset, frame.offset + frame.directory)
    }

    /// Offset of a segment's footer.
    func footer(of segment: Int) -> Int { segments[segment].file.footer ?? 0 }

    func segmentFile(_ segment: Int) -> String { segments[segment].name }

    func integer(_ file: String, _ offset: Int) -> UInt64 {
        let content = bytes[file] ?? []
        return content.span.bytes.u64(offset)
    }

    mutating func put(_ value: UInt64, width: Int = 8, _ file: String, _ offset: Int) {
        guard let count = bytes[file]?.count else { return }
        for index in 0..<width where offset + index < count {
            bytes[file]?[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
        }
    }

    private mutating func seal(_ file: String, _ range: Range<Int>, seed: UInt32 = 0, at offset: Int) {
        guard let content = bytes[file], range.upperBound <= content.count else { return }
        put(UInt64(content[range].withUnsafeBytes { Checksum.crc($0, seed: seed) }), width: 4, file, offset)
    }

    /// Puts every checksum and chain value right and writes the files.
    mutating func reseal() {
        var chain = ChainValue.origin(of: storeID)
        for (index, (name, file)) in segments.enumerated() {
            put(chain, name, 80)
            seal(name, 0..<508, at: 508)
            let seed = Checksum.headerSeed(store: storeID, segment: UInt64(index) + 1)
            for frame in file.frames { chain = reseal(frame, name, seed, chain) }
            if let footer = file.footer { reseal(footer: footer, name, seed, chain) }
        }
        let last = Checksum.headerSeed(store: storeID, segment: UInt64(segments.count))
        for name in bytes.keys.sorted() where name.hasSuffix(".index") { reseal(footer: 0, name, last, chain) }
        put(chain, SegmentName.noteFile, 40)
        seal(SegmentName.noteFile, 0..<60, at: 60)
        for (name, content) in bytes { disk[name] = content }
    }

    private mutating func reseal(_ frame: Frame, _ file: String, _ seed: UInt32, _ chain: UInt64) -> UInt64 {
        let start = frame.offset
        for (index, section) in frame.sections.enumerated() {
            if section.storage == nil { resealRecords(section, start, file) }
            let heads = start + section.headsOffset..<start + section.contentsOffset
            seal(file, heads, at: start + frame.directory + 24 * index + 20)
            guard section.storage != nil else { continue }
            let table = start + CommitHeader.size + Int(frame.header.metaLength)
            seal(file, start + section.contentsOffset..<start + section.end, at: table + 12 * index + 4)
        }
        let meta = start + CommitHeader.size..<start + CommitHeader.size + Int(frame.header.metaLength)
        seal(file, start + CommitHeader.size..<start + frame.header.bodyOffset, at: start + 88)
        guard let content = bytes[file] else { return chain }
        let value = content.withUnsafeBytes {
            ChainValue.fold(
                ChainValue.fold(chain, UnsafeRawBufferPointer(rebasing: $0[start..<start + 64])),
                UnsafeRawBufferPointer(rebasing: $0[meta]))
        }
        put(value, file, start + 64)
        seal(file, start..<start + 100, seed: seed, at: start + 100)
        return value
    }

    private mutating func resealRecords(_ section: RecordTable.Section, _ start: Int, _ file: String) {
        guard let content = bytes[file] else { return }
        var offset = start + section.contentsOffset
        for index in 0..<Int(section.entry.count) {
            let head = start + section.headsOffset + 16 * index
            let length = Int(content.span.bytes.u32(head))
            guard offset + length <= start + section.end else { return }
            let crc = content.withUnsafeBytes {
                Checksum.record(UnsafeRawBufferPointer(rebasing: $0[offset..<offset + length]))
            }
            put(UInt64(crc), width: 4, file, head + 4)
            offset += length
        }
    }

    private mutating func reseal(footer base: Int, _ file: String, _ seed: UInt32, _ chain: UInt64) {
        put(chain, file, base + 120)
        for (index, column) in columns(file, base).enumerated() where !column.isEmpty {
            seal(file, column, at: base + 296 + 24 * index)
        }
        seal(file, base..<base + 508, at: base + 508)
        guard let count = bytes[file]?.count else { return }
        seal(file, count - 16..<count - 12, seed: seed, at: count - 12)
    }
}

/// Reads a store in every way there is; errors are what is expected, and nothing else may happen.
func readEverything(_ disk: SimulatedDisk) {
    _ = failure { () throws(StoreError) in _ = try StoreVerification.run(disk) }
    for horizon in [ReadHorizon.committed, .durable] {
        _ = failure { () throws(StoreError) in readEverything(try Store.open(disk, horizon: horizon)) }
    }
}

func readEverything(_ store: Store) {
    _ = failure { () throws(StoreError) in _ = try store.statistics() }
    _ = failure { () throws(StoreError) in _ = try store.lastMark() }
    for isDescending in [false, true] {
        for commit in store.commits(descending: isDescending) {
            _ = failure { () throws(StoreError) in _ = try commit.get() }
        }
    }
    for height in [0, 28, 29, 50] as [Int64] {
        for branch in [0, 1, 4] as [UInt8] {
            _ = failure { () throws(StoreError) in _ = try store.blocks(hash: blockHash(height, branch)) }
        }
    }
    let last = store.sequence
    for sequence in Set([last, last / 2, min(last, 33), 1]) where sequence <= last {
        _ = failure { () throws(StoreError) in readEverything(try store.view(asOf: sequence)) }
    }
}

func readEverything(_ view: View) {
    for isDescending in [false, true] {
        for block in view.blocks(descending: isDescending) {
            _ = failure { () throws(StoreError) in _ = try block.get() }
        }
    }
    _ = failure { () throws(StoreError) in _ = try view.block(hash: blockHash(29, 4)) }
    for scope in [EventQuery.Scope.canonical, .canonicalAndFloating, .floating, .log] {
        for order in [EventQuery.Order.chain, .sequence, .version, .timestamp] {
            for models in [nil, ["utxo"], ["utxo", "balance"]] {
                var query = EventQuery()
                (query.scope, query.order, query.models) = (scope, order, models)
                query.descending = order == .sequence
                if order == .version { query.versions = 1 ... .max }
                if order == .timestamp { query.times = Timestamp(microseconds: .min)...Timestamp(microseconds: .max) }
                _ = failure { () throws(StoreError) in
                    var cursor = try view.cursor(query)
                    while try cursor.next() { _ = (cursor.event, cursor.pageToken) }
                }
            }
        }
    }
}
