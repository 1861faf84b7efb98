import AshlarStorage
import AshlarTestSupport
import Foundation
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Salvage")
struct SalvageTests {
    @Test(
        "an undamaged store comes out as it is",
        arguments: ["every-kind", "fork", "two-segments", "zero-tail", "pruned", "bad-footer"])
    func undamaged(vector: String) throws {
        let harness = try SalvageHarness(SalvageHarness.vector(vector))
        let report = try harness.check(harness.disk, vector)
        #expect(report.isWhole && report.parts.count == 1 && report.lost.isEmpty, "\(report)")
        let saved = try LogContents(SalvagedStorage(SalvagePlan(harness.disk).parts[0], of: harness.disk))
        #expect(saved.commits == harness.whole.commits && saved.canonical == harness.whole.canonical)
        #expect(saved.versions == harness.whole.versions && saved.state == harness.whole.state)
    }

    @Test("damage in any place of any commit costs that commit alone", arguments: [Compression.none, .lz4])
    func everyCommit(compression: Compression) throws {
        let harness = try SalvageHarness.recorded(compression)
        for file in harness.disk.segments {
            let offsets = try harness.offsets(file)
            for (offset, end) in zip(offsets, offsets.dropFirst()) {
                // Header, its checksum, meta, and the last byte of the records.
                for place in [8, 70, 101, 106, end - offset - 9] where place < end - offset {
                    let damaged = harness.disk.copy()
                    damaged[file]?[offset + place] ^= 0x10
                    let report = try harness.check(damaged, "\(file) \(offset) + \(place)")
                    let told = report.lost.count + report.emptied.count + report.unplaced.count
                    #expect(told > 0, "\(file) \(offset) + \(place)")
                    #expect(report.lost.allSatisfy { ($0.sequences?.count ?? 0) <= 1 })
                    for range in report.lost { #expect(range.file == file && range.bytes == offset..<end) }
                    // Where the next segment tells what the log added up to, nothing is lost of the sums.
                    guard file != harness.disk.segments.last, report.unplaced.isEmpty else { continue }
                    let files = try #require(try SalvagePlan(damaged).parts.last)
                    let saved = try LogContents(SalvagedStorage(files, of: damaged)).state
                    #expect(saved == harness.whole.state, "\(file) \(offset) + \(place)")
                }
            }
        }
    }

    @Test("records that are damaged leave the commit's block, and the log in one piece")
    func emptied() throws {
        let harness = try SalvageHarness.recorded(.none)
        let file = harness.disk.segments[0]
        let offsets = try harness.offsets(file)
        let damaged = harness.disk.copy()
        damaged[file]?[offsets[4] - 20] ^= 1
        let report = try harness.check(damaged, "records")
        #expect(report.parts.count == 1 && report.lost.isEmpty && report.emptied.map(\.sequence) == [4])
        let store = try DegradedStore(damaged).parts[0]
        let view = try store.view()
        #expect(try view.block(height: 3)?.block.hash == blockHash(3))
        #expect(failure { () throws(StoreError) in _ = try view.events() } == .removed(sequence: 4))
    }

    @Test("a group that is not whole is left out, emptied commits and all")
    func groups() throws {
        let disk = try SimulatedDisk.store(options()) { (writer) throws(StoreError) in
            try writer.append(0...10)
            try writer.adopt(branch: [.new(block(9, 1, on: 0), events(9, 1)), .new(block(10, 1), events(10, 1))])
            try writer.append(11...12, 1)
        }
        let harness = try SalvageHarness(disk)
        try #require(harness.whole.commits.filter(\.header.continues).map(\.header.sequence) == [12])
        // The records of the group's first commit, and the header of its last.
        let offsets = try harness.offsets(disk.segments[0])
        let damaged = disk.copy()
        damaged[disk.segments[0]]?[offsets[12] - 20] ^= 1
        damaged[disk.segments[0]]?[offsets[12] + 8] ^= 1
        let report = try harness.check(damaged, "group")
        #expect(report.parts.map(\.sequences) == [1...11, 14...15] && report.lost.map(\.sequences) == [13...13])
        #expect(report.emptied.isEmpty && report.unplaced.map(\.sequence) == [12])
    }

    @Test(
        "a rollback to the lost block before a part tells its time, in the first segment or a later one",
        arguments: [1 << 20, 4_096])
    func baseTime(segmentBytes: Int) throws {
        let disk = try SimulatedDisk.store(options(segmentBytes: segmentBytes)) { (writer) throws(StoreError) in
            try writer.append(0...30)
            try writer.append(block(4, 1, on: 0), events: events(4, 1))
        }
        #expect((disk.segments.count > 1) == (segmentBytes == 4_096))
        let harness = try SalvageHarness(disk)
        let damaged = disk.copy()
        damaged[disk.segments[0]]?[try harness.offsets(disk.segments[0])[3] + 9] ^= 1
        try harness.check(damaged, "base")
        let files = try #require(try SalvagePlan(damaged).parts.last)
        let base = try LogContents(SalvagedStorage(files, of: damaged)).base
        let lost = try #require(harness.whole.commits[3].meta.block)
        #expect(base.tipHeight == 3 && base.tipHash == lost.hash && base.tipTimestamp == lost.timestamp)
    }

    @Test("a whole segment that is zeroed, cut off, or missing is lost, and nothing else")
    func segments() throws {
        let harness = try SalvageHarness.recorded(.lz4)
        let files = harness.disk.segments
        for (index, file) in files.enumerated() {
            let size = try #require(harness.disk[file]).count
            for kind in 0..<4 {
                let damaged = harness.disk.copy()
                switch kind {
                case 0: damaged[file] = [UInt8](repeating: 0, count: size)
                case 1: damaged[file] = Array(damaged[file]?.prefix(size / 2) ?? [])
                case 2: damaged[file]?[100] ^= 1
                default: damaged[file] = nil
                }
                let report = try harness.check(damaged, "\(file) \(kind)")
                // A header holds nothing that its neighbours do not say.
                if kind == 2 { #expect(report.isWhole, "\(file): \(report)") }
                if kind == 3, index > 0 { #expect(report.lost.count == 1, "\(file): \(report)") }
            }
        }
    }

    @Test("bytes damaged at random are lost or harmless, never wrong", arguments: 0..<40)
    func random(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let harness = try SalvageHarness.recorded([.none, .lz4, .zlib][Int(seed % 3)])
        let damaged = harness.disk.copy()
        for _ in 0...random.below(6) {
            let file = damaged.segments[random.below(damaged.segments.count)]
            let size = try #require(damaged[file]).count
            let start = random.below(size)
            for offset in start..<min(size, start + 1 + random.below(random.chance(30) ? 2_000 : 4)) {
                damaged[file]?[offset] = UInt8(truncatingIfNeeded: random.next())
            }
        }
        try harness.check(damaged, "seed \(seed)")
    }

    private static func query(_ heights: ClosedRange<Int64>) -> EventQuery {
        var query = EventQuery()
        query.heights = heights
        return query
    }

    @Test("behind a loss versions and ids go on, and the part can be written to")
    func goesOn() throws {
        let disk = try SimulatedDisk.store(options()) { (writer) throws(StoreError) in try writer.append(0...20) }
        let harness = try SalvageHarness(disk)
        let damaged = disk.copy()
        let offsets = try harness.offsets(damaged.segments[0])
        damaged[damaged.segments[0]]?[offsets[5] + 8] ^= 1
        let plan = try SalvagePlan(damaged)
        try #require(plan.report.parts.map(\.sequences) == [1...5, 7...21])
        #expect(plan.report.lost.map(\.heights) == [5...5])
        let target = SimulatedDisk(seed: 2)
        try StoreSalvage.write(plan.parts[1], of: damaged, into: target)
        var writer = try Writer.open(target, options: options())
        try writer.append(21...22)
        try writer.append(block(22, 3, on: 0), events: events(22, 3))
        #expect(
            failure { () throws(StoreError) in try writer.rollback(toHeight: 4, belowFinality: true) }
                == .pruned(sequence: 5, height: 5))
        #expect(
            failure { () throws(StoreError) in _ = try writer.store.view().events(Self.query(5...9)) }
                == .pruned(sequence: 5, height: 5))
        try writer.close()
        let found = try LogContents(target)
        #expect(found.heights == Array(6...22))
        // Three events a block, two of them of `utxo`.
        #expect(found.versions["utxo"] == 46)
    }

    @Test("snapshots and consumers go with the part whose log proves them")
    func sidefiles() throws {
        let disk = SimulatedDisk(seed: 1)
        var writer = try Writer.open(disk, options: options())
        try writer.append(0...20)
        try writer.sync()
        try writer.store.consumer("search").ack(try writer.store.cursor(at: .sequence(12)))
        try writer.close()
        let offsets = try SalvageHarness(disk).offsets(disk.segments[0])
        disk[disk.segments[0]]?[offsets[5] + 8] ^= 1
        let plan = try SalvagePlan(disk)
        try #require(plan.parts.count == 2)
        #expect(plan.parts[0].keys.filter { $0.hasSuffix(".consumer") }.isEmpty)
        #expect(plan.parts[1].keys.filter { $0.hasSuffix(".consumer") } == ["search.consumer"])
        // What stands at a sequence of the log, but in another log, goes with no part.
        var slot = try #require(ConsumerSlot.latest(in: disk["search.consumer"] ?? []))
        slot.chainValue ^= 1
        var bytes = [UInt8](repeating: 0, count: ConsumerSlot.size * ConsumerSlot.count)
        bytes.replaceSubrange(slot.index * ConsumerSlot.size..<(slot.index + 1) * ConsumerSlot.size, with: slot.encoded)
        disk["search.consumer"] = bytes
        let other = try SalvagePlan(disk)
        #expect(other.parts.allSatisfy { $0["search.consumer"] == nil })
        #expect(other.report.notices.contains { $0.hasPrefix("search.consumer stands on what is lost") })
    }

    @Test("what is killed half-way leaves nothing that opens, and nothing is written to the original")
    func killed() throws {
        let harness = try SalvageHarness.recorded(.none)
        let plan = try SalvagePlan(harness.disk)
        let complete = SimulatedDisk(seed: 3)
        try StoreSalvage.write(plan.parts[0], of: harness.disk, into: complete)
        // What was finished is durable, all of it.
        for seed in 1...4 {
            #expect(try LogContents(complete.powerCut(seed: UInt64(seed))).commits == harness.whole.commits)
        }
        let changes = SimulatedDisk.Operation.allCases.filter(\.isChange).reduce(0) { $0 + complete.count($1) }
        for change in 1...changes {
            let target = SimulatedDisk(seed: UInt64(change))
            target.cutPower(atChange: change)
            #expect(
                failure { () throws(StoreError) in try StoreSalvage.write(plan.parts[0], of: harness.disk, into: target)
                } != nil)
            for left in [target.powerCut(seed: 1), target.powerCut(seed: 2)] {
                guard failure({ () throws(StoreError) in _ = try Store.open(left) }) == nil else { continue }
                // All renamed, the last directory sync apart: then it is the store.
                #expect(try LogContents(left).commits == harness.whole.commits)
            }
        }
    }
}
