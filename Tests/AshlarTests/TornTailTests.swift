import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("The end of the log after a crash")
struct TornTailTests {
    /// A store whose commits up to sequence 11 are durable, and whose later ones are written but not synced; and the offsets of all.
    private func crashed(seed: UInt64 = 1, last: Int64 = 20) throws -> (disk: SimulatedDisk, offsets: [Int]) {
        let disk = SimulatedDisk(seed: seed)
        var writer = try Writer.open(disk, options: options())
        try writer.append(0...10)
        try writer.sync()
        try writer.append(11...last)
        let offsets = writer.core.monitor.withLock { log in
            _ = try? log.flush()
            return (log.active?.index.offsets ?? []).map { Int($0) * 8 } + [log.endOffset]
        }
        let copy = disk.copy()
        disk.cutPower(atChange: 1)
        return (copy, offsets)
    }

    private let segment = SegmentName(number: 1).segmentFile

    @Test("a torn tail is cut and reported [REC-8]", arguments: [1, 50, 103, 104, 200])
    func cutOff(missing: Int) throws {
        let (disk, offsets) = try crashed()
        disk[segment]?.removeLast(missing)
        let log = try LogContents(disk)
        #expect(log.heights == Array(0...19))
        let bytes = offsets[21] - missing - offsets[20]
        guard case .torn(segment, offsets[20], let torn, let sequences) = log.recovery.tail else {
            Issue.record("\(log.recovery)")
            return
        }
        // Zeros at the end are not counted: they may be space written ahead.
        #expect(torn <= bytes && torn > bytes - 100)
        #expect(sequences == (bytes >= 104 ? 21...21 : nil))
        // Looking changed nothing ([REC-15]); a writer cuts it.
        #expect(disk[segment]?.count == offsets[21] - missing)
        var writer = try Writer.open(disk, options: options())
        #expect(writer.recovery.tail == log.recovery.tail)
        #expect(writer.recovery.notices == [.keptUnproven(sequences: 12...20)])
        #expect(disk.onlyDurable()[segment]?.count == offsets[20])
        try writer.append(20...21)
        try writer.close()
        #expect(try LogContents(disk).heights == Array(0...21))
    }

    @Test(
        "a bit that flipped in what was never durable is a torn tail", arguments: 12...20,
        [0, 5, 70, 101, 110, 250, -1])
    func flipped(sequence: Int, where position: Int) throws {
        let (disk, offsets) = try crashed()
        let offset = position >= 0 ? offsets[sequence - 1] + position : offsets[sequence] - 9
        guard offset < offsets[sequence] else { return }
        disk[segment]?[offset] ^= 4
        let log = try LogContents(disk)
        #expect(log.state.sequence == UInt64(sequence) - 1)
        guard case .torn(segment, offsets[sequence - 1], _, let sequences) = log.recovery.tail else {
            Issue.record("\(log.recovery)")
            return
        }
        #expect(sequences?.upperBound == 21)
        try Writer.open(disk, options: options()).close()
        #expect(try LogContents(disk).recovery.isClean)
    }

    @Test("a hole of zeros in what was never durable is a torn tail; what stands behind it does not come back [REC-4]")
    func hole() throws {
        let (disk, offsets) = try crashed()
        for index in offsets[14]..<offsets[15] { disk[segment]?[index] = 0 }
        let log = try LogContents(disk)
        #expect(log.heights == Array(0...13))
        #expect(log.recovery.tail != .clean)
        // The same blocks, the same bytes, the same places: only the epoch differs. The old ones behind must not continue the new ones.
        let before = try #require(disk[segment])
        var writer = try Writer.open(disk, options: options())
        try writer.append(14...14)
        try writer.sync()
        let end = try #require(disk[segment]).count
        // Stale bytes, as a disk might give them back that lost the cut.
        disk[segment]?.append(contentsOf: before[end...])
        let stale = try LogContents(disk)
        #expect(stale.heights == Array(0...14))
        guard case .torn = stale.recovery.tail else {
            Issue.record("\(stale.recovery)")
            return
        }
    }

