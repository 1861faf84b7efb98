import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Deriving a store")
struct DeriveTests {
    @Test(
        "without a change the target holds commit for commit what the source holds",
        arguments: 1...8 as ClosedRange<UInt64>)
    func identity(seed: UInt64) throws {
        let source = try DeriveSource.random(seed: seed)
        let target = MemoryStorage()
        let simulator = Simulator(seed: seed)
        var same = deriveOptions(segmentBytes: simulator.wanted.segmentBytes, compression: simulator.wanted.compression)
        same.writer.finalityDepth = 1
        let report = try derive(source, target, options: same)
        #expect(try StoreDump.content(target) == StoreDump.content(source))
        #expect(report.outcome == .caughtUp && report.eventsRead == report.eventsWritten)
        #expect(try Store.open(source).sequence == report.sequence && report.commits == report.sequence)
        #expect(try Store.open(target).id == report.targetID && Store.open(source).id != report.targetID)
        #expect(try StoreVerification.run(target).isSound)
    }

    @Test("segment size and compression are the target's own", arguments: 1...3 as ClosedRange<UInt64>)
    func writerOptions(seed: UInt64) throws {
        let source = try DeriveSource.random(seed: seed)
        for (bytes, compression) in [(4_096, Compression.zlib), (1 << 20, .lz4), (16_384, .none)] {
            let target = MemoryStorage()
            _ = try derive(source, target, options: deriveOptions(segmentBytes: bytes, compression: compression))
            #expect(try StoreDump.content(target) == StoreDump.content(source))
            #expect(try StoreVerification.run(target).isSound)
        }
    }

    @Test("a group of commits stays in one segment, in compressed stores too")
    func groups() throws {
        let source = try SimulatedDisk.store(options(segmentBytes: 1 << 20, compression: .zlib)) {
            (writer) throws(StoreError) in
            for height in 0..<40 as Range<Int64> {
                try writer.append(height...height, count: 4)
                guard height % 4 == 3 else { continue }
                try writer.adopt(
                    branch: (height - 2...height + 1).map { number in
                        .new(
                            block(number, UInt8(height), on: number == height - 2 ? 0 : nil),
                            (0..<5).map { _ in Event(model: "m", type: "t", payload: [UInt8](repeating: 1, count: 200))
                            })
                    })
                try writer.rollback(toHeight: height - 3)
                for number in height - 2...height { try writer.append(block(number), events: events(number)) }
            }
        }
        let target = MemoryStorage()
        _ = try derive(source, target, options: deriveOptions(segmentBytes: 4_096))
        #expect(try StoreDump.content(target) == StoreDump.content(source))
        #expect(try StoreVerification.run(target).isSound)
        #expect(try target.list().filter { $0.hasSuffix(".segment") }.count > 5)
    }

    @Test("final heights are the source's, below which blocks were undone by force")
    func finality() throws {
        let source = try SimulatedDisk.store(options(finalityDepth: 2)) { (writer) throws(StoreError) in
            try writer.append(0...9)
            try writer.rollback(toHeight: 3, belowFinality: true)
            try writer.append(4...5, 0)
            try writer.rollback(toHeight: -1, belowFinality: true, mark: [9])
            try writer.append(block(7, 5), events: events(7, 5))
        }
        let target = MemoryStorage()
        _ = try derive(source, target)
        #expect(try Store.open(target).finalHeight == 7)
        #expect(try StoreDump.content(target) == StoreDump.content(source))
    }

    @Test("gaps and notation are the source's")
    func creation() throws {
        var gaps = options(gaps: true)
        gaps.creation?.hashNotation = .base58
        let source = try SimulatedDisk.store(gaps) { (writer) throws(StoreError) in
            try writer.append(block(2), events: events(2))
            try writer.append(
                Block(height: 9, hash: blockHash(9), parent: blockHash(2), timestamp: Timestamp(seconds: 1)), events: []
            )
            try writer.rollback(toHeight: 7)
            try writer.append(
                Block(height: 8, hash: blockHash(8), parent: blockHash(2), timestamp: Timestamp(seconds: 1)), events: []
            )
        }
        let target = MemoryStorage()
        _ = try derive(source, target)
        let store = try Store.open(target)
        #expect(store.allowsHeightGaps && store.hashNotation == .base58)
        #expect(try StoreDump.content(target) == StoreDump.content(source))
    }

    @Test("a derived store is an ordinary one: it is appended to, and its keys and marks are known")
    func ordinary() throws {
        let source = try SimulatedDisk.store { (writer) throws(StoreError) in
            try writer.append(0...4)
            try writer.appendFloating([Event(model: "mempool", type: "seen", payload: [1])], key: [7])
            try writer.note(mark: [1, 2])
        }
        let target = MemoryStorage()
        _ = try derive(source, target, ModelSelection(drop: ["mempool"]))
        var writer = try Writer.open(target, options: options())
        #expect(try writer.store.lastMark()?.mark == [1, 2])
        #expect(try writer.appendFloating([], key: [7]) == .repeated(sequence: 6))
        try writer.append(5...6)
        try writer.rollback(toHeight: 2)
        try writer.close()
        #expect(try Store.open(target).view().tipHeight == 2)
        #expect(try StoreVerification.run(target).isSound)
    }

    @Test("an empty source gives an empty target; a directory that is no store none")
    func empty() throws {
        let source = try SimulatedDisk.store { _ in }
        let target = MemoryStorage()
        #expect(try derive(source, target).sequence == 0)
        #expect(try Store.open(target).sequence == 0)
        let nothing = MemoryStorage(path: "nothing")
        #expect(
            failure { () throws(StoreError) in _ = try derive(nothing, MemoryStorage()) } == .notAStore(path: "nothing")
        )
    }
}
