import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Damage to what was durable")
struct CorruptionTests {
    private let wanted = options(segmentBytes: 8_192)

    /// A closed store of several segments without its sidecar, so that the last one is walked.
    private func store() throws -> SimulatedDisk {
        let disk = try SimulatedDisk.store(wanted) { (writer) throws(StoreError) in try writer.append(0...60) }
        for name in disk.fileNames where name.hasSuffix(".index") { disk[name] = nil }
        return disk
    }

    private func corruption(_ disk: SimulatedDisk) -> Corruption? {
        let error = failure { () throws(StoreError) in _ = try LogContents(disk) }
        guard case .corrupt(let corruption) = error else {
            Issue.record("\(String(describing: error))")
            return nil
        }
        // A writer refuses just so, and changes nothing.
        let before = disk.fileNames.map { disk[$0] }
        let writing = failure { () throws(StoreError) in _ = try Writer.open(disk, options: wanted) }
        if writing != error { Issue.record("the writer said \(String(describing: writing))") }
        if disk.fileNames.map({ disk[$0] }) != before { Issue.record("opening changed a corrupt store") }
        return corruption
    }

    private func offsets(_ disk: SimulatedDisk, _ number: UInt64) throws -> [Int] {
        let name = SegmentName(number: number)
        let loading = SegmentLoading(storage: disk)
        let file = try disk.open(name.segmentFile, .read)
        let size = try file.size()
        let index = try loading.rebuild(name, loading.header(name, file), file, size: size, next: nil)
        return index.offsets.map { Int($0) * 8 } + [Int(index.summary.endOffset)]
    }

    @Test("in the last segment it names file, offset and heights, and nothing is cut", arguments: [0, 70, 110, 180])
    func lastSegment(position: Int) throws {
        let disk = try store()
        let last = UInt64(disk.segments.count)
        let offsets = try offsets(disk, last)
        let name = SegmentName(number: last).segmentFile
        disk[name]?[offsets[1] + position] ^= 1
        let found = try #require(corruption(disk))
        #expect(found.file == name && found.offset == offsets[1])
        #expect(found.heights?.upperBound ?? 0 >= 60)
    }

    @Test("a last segment that was cut off or zeroed is corrupt, not torn", arguments: [24, 100, 1_000])
    func lastSegmentCut(missing: Int) throws {
        let disk = try store()
        let last = UInt64(disk.segments.count)
        let name = SegmentName(number: last).segmentFile
        let size = try #require(disk[name]).count
        let count = min(missing, size - 512)
        let cut = disk.copy()
        cut[name]?.removeLast(count)
        #expect(corruption(cut)?.file == name)
        // Contents of proven commits are checked when they are read, not at opening ([REC-9]).
        guard missing >= 100 else { return }
        let zeroed = disk.copy()
        for index in size - count..<size { zeroed[name]?[index] = 0 }
        #expect(corruption(zeroed)?.file == name)
    }

    @Test("evidence in headers suffices when the note is gone [REC-8]")
    func withoutNote() throws {
        let disk = SimulatedDisk(seed: 1)
        var writer = try Writer.open(disk, options: options())
        try writer.append(0...10)
        try writer.sync()
        try writer.append(11...12)
        try writer.close()
        for name in disk.fileNames where !name.hasSuffix(".segment") { disk[name] = nil }
        let offsets = try offsets(disk, 1)
        // Commit 12 says that commits up to 11 were durable.
        let damaged = disk.copy()
        damaged[damaged.segments[0]]?[offsets[5]] ^= 1
        #expect(corruption(damaged)?.offset == offsets[5])
        #expect(corruption(damaged)?.heights == 5...12)
        // Nothing says that commit 13 was.
        let torn = disk.copy()
        torn[torn.segments[0]]?[offsets[12]] ^= 1
        #expect(try LogContents(torn).heights == Array(0...11))
    }

