import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Blocks that do not fit")
struct RefusalTests {
    /// A store with blocks 0 to 20, final up to 10.
    private func writer(
        gaps: Bool = false, forks: ForkPolicy = .rollback, reopened: Bool = false
    ) throws(StoreError) -> Writer {
        let storage = MemoryStorage()
        let wanted = options(segmentBytes: 4_096, finalityDepth: 10, gaps: gaps, forks: forks)
        var writer = try Writer.open(storage, options: wanted)
        try writer.append(0...20)
        guard reopened else { return writer }
        try writer.close()
        return try Writer.open(storage, options: wanted)
    }

    @Test("options may refuse forks; nothing is undone then")
    func forksRefused() throws {
        var writer = try writer(forks: .refuse)
        let error = failure { () throws(StoreError) in try writer.append(block(19, 1, on: 0)) }
        #expect(error == .fork(height: 19, tipHeight: 20))
        #expect(writer.sequence == 21)
        try writer.close()
    }

    @Test("a block whose parent is unknown is refused with what the caller needs")
    func unlinked() throws {
        var writer = try writer()
        let error = failure { () throws(StoreError) in try writer.append(block(21, 5)) }
        #expect(error == .unlinked(height: 21, tipHeight: 20, finalHeight: 10, undoneSequence: nil))
        try writer.close()
    }

    @Test("a block whose parent was undone is refused with the parent's sequence", arguments: [false, true])
    func undoneParent(reopened: Bool) throws {
        let storage = MemoryStorage()
        var writer = try Writer.open(storage, options: options(segmentBytes: 4_096))
        try writer.append(0...20)
        try writer.append(block(18, 1, on: 0))
        if reopened {
            try writer.close()
            writer = try Writer.open(storage, options: options(segmentBytes: 4_096))
        }
        let error = failure { () throws(StoreError) in try writer.append(block(21)) }
        #expect(error == .unlinked(height: 21, tipHeight: 18, finalHeight: nil, undoneSequence: 21))
        try writer.close()
    }

    @Test("a wrong height is refused with the right one")
    func wrongHeight() throws {
        var writer = try writer()
        var late = block(23)
        late.parent = blockHash(20)
        #expect(
            failure { () throws(StoreError) in try writer.append(late) } == .wrongHeight(height: 23, expected: 21))
        var early = block(15, 1)
        early.parent = blockHash(17)
        #expect(
            failure { () throws(StoreError) in try writer.append(early) } == .wrongHeight(height: 15, expected: 18))
        try writer.close()
    }

    @Test("below the final height nothing is undone")
    func belowFinality() throws {
        var writer = try writer()
        let error = failure { () throws(StoreError) in try writer.append(block(10, 1, on: 0)) }
        #expect(error == .belowFinality(toHeight: 9, finalHeight: 10))
        #expect(try writer.append(block(11, 1, on: 0)) == .forked(sequence: 22, undone: 10))
        #expect(writer.state.finalHeight == 10)
        try writer.close()
    }

    @Test("what is out of range is refused and leaves no trace")
    func invalid() throws {
        var writer = try writer()
        var itself = block(21)
        itself.parent = itself.hash
        var negative = block(21)
        negative.height = -1
        var marked = block(21)
        marked.mark = []
        var requested = block(21)
        requested.requestID = [UInt8](repeating: 0, count: 256)
        for bad in [itself, negative, marked, requested] {
            guard case .invalidArgument = failure({ () throws(StoreError) in try writer.append(bad) }) else {
                Issue.record("\(bad) was taken")
                continue
            }
        }
        for name in ["", "a\0b", String(repeating: "é", count: 128)] {
            let event = Event(model: name, type: "t", payload: [])
            let error = failure { () throws(StoreError) in try writer.append(block(21), events: [event]) }
            guard case .invalidArgument = error else {
                Issue.record("\(name) was taken")
                continue
            }
        }
        let error = failure { () throws(StoreError) in
            _ = try writer.append(block(21)) { _ throws(StoreError) in throw .cancelled }
        }
        #expect(error == .cancelled)
        #expect(writer.sequence == 21)
        try writer.close()
    }
}
