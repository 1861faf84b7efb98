import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Rolling back")
struct RollbackTests {
    private func writer(_ storage: any Storage = MemoryStorage()) throws(StoreError) -> Writer {
        var writer = try Writer.open(storage, options: options(segmentBytes: 4_096, finalityDepth: 10))
        try writer.append(0...20)
        return writer
    }

    @Test("every block above the height is undone, none is deleted", arguments: [Int64(10), 15, 19])
    func toHeight(height: Int64) throws {
        let storage = MemoryStorage()
        var writer = try writer(storage)
        let outcome = try writer.rollback(toHeight: height, mark: [5])
        #expect(outcome == RollbackOutcome(sequence: 22, undone: Int(20 - height), readopted: 0, appended: 0))
        try writer.append(height + 1...height + 2)
        try writer.close()
        let log = try LogContents(storage)
        #expect(log.heights == Array(0...height + 2))
        #expect(log.commits.count == 24)
        #expect(log.commits[20].events.map(\.payload) == events(20).map(\.payload))
        #expect(log.state.lastMarkSequence == 22)
        #expect(log.versions["balance"] == UInt64(height) + 3)
    }

    @Test("to the tip is nothing to do")
    func toTip() throws {
        var writer = try writer()
        let nothing = RollbackOutcome(sequence: 21, undone: 0, readopted: 0, appended: 0)
        #expect(try writer.rollback(toHeight: 20) == nothing)
        #expect(try writer.rollback(toHash: blockHash(20)) == nothing)
        try writer.close()
    }

    @Test("to a hash", arguments: [false, true])
    func toHash(reopened: Bool) throws {
        let storage = MemoryStorage()
        var writer = try writer(storage)
        if reopened {
            try writer.close()
            writer = try Writer.open(storage, options: options(segmentBytes: 4_096, finalityDepth: 10))
        }
        #expect(try writer.rollback(toHash: blockHash(12)).undone == 8)
        let unknown = failure { () throws(StoreError) in try writer.rollback(toHash: blockHash(13)) }
        #expect(unknown == .unknownHash("\(blockHash(13))"))
        try writer.close()
    }

    @Test("to a hash that is in the log twice, the older one canonical", arguments: [0, 1, 2])
    func toHashTwice(reopens: Int) throws {
        let storage = MemoryStorage()
        let wanted = options(segmentBytes: 4_096)
        var writer = try writer(storage)
        try writer.append(block(18, 1, on: 0))
        if reopens > 0 {
            try writer.close()
            writer = try Writer.open(storage, options: wanted)
        }
        // Back by appending, away again, back by reference to the first time.
        try writer.rollback(toHeight: 17)
        try writer.append(18...20)
        try writer.rollback(toHeight: 17)
        try writer.adopt(branch: [.known(sequence: 19), .known(sequence: 20)])
        if reopens > 1 {
            try writer.close()
            writer = try Writer.open(storage, options: wanted)
        }
        #expect(try writer.rollback(toHash: blockHash(18)).undone == 1)
        try writer.close()
        #expect(try LogContents(storage).canonical.last == .init(height: 18, sequence: 19))
    }

    @Test("above the tip is an error")
    func aboveTip() throws {
        var writer = try writer()
        let error = failure { () throws(StoreError) in try writer.rollback(toHeight: 21) }
        #expect(error == .aboveTip(height: 21, tipHeight: 20))
        var empty = try Writer.open(MemoryStorage(), options: options())
        #expect(
            failure { () throws(StoreError) in try empty.rollback(toHeight: 0) } == .aboveTip(height: 0, tipHeight: nil)
        )
        #expect(try empty.rollback(toHeight: -1).undone == 0)
        try empty.close()
        try writer.close()
    }

    @Test("below the final height only with the override, and the final height stays", arguments: [Int64(-1), 0, 9])
    func belowFinality(height: Int64) throws {
        let storage = MemoryStorage()
        var writer = try writer(storage)
        let error = failure { () throws(StoreError) in try writer.rollback(toHeight: height) }
        #expect(error == .belowFinality(toHeight: height, finalHeight: 10))
        #expect(try writer.rollback(toHeight: height, belowFinality: true).undone == Int(20 - height))
        #expect(writer.state.finalHeight == 10)
        // The chain goes on from there.
        try writer.append(height + 1...height + 4, 1 - (height < 0 ? 1 : 1))
        try writer.close()
        let log = try LogContents(storage)
        #expect(log.heights == Array(0...height + 4))
        #expect(log.state.finalHeight == 10)
    }

    @Test("a read that fails in a rollback is an I/O error, wherever it strikes, and nothing half done is written")
    func failingRead() throws {
        for skipping in 0..<1_000 {
            let disk = SimulatedDisk(seed: 11)
            var writer = try Writer.open(disk, options: options(segmentBytes: 4_096))
            try writer.append(0...39)
            try writer.sync()
            disk.fail(.read, skipping: skipping)
            var isDone = false
            do throws(StoreError) {
                try writer.rollback(toHeight: 3, belowFinality: true)
                isDone = true
            } catch {
                guard case .inputOutput = error else {
                    Issue.record("\(error)")
                    return
                }
            }
            disk.clearFaults()
            _ = closing(writer)
            let tip = try Store.open(disk).view().tipHeight
            #expect(tip == 3 || !isDone && tip == 39)
            if isDone {
                // It made fewer reads than that.
                #expect(skipping > 2)
                return
            }
        }
    }
}