    @Test("in an earlier segment with a damaged footer it names file, offset and heights [REC-13]")
    func earlierSegment() throws {
        let disk = try store()
        let offsets = try offsets(disk, 2)
        let name = SegmentName(number: 2).segmentFile
        disk[name]?[offsets[3] + 150] ^= 1
        // The footer is whole: opening does not look at the commits, reading does.
        let reading = failure { () throws(StoreError) in _ = try LogContents(disk) }
        guard case .corrupt(let damage) = reading else {
            Issue.record("\(String(describing: reading))")
            return
        }
        #expect(damage.file == name && damage.offset == offsets[3])
        let size = try #require(disk[name]).count
        disk[name]?[size - 1] ^= 1
        let found = try #require(corruption(disk))
        #expect(found.file == name && found.offset == offsets[3])
        #expect(found.heights != nil)
    }

    @Test("a missing segment is named", arguments: [1, 2, 3])
    func missing(number: UInt64) throws {
        let disk = try store()
        let name = SegmentName(number: number).segmentFile
        disk[name] = nil
        #expect(
            corruption(disk) == Corruption(file: name, offset: 0, heights: nil, reason: "the segment file is missing"))
    }

    @Test("a missing last segment is noticed by the note")
    func missingLast() throws {
        let disk = try store()
        disk[disk.segments[disk.segments.count - 1]] = nil
        #expect(corruption(disk)?.file == disk.segments.last)
    }

    @Test("swapped files are noticed [SEG-5]")
    func swapped() throws {
        let disk = try store()
        let names = disk.segments
        (disk[names[1]], disk[names[2]]) = (disk[names[2]], disk[names[1]])
        let found = try #require(corruption(disk))
        #expect(found.file == names[1] && found.offset == 0)
    }

    @Test("a segment of another store is noticed [SEG-6]", arguments: [0, 1, -1])
    func foreign(position: Int) throws {
        let disk = try store()
        let other = try store()
        let index = position < 0 ? disk.segments.count - 1 : position
        disk[disk.segments[index]] = other[other.segments[index]]
        #expect(corruption(disk)?.reason.contains("store") == true)
    }

    @Test("a segment of another history of the same store is noticed [SEG-7]")
    func otherHistory() throws {
        let disk = try SimulatedDisk.store(wanted) { (writer) throws(StoreError) in try writer.append(0...10) }
        let other = disk.copy()
        for (disk, branch) in [(disk, UInt8(0)), (other, 1)] {
            var writer = try Writer.open(disk, options: wanted)
            try writer.append(block(11, branch, on: 0))
            try writer.append(12...60, branch)
            try writer.close()
        }
        for name in disk.fileNames where name.hasSuffix(".index") { disk[name] = nil }
        disk[disk.segments[1]] = other[other.segments[1]]
        #expect(corruption(disk) != nil)
    }

    @Test("truncated, zeroed and flipped segments are noticed, wherever", arguments: 0..<60)
    func anywhere(seed: UInt64) throws {
        let disk = try store()
        let reference = try LogContents(disk)
        var random = SplitMix64(seed: seed)
        let names = disk.segments
        let name = names[random.below(names.count)]
        let size = try #require(disk[name]).count
        let offset = random.below(size)
        switch random.below(3) {
        case 0: disk[name]?.removeLast(size - offset)
        case 1: for index in offset..<min(size, offset + 600) { disk[name]?[index] = 0 }
        default: disk[name]?[offset] ^= 1 << UInt8(random.below(8))
        }
        // Either the damage is reported, or everything is there (padding aside, every byte of a footer is redundant).
        do throws(StoreError) {
            let log = try LogContents(disk)
            #expect(log.commits == reference.commits, "seed \(seed)")
        } catch {
            guard case .corrupt(let found) = error else {
                Issue.record("seed \(seed): \(error)")
                return
            }
            #expect(found.file == name, "seed \(seed): \(found)")
        }
    }

    @Test("an input/output error is neither torn nor corrupt, and changes nothing [REC-12]", arguments: 0..<40)
    func inputOutput(skipping: Int) throws {
        let disk = try store()
        disk.fail(.read, skipping: skipping)
        let error = failure { () throws(StoreError) in _ = try LogOpening(storage: disk, horizon: .committed).open() }
        #expect(
            error == nil
                || error == .inputOutput(operation: "read", path: "\(error?.path ?? "")", code: SystemCalls.inputOutput)
        )
    }
}

extension StoreError {
    fileprivate var path: String? {
        if case .inputOutput(_, let path, _) = self { path } else { nil }
    }
}
