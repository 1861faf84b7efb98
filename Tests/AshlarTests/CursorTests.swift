import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Cursors")
struct CursorTests {
    private let store = StoreID(high: 0x0123_4567_89ab_cdef, low: 0xfeed_face_cafe_0042)

    private func mismatch(_ store: Store, _ cursor: Cursor) -> CursorMismatch? {
        guard
            case .cursorNotFound(let mismatch) = failure({ () throws(StoreError) in _ = try store.follow(from: cursor) }
            )
        else { return nil }
        return mismatch
    }

    @Test("a cursor is printed and read back, short and in one way only")
    func text() throws {
        let whole = Cursor(storeID: store, sequence: 0x2a, chainValue: 0xff)
        #expect("\(whole)" == "c1.efcdab89674523014200fecacefaedfe.2a.00000000000000ff")
        let partial = Cursor(storeID: store, sequence: .max, chainValue: .max, step: .max, event: .max)
        #expect("\(partial)".utf8.count == 87)
        for cursor in [whole, partial, Cursor(storeID: store, sequence: 1, chainValue: 2, step: 0, event: 1)] {
            #expect(Cursor("\(cursor)") == cursor)
            let text = "\(cursor)"
            let others = [
                "", "x" + text, text + ".", text + " ", text.uppercased(), text.replacing("c1.", with: "c2."),
                text.replacing("c1.", with: "c1.+"), String(text.dropLast(9)), text + ".0", text + ".0.0",
                text.replacing(".2a.", with: ".02a."),
            ]
            for other in others where other != text { #expect(Cursor(other) == nil, "\(other)") }
        }
        // Nothing of the beginning can have been handed out.
        #expect(Cursor("c1.efcdab89674523014200fecacefaedfe.0.00000000000000ff.0.1") == nil)
    }

    @Test("cursors are in the order of the log: a part of a commit is before the whole")
    func order() {
        func cursor(_ sequence: UInt64, _ step: UInt32 = 0, _ event: UInt32 = 0) -> Cursor {
            Cursor(storeID: store, sequence: sequence, chainValue: 1, step: step, event: event)
        }
        let ordered = [
            cursor(4), cursor(5, 0, 1), cursor(5, 0, 2), cursor(5, 1, 0), cursor(5, 1, 7), cursor(5), cursor(6),
        ]
        for (index, left) in ordered.enumerated() {
            for (other, right) in ordered.enumerated() { #expect(left.isBehind(right) == (index > other)) }
        }
        #expect(cursor(5, 1, 0).wholeSequence == 4 && cursor(5).wholeSequence == 5)
    }

    @Test("a cursor that the log does not contain says why")
    func notFound() throws {
        let disk = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...4) }
        let store = try Store.open(disk)
        let end = try store.cursor(at: .end)
        #expect(end.sequence == 5 && mismatch(store, end) == nil)
        let other = try Store.open(SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...4) })
        #expect(mismatch(other, end) == .otherStore(store.id))
        #expect(try mismatch(other, store.cursor(at: .start)) == .otherStore(store.id))
        let ahead = Cursor(storeID: store.id, sequence: 6, chainValue: 1)
        #expect(mismatch(store, ahead) == .beyondEnd(sequence: 6, last: 5))
        let changed = Cursor(storeID: store.id, sequence: 5, chainValue: end.chainValue ^ 1)
        #expect(mismatch(store, changed) == .otherCommit(sequence: 5))
        #expect(throws: StoreError.self) { try store.cursor(at: .sequence(6)) }
        for (step, event) in [(1, 0), (0, 3), (7, 7)] as [(UInt32, UInt32)] {
            let inside = Cursor(
                storeID: store.id, sequence: 5, chainValue: end.chainValue, step: step, event: event)
            var follower = try store.follow(from: inside)
            #expect(throws: StoreError.cursorNotFound(.noSuchPlace(sequence: 5))) { try follower.next() }
        }
    }

    @Test("a tail that a power cut took and that was written anew is noticed, also in the midst of a commit")
    func lostTail() throws {
        let disk = SimulatedDisk(seed: 4)
        var writer = try Writer.open(disk, options: options())
        try writer.append(0...4)
        try writer.sync()
        try writer.append(5...6)
        let lost = try writer.store.stepTexts {
            $0.horizon = .committed
            $0.batchEvents = 1
        }.cursors.map(\.0)
        let next = disk.onlyDurable()
        _ = closing(writer)
        var again = try Writer.open(next, options: options())
        #expect(mismatch(again.store, lost[lost.count - 1]) == .beyondEnd(sequence: 7, last: 5))
        // The very same blocks: the epoch makes them another log.
        try again.append(5...8)
        try again.sync()
        for cursor in lost {
            let expected: CursorMismatch? = cursor.sequence > 5 ? .otherCommit(sequence: cursor.sequence) : nil
            #expect(mismatch(again.store, cursor) == expected, "\(cursor)")
        }
        #expect(lost.contains { $0.sequence == 6 && !$0.isWhole })
        try again.close()
    }

    @Test("a store that shows what is durable is not followed beyond")
    func horizon() throws {
        let disk = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...4) }
        var beyond = SubscriptionOptions()
        beyond.horizon = .committed
        let store = try Store.open(disk)
        guard case .invalidArgument = failure({ () throws(StoreError) in _ = try store.follow(options: beyond) }) else {
            Issue.record("it was followed")
            return
        }
        _ = try Store.open(disk, horizon: .committed).follow(options: beyond)
    }
}
