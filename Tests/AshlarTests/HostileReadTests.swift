import AshlarStorage
import AshlarTestSupport
import Foundation
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("A stranger's store whose checksums all hold")
struct HostileReadTests {
    /// Several segments, forks, a branch taken up again, floating batches, own times and request ids; note and sidecar are kept.
    static func store(_ compression: Compression) throws -> ResealedStore {
        let disk = try SimulatedDisk.store(options(segmentBytes: 8_192, compression: compression)) {
            (writer) throws(StoreError) in
            try writer.append(0...30)
            try writer.append(block(28, 1, on: 0), events: events(28, 1))
            try writer.appendFloating(events(1), key: [1])
            try writer.adopt(branch: [.known(sequence: 29), .new(block(29, 4, on: 0), events(29))])
            try writer.append(30...50, 4)
            try writer.rollback(toHeight: 47)
            var marked = block(48, 4)
            (marked.mark, marked.requestID) = ([1, 2, 3], [7])
            var own = events(48, 4)
            (own[0].timestamp, own[1].requestID) = (Timestamp(seconds: 5), [8, 9])
            try writer.append(marked, events: own)
            try writer.appendFloating(own, key: [2], timestamp: Timestamp(seconds: 3))
        }
        return try ResealedStore(disk)
    }

    private static let extremes: [UInt64] = [
        0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 43, .max >> 1, (.max >> 1) + 1, .max - 1, .max,
    ]

    /// Changes a field or two anywhere.
    static func mutate(_ store: inout ResealedStore, _ random: inout SplitMix64) {
        let regions = store.regions
        for _ in 0...random.below(2) {
            let region = regions[random.below(regions.count)]
            let width = [1, 2, 4, 8, 8][random.below(5)]
            guard region.range.count >= width else { continue }
            let offset = region.range.lowerBound + random.below(region.range.count / width) * width
            let old = store.integer(region.file, min(offset, (store.bytes[region.file]?.count ?? 8) - 8))
            let value =
                switch random.below(4) {
                case 0: old &+ UInt64(truncatingIfNeeded: random.below(9) - 4)
                case 1: random.next()
                default: extremes[random.below(extremes.count)]
                }
            store.put(value, width: width, region.file, offset)
        }
        store.reseal()
    }

    static func exercise(_ disk: SimulatedDisk) {
        readEverything(disk)
        _ = failure { () throws(StoreError) in
            var writer = try Writer.open(disk, options: options(segmentBytes: 8_192))
            try writer.appendFloating(events(1), key: [2])
            let tip = writer.state
            var next = block(tip.tipHeight == .max ? 0 : tip.tipHeight + 1, 9)
            next.parent = tip.tipHash.count > 0 ? tip.tipHash : next.parent
            _ = try? writer.append(next, events: events(1))
            _ = try? writer.adopt(branch: [.known(sequence: 30)], belowFinality: true)
            _ = try? writer.append(block(40, 1, on: 4), events: events(40))
            try writer.rollback(toHeight: 3, belowFinality: true)
        }
    }

    @Test("gives an error or events, never a crash", arguments: 0..<12)
    func mutated(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var store = try Self.store(seed % 2 == 0 ? .none : .lz4)
        Self.mutate(&store, &random)
        Self.exercise(store.disk)
    }

    /// For long runs by hand: `ASHLAR_FUZZ=from-to`, with the seed at work in the file `ASHLAR_FUZZ_LOG`.
    @Test("gives an error or events, never a crash, however long", .enabled(if: fuzz != nil))
    func fuzzed() throws {
        guard let range = fuzz else { return }
        let stores = try [Self.store(.none), Self.store(.lz4), Self.store(.zlib)]
        let log = ProcessInfo.processInfo.environment["ASHLAR_FUZZ_LOG"] ?? "/dev/null"
        for seed in range {
            try? Data("\(seed)".utf8).write(to: URL(fileURLWithPath: log))
            var random = SplitMix64(seed: seed)
            var store = stores[Int(seed % 3)]
            for name in store.disk.fileNames { store.disk[name] = nil }
            Self.mutate(&store, &random)
            let started = SystemCalls.monotonicNanoseconds()
            Self.exercise(store.disk)
            let seconds = Double(SystemCalls.monotonicNanoseconds() - started) / 1e9
            if seconds > 5 { Issue.record("seed \(seed) took \(seconds) s") }
        }
    }

    @Test("a directory whose versions pass the end of the numbers is no crash")
    func versions() throws {
        var store = try Self.store(.none)
        let commit = store.commit(0, in: 0)
        store.put(.max, commit.file, commit.directory + 8)
        store.reseal()
        readEverything(store.disk)
    }

    @Test("a footer whose counts pass the end of the numbers is no crash")
    func counts() throws {
        var store = try Self.store(.none)
        let footer = store.footer(of: 0)
        let models = footer + Int(store.integer(store.segmentFile(0), footer + 280 + 24 * 4))
        store.put(.max, store.segmentFile(0), models + 8)
        store.put(.max, store.segmentFile(0), models + 16)
        store.reseal()
        readEverything(store.disk)
    }

    @Test("a sidecar of a segment without end is no crash", arguments: [UInt64.max, 1 << 62])
    func endless(end: UInt64) throws {
        var store = try Self.store(.none)
        let sidecar = try #require(store.disk.fileNames.first { $0.hasSuffix(".index") })
        store.put(end, sidecar, 32)
        store.reseal()
        readEverything(store.disk)
    }

    @Test("a segment that begins at the last sequence is no crash")
    func lastSequence() throws {
        var store = try Self.store(.none)
        store.put(.max, store.segmentFile(1), 72)
        store.reseal()
        readEverything(store.disk)
    }

    @Test("a commit of the last sequence behind damage is no crash")
    func lastSequenceBehindDamage() throws {
        var store = try Self.store(.none)
        let damaged = store.commit(1, in: 0)
        let commit = store.commit(2, in: 0)
        store.put(1, width: 4, damaged.file, damaged.offset)
        store.put(.max, commit.file, commit.offset + 8)
        store.reseal()
        readEverything(store.disk)
    }

    @Test("a rollback to the highest number, and a block on top of it, is no crash")
    func highestTip() throws {
        var store = try Self.store(.none)
        for segment in 0..<3 {
            for index in 0..<4 {
                let commit = store.commit(index, in: segment)
                guard store.integer(commit.file, commit.offset + 200) & 0xFFFF == 2 else { continue }
                store.put(UInt64(Int64.max), commit.file, commit.offset + 208)
                store.put(UInt64(Int64.max), commit.file, commit.offset + 240)
            }
        }
        store.reseal()
        readEverything(store.disk)
    }
}

private let fuzz: Range<UInt64>? = {
    let parts = (ProcessInfo.processInfo.environment["ASHLAR_FUZZ"] ?? "").split(separator: "-")
    guard parts.count == 2, let from = UInt64(parts[0]), let to = UInt64(parts[1]), from < to else { return nil }
    return from..<to
}()
