import Ashlar
import AshlarStorage
import AshlarTestSupport
import Testing

@Suite("Queries")
struct QueryTests {
    private func makeStore() throws -> Writer {
        var writer = try Writer.open(MemoryStorage(), options: Samples.options { $0.segmentBytes = 4_096 })
        for height in 0..<12 as Range<Int64> {
            var block = Samples.block(height)
            block.requestID = height % 2 == 0 ? Array("even".utf8) : nil
            var events = Samples.events(height)
            events[1].timestamp = Timestamp(seconds: 10 + height)
            events[2].requestID = Array("own-\(height)".utf8)
            try writer.append(block, events: events)
            if height % 4 == 0 {
                try writer.appendFloating(
                    [Event(model: "utxo", type: "pending", payload: [UInt8(height)])],
                    timestamp: Timestamp(seconds: height))
            }
        }
        try writer.append(Samples.block(10, "b", on: "a"), events: Samples.events(10, "b"))
        return writer
    }

    @Test("by request id: an event's own, or its block's")
    func requestID() throws {
        let view = try makeStore().store.view()
        var query = EventQuery()
        query.requestID = Array("own-3".utf8)
        #expect(try view.events(query).map { $0.height } == [3])
        query.requestID = Array("even".utf8)
        // Five even heights are canonical besides 10, which the fork replaced; the one with its own id in each is left out.
        #expect(try view.events(query).count == 5 * 4)
    }

    @Test("by time: an event's own time counts, and a commit is found by it")
    func times() throws {
        let view = try makeStore().store.view()
        var query = EventQuery()
        query.times = Timestamp(seconds: 12)...Timestamp(seconds: 14)
        #expect(try view.events(query).map { $0.height } == [2, 3, 4])
        #expect(try view.events(query).allSatisfy { $0.ordinal == 1 })
        query.times = Timestamp(seconds: 1_700_000_600)...Timestamp(seconds: 1_700_001_200)
        #expect(Set(try view.events(query).compactMap { $0.height }) == [1, 2])
    }

    @Test("limits, overall and per model, and an offset")
    func limits() throws {
        let view = try makeStore().store.view()
        let all = try view.events()
        var query = EventQuery()
        query.limitPerModel = 3
        let limited = try view.events(query)
        #expect(limited.filter { $0.model == "utxo" }.count == 3)
        #expect(limited.filter { $0.model == "headers" }.count == 3)
        query = EventQuery()
        query.offset = 7
        query.limit = 5
        #expect(try view.events(query) == Array(all[7..<12]))
    }

    @Test("floating events come only where they are asked for, in the order of the log")
    func floating() throws {
        let view = try makeStore().store.view()
        var query = EventQuery()
        query.scope = .floating
        #expect(try view.events(query).map(\.payload) == [[0], [4], [8]])
        #expect(try view.events(query).allSatisfy { $0.version == nil && $0.height == nil })
        query.scope = .canonicalAndFloating
        #expect(try view.events(query).count == 11 * 5 + 3)
        query.scope = .log
        #expect(try view.events(query).count == 13 * 5 + 3)
        query.scope = .canonical
        query.order = .sequence
        #expect(try view.events(query).count == 11 * 5)
    }

    @Test("names that the store does not know match nothing")
    func unknown() throws {
        let view = try makeStore().store.view()
        var query = EventQuery()
        query.models = ["nobody"]
        #expect(try view.events(query).isEmpty)
        query.models = nil
        query.types = ["nothing"]
        #expect(try view.events(query).isEmpty)
    }

    @Test("a page token is refused by another query, and shows its own view after the chain has moved on")
    func tokens() throws {
        var writer = try makeStore()
        let view = try writer.store.view()
        var query = EventQuery()
        query.limit = 20
        var cursor = try view.cursor(query)
        while try cursor.next() {}
        let all = try view.events()
        var first = try view.cursor(query)
        var token: PageToken?
        while try first.next() { token = first.pageToken }
        try writer.append(Samples.block(1, "z", on: "a"), events: [])
        query.after = token
        query.limit = nil
        #expect(try writer.store.view().events(query) == Array(all[20...]))
        query.models = ["utxo"]
        let error = failure { () throws(StoreError) in _ = try writer.store.view().events(query) }
        guard case .invalidPageToken = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("blocks come lazily by height, descending too, and asynchronously with their events")
    func blocks() async throws {
        let view = try makeStore().store.view()
        let ascending = try view.blocks(3...9).map { try $0.get().block.height }
        #expect(ascending == Array(3...9))
        #expect(try view.blocks(descending: true).map { try $0.get().block.height } == (0...10).reversed())
        var events = 0
        for try await block in view.blocksWithEvents(0...4) { events += block.events.count }
        #expect(events == 25)
        #expect(try view.block(hash: Samples.hash(7))?.block.height == 7)
        #expect(try view.block(hash: Samples.hash(11)) == nil)
        #expect(try view.events(height: 99) == nil)
    }
}
