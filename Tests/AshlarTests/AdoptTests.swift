import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Adopting a branch")
struct AdoptTests {
    /// Blocks 0 to 10 (sequences 1 to 11), then 8 to 10 of branch 1 (12 to 14), which are canonical; final up to 4.
    private func writer(_ storage: any Storage = MemoryStorage()) throws(StoreError) -> Writer {
        var writer = try Writer.open(storage, options: options(segmentBytes: 4_096, finalityDepth: 6))
        try writer.append(0...10)
        try writer.append(block(8, 1, on: 0), events: events(8, 1))
        try writer.append(9...10, 1)
        return writer
    }

    @Test("known blocks are taken up again by reference; versions go on [PRT-5] [PRT-6]", arguments: [false, true])
    func known(reopened: Bool) throws {
        let storage = MemoryStorage()
        var writer = try writer(storage)
        if reopened {
            try writer.close()
            writer = try Writer.open(storage, options: options(segmentBytes: 4_096, finalityDepth: 6))
        }
        let branch = [9, 10, 11].map { BranchBlock.known(sequence: $0) }
        let outcome = try writer.adopt(branch: branch, mark: [1])
        #expect(outcome == RollbackOutcome(sequence: 15, undone: 3, readopted: 3, appended: 0))
        try writer.append(11...12)
        try writer.close()
        let log = try LogContents(storage)
        #expect(log.canonical.map(\.sequence) == Array(1...11) + [16, 17])
        #expect(log.versions == ["utxo": 26, "balance": 13])
        #expect(log.commits[15].events.map(\.version) == [23, 12, 24])
        #expect(log.commits[14].events.isEmpty)
        #expect(log.state.canonicalEvents == 39)
    }

    @Test("new blocks are appended as one group [COM-6]")
    func new() throws {
        let storage = MemoryStorage()
        var writer = try writer(storage)
        let blocks = (6...12).map { Int64($0) }.map { height in
            BranchBlock.new(block(height, 2, on: height == 6 ? 0 : 2), events(height, 2))
        }
        let outcome = try writer.adopt(branch: blocks)
        #expect(outcome == RollbackOutcome(sequence: 21, undone: 5, readopted: 0, appended: 7))
        try writer.close()
        let log = try LogContents(storage)
        #expect(log.heights == Array(0...12))
        #expect(log.commits[14...].map(\.header.continues) == [true, true, true, true, true, true, false])
        #expect(log.commits[14].meta.rollback?.undoneBlocks == 5)
        #expect(log.commits[15].meta.rollback == nil)
    }

    @Test("known blocks first, then new ones")
    func mixed() throws {
        let storage = MemoryStorage()
        var writer = try writer(storage)
        let branch: [BranchBlock] = [
            .known(sequence: 9), .known(sequence: 10), .new(block(10, 3, on: 0), events(10, 3)),
            .new(block(11, 3), events(11, 3)),
        ]
        let outcome = try writer.adopt(branch: branch)
        #expect(outcome == RollbackOutcome(sequence: 16, undone: 3, readopted: 2, appended: 2))
        try writer.close()
        let log = try LogContents(storage)
        #expect(log.canonical.map(\.sequence) == Array(1...10) + [15, 16])
        #expect(log.hashes.suffix(3) == [blockHash(9), blockHash(10, 3), blockHash(11, 3)])
        #expect(log.commits[14].meta.rollback?.readopted.map(\.sequence) == [9, 10])
    }

    @Test("on the tip nothing is undone")
    func extending() throws {
        var writer = try writer()
        let outcome = try writer.adopt(branch: [.new(block(11, 1), []), .new(block(12, 1), [])])
        #expect(outcome == RollbackOutcome(sequence: 16, undone: 0, readopted: 0, appended: 2))
        try writer.close()
    }

    private func refused(_ writer: inout Writer, _ branch: [BranchBlock]) -> StoreError? {
        failure { () throws(StoreError) in try writer.adopt(branch: branch) }
    }

    @Test("a branch that does not hold together is refused as a whole")
    func invalid() throws {
        var writer = try writer()
        let error1 = refused(&writer, [])
        #expect(error1 == .notAdoptable("it has no blocks"))
        let error2 = refused(&writer, [.new(block(11, 1), []), .known(sequence: 9)])
        #expect(error2 == .notAdoptable("a block of the log cannot stand on a new one"))
        let error3 = refused(&writer, [.known(sequence: 3)])
        #expect(error3 == .notAdoptable("commit 3 is no undone block"))
        let error4 = refused(&writer, [.known(sequence: 99)])
        #expect(error4 == .notAdoptable("commit 99 is no undone block"))
        let error5 = refused(&writer, [.known(sequence: 9), .known(sequence: 11)])
        #expect(error5 == .notAdoptable("commit 11 is not a child of the block before it"))
        let error6 = refused(&writer, [.new(block(11, 1), []), .new(block(12, 2), [])])
        #expect(error6 == .notAdoptable("block 12 is not a child of the block before it"))
        let error7 = refused(&writer, [.known(sequence: 10)])
        #expect(error7 == .unlinked(height: 9, tipHeight: 10, finalHeight: 4, undoneSequence: 9))
        var high = block(12, 1)
        high.parent = blockHash(10, 1)
        let error8 = refused(&writer, [.new(high, [])])
        #expect(error8 == .wrongHeight(height: 12, expected: 11))
        let error9 = refused(&writer, [.new(block(4, 7, on: 0), [])])
        #expect(error9 == .belowFinality(toHeight: 3, finalHeight: 4))
        let long = Event(model: "", type: "t", payload: [])
        let error10 = refused(&writer, [.new(block(11, 1), []), .new(block(12, 1), [long])])
        #expect(error10 != nil)
        #expect(writer.sequence == 14)
        try writer.append(11...12, 1)
        try writer.close()
    }

    @Test("versions that would not continue are refused [PRT-6]")
    func versions() throws {
        var writer = try writer()
        // Block 8 of branch 0 came with three events; now it comes with one.
        try writer.rollback(toHeight: 7)
        try writer.append(block(8), events: events(8, count: 1))
        let error = failure { () throws(StoreError) in try writer.adopt(branch: [.known(sequence: 10)]) }
        guard case .notAdoptable(let why) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(why.contains("versions"))
        try writer.close()
    }

    @Test("a group of which a part is lost does not count at all [REC-7]", arguments: 0..<40)
    func torn(seed: UInt64) throws {
        let disk = SimulatedDisk(seed: seed)
        var writer = try writer(disk)
        try writer.sync()
        let branch = (9...20).map { Int64($0) }.map { height in
            BranchBlock.new(block(height, 2, on: height == 9 ? 1 : 2), events(height, 2))
        }
        try writer.adopt(branch: branch)
        writer.core.monitor.withLock { log in _ = try? log.flush() }
        let after = disk.powerCut(seed: seed)
        var log = try LogContents(after)
        #expect(log.commits.count == 14 || log.commits.count == 26)
        var second = try Writer.open(after, options: options())
        try second.append(block(second.state.tipHeight + 1, 9, on: log.commits.count == 14 ? 1 : 2))
        try second.close()
        log = try LogContents(after)
        #expect(log.commits.count == 15 || log.commits.count == 27)
        #expect(log.recovery.isClean)
    }
}