    @Test("zeros behind the end are the end", arguments: [8, 512, 100_000])
    func zeros(count: Int) throws {
        let (disk, offsets) = try crashed()
        disk[segment]?.append(contentsOf: [UInt8](repeating: 0, count: count))
        let log = try LogContents(disk)
        #expect(log.recovery.tail == .clean)
        #expect(log.heights == Array(0...20))
        var writer = try Writer.open(disk, options: options())
        try writer.append(21...23)
        try writer.close()
        #expect(try LogContents(disk).heights == Array(0...23))
        #expect(offsets.count == 22)
    }

    @Test("a torn footer is a torn tail without sequences [REC-10]", arguments: [8, 100, 512, 600])
    func tornFooter(kept: Int) throws {
        let (disk, offsets) = try crashed()
        let file = try disk.open(segment, .read)
        let loading = SegmentLoading(storage: disk)
        let name = SegmentName(number: 1)
        let size = try #require(disk[segment]).count
        let index = try loading.rebuild(name, loading.header(name, file), file, size: size, next: nil)
        disk[segment]?.append(contentsOf: index.encodedFooter()[..<kept])
        let log = try LogContents(disk)
        #expect(log.heights == Array(0...20))
        guard case .torn(segment, offsets[21], _, nil) = log.recovery.tail else {
            Issue.record("\(log.recovery)")
            return
        }
        try Writer.open(disk, options: options()).close()
        #expect(try LogContents(disk).recovery.isClean)
    }

    @Test("an unfinished last segment is removed [REC-14]", arguments: [0, 1, 511, 512, 4_096])
    func unfinished(size: Int) throws {
        let disk = try SimulatedDisk.store(options(segmentBytes: 4_096)) { (writer) throws(StoreError) in
            try writer.append(0...20)
        }
        // The one before it is full and sealed, as it is when the next one is begun.
        let count = disk.segments.count
        var writer = try Writer.open(disk, options: options(segmentBytes: 4_096))
        writer.core.monitor.withLock { log in _ = try? log.seal() }
        let next = SegmentName(number: UInt64(count) + 1)
        try writer.close()
        disk[next.segmentFile] = [UInt8](repeating: 0, count: size)
        let log = try LogContents(disk)
        #expect(log.recovery.notices == [.unfinishedSegment(file: next.segmentFile)])
        #expect(log.heights == Array(0...20))
        #expect(disk[next.segmentFile] != nil)
        writer = try Writer.open(disk, options: options(segmentBytes: 4_096))
        #expect(disk[next.segmentFile] == nil)
        try writer.append(21...30)
        try writer.close()
        #expect(try LogContents(disk).heights == Array(0...30))
    }

    @Test("a store whose creation was cut off is created anew", arguments: 0..<30)
    func creation(seed: UInt64) throws {
        let disk = SimulatedDisk(seed: seed)
        disk.cutPower(atChange: 1 + Int(seed % 6))
        _ = failure { () throws(StoreError) in _ = try Writer.open(disk, options: options()) }
        let after = disk.powerCut(seed: seed)
        var writer = try Writer.open(after, options: options())
        try writer.append(0...3)
        try writer.close()
        #expect(try LogContents(after.onlyDurable()).heights == Array(0...3))
    }

    @Test("the rule decides by evidence alone [REC-8]")
    func rule() {
        typealias Rule = RecoveryRule
        #expect(Rule.judge(lastSequence: 5, end: .endOfFile, proven: 5) == .clean)
        #expect(Rule.judge(lastSequence: 5, end: .zeros, proven: 0) == .clean)
        #expect(Rule.judge(lastSequence: 5, end: .damaged("x"), proven: 5) == .torn)
        #expect(Rule.judge(lastSequence: 5, end: .footer, proven: 4) == .torn)
        for end in [CommitWalker.End.endOfFile, .zeros, .footer, .damaged("x")] {
            guard case .corrupt = Rule.judge(lastSequence: 5, end: end, proven: 6) else {
                Issue.record("\(end) was not corrupt")
                continue
            }
        }
    }
}
