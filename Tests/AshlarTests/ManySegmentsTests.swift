import AshlarStorage
import AshlarTestSupport
import Synchronization
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Opening many segments")
struct ManySegmentsTests {
    /// A store of more segments than are loaded at once, and its last height.
    private static func store() throws -> (MemoryStorage, Int64) {
        let storage = MemoryStorage()
        var writer = try Writer.open(storage, options: options(segmentBytes: 4_096))
        var height: Int64 = -1
        while try storage.list().compactMap({ SegmentName(fileName: $0) }).count < 70 {
            height += 1
            try writer.append(block(height), events: events(height, count: 9))
        }
        try writer.close()
        return (storage, height)
    }

    @Test("every block is found again where it is")
    func opens() throws {
        let (storage, last) = try Self.store()
        let core = try StoreCore.openForReading(storage, horizon: .durable)
        let chain = core.monitor.withLock { $0.chain.index }
        #expect(chain.count == Int(last) + 1)
        var reader = CommitReader()
        for height in 0...last {
            let location = chain.location(at: Int(height))
            let source = try core.monitor.withLock { (log) throws(StoreError) in
                try log.source(of: location.segment, flushing: false)
            }
            try reader.load(location, from: source, .meta)
            #expect(reader.meta.block?.hash == blockHash(height))
        }
    }

    @Test("of several damaged segments the first is reported [REC-13]")
    func firstDamage() throws {
        let (storage, _) = try Self.store()
        for number: UInt64 in [23, 40, 21, 22] {
            let file = try storage.open(SegmentName(number: number).segmentFile, .readWrite)
            try file.truncate(to: SegmentHeader.size + 40)
        }
        for _ in 0..<20 {
            let found = failure { () throws(StoreError) in
                _ = try StoreCore.openForReading(storage, horizon: .durable)
            }
            guard case .corrupt(let corruption) = found else {
                Issue.record("\(String(describing: found))")
                return
            }
            #expect(corruption.file == SegmentName(number: 21).segmentFile)
        }
    }

    @Test("results come in order, and the error is that of the first job in order", arguments: [1, 2, 5])
    func parallelWork(threads: Int) throws {
        let begun = Mutex<[Int]>([])
        let results = try ParallelWork.run(200, threads: threads) { index in
            begun.withLock { $0.append(index) }
            return index * index
        }
        #expect(results == (0..<200).map { $0 * $0 })
        #expect(begun.withLock { $0.sorted() } == Array(0..<200))
        #expect(try ParallelWork.run(0, threads: threads) { $0 }.isEmpty)
        let late = Mutex(false)
        let error = failure { () throws(StoreError) in
            _ = try ParallelWork.run(8, threads: threads) { (index) throws(StoreError) -> Int in
                if index == 2 {
                    // Where another thread can get ahead, job 3 fails first.
                    for _ in 0..<(threads > 1 ? 2_000 : 0) where !late.withLock({ $0 }) {
                        SystemCalls.pause(milliseconds: 1)
                    }
                    throw .invalidArgument("2")
                }
                if index == 3 {
                    late.withLock { $0 = true }
                    throw .invalidArgument("3")
                }
                return index
            }
        }
        #expect(error == .invalidArgument("2"))
    }

    @Test("runs of blocks stand in the index as if added one by one", arguments: [0, 1, 8_190, 8_191, 8_192, 20_000])
    func runs(before: Int) {
        for added in [0, 1, 2, 8_191, 8_192, 8_193, 20_000] {
            for gap: Int64 in [0, 5] {
                var single = HeightIndex()
                var whole = HeightIndex()
                for height in 0..<Int64(before) {
                    let location = Location(segment: 1, offset: Int(height) * 8)
                    single.append(height: height, location)
                    whole.append(height: height, location)
                }
                let first = Int64(before) + gap
                for step in 0..<added {
                    single.append(height: first + Int64(step), Location(segment: 2, offset: step * 8))
                }
                whole.append(heightsFrom: first, count: added) { Location(segment: 2, offset: $0 * 8) }
                #expect(single.count == whole.count && single.tipHeight == whole.tipHeight)
                let differs = (0..<single.count).first {
                    single.height(at: $0) != whole.height(at: $0) || single.location(at: $0) != whole.location(at: $0)
                }
                #expect(differs == nil)
            }
        }
    }
}
