import Ashlar
import AshlarFormat
import AshlarStorage
import AshlarTestSupport
import Testing

@Suite("Reading")
struct ReadTests {
    /// Ten blocks on branch a, then a fork of three at height 7, with segments small enough to roll.
    private func forked(_ storage: MemoryStorage, compression: Compression = .none) throws -> Writer {
        var writer = try Writer.open(
            storage,
            options: Samples.options {
                $0.segmentBytes = 4_096
                $0.compression = compression
            })
        for height in 0..<10 as Range<Int64> {
            _ = try writer.append(Samples.block(height), events: Samples.events(height))
        }
        _ = try writer.append(Samples.block(7, "b", on: "a"), events: Samples.events(7, "b"))
        for height in 8..<10 as Range<Int64> {
            _ = try writer.append(Samples.block(height, "b"), events: Samples.events(height, "b"))
        }
        return writer
    }

    @Test(
        "a view gives back the canonical chain with every payload as it was appended",
        arguments: [Compression.none, .lz4, .zlib])
    func canonical(compression: Compression) throws {
        let writer = try forked(MemoryStorage(), compression: compression)
        let view = try writer.store.view()
        #expect(view.tipHeight == 9)
        let events = try view.events()
        #expect(events.count == 50)
        for event in events {
            let height = try #require(event.height)
            let branch: Character = height >= 7 ? "b" : "a"
            let expected = Samples.events(height, branch)[event.ordinal]
            #expect(event.payload == expected.payload)
            #expect(event.model == expected.model)
            #expect(event.type == expected.type)
            #expect(event.hash == Samples.hash(height, branch))
        }
        #expect(events.map { $0.height ?? -1 } == (0..<10).flatMap { Array(repeating: Int64($0), count: 5) })
        #expect(events.filter { $0.model == "utxo" }.map { $0.version ?? 0 } == (1...30).map { UInt64($0) })
    }

    @Test("a view as of an earlier sequence shows what was believed then")
    func asOf() throws {
        let writer = try forked(MemoryStorage())
        let store = writer.store
        let before = try store.view(asOf: 10)
        #expect(before.tipHeight == 9)
        #expect(try before.block(height: 9)?.block.hash == Samples.hash(9, "a"))
        #expect(try before.events().count == 50)
        #expect(try store.view(asOf: 4).tipHeight == 3)
        #expect(try store.view(asOf: 11).tipHeight == 7)
        #expect(try store.view(asOf: 0).tipHeight == nil)
        #expect(try store.view(asOf: 11).block(height: 7)?.block.hash == Samples.hash(7, "b"))
    }

    @Test("the raw log has undone blocks too, in the order of sequences")
    func log() throws {
        let writer = try forked(MemoryStorage())
        let commits = try writer.store.commits().map { try $0.get() }
        #expect(commits.map(\.sequence) == Array(1...13))
        guard case .block(let block, let rollback) = commits[10].content else {
            Issue.record("commit 11 is no block")
            return
        }
        #expect(block.block.height == 7)
        #expect(rollback?.undoneBlocks == 3)
        #expect(rollback?.undoneEvents == 15)
        var query = EventQuery()
        query.scope = .log
        #expect(try writer.store.view().events(query).count == 65)
    }

    @Test("filters and orders give what a plain filter over all events gives", arguments: 0..<24)
    func queries(seed: Int) throws {
        let writer = try forked(MemoryStorage(), compression: seed % 2 == 0 ? .none : .lz4)
        let view = try writer.store.view()
        var query = EventQuery()
        if seed % 3 == 1 { query.models = ["utxo"] }
        if seed % 3 == 2 { query.models = ["utxo", "headers"] }
        if seed % 4 == 1 { query.types = ["type.1"] }
        if seed % 4 == 2 { query.heights = 3...8 }
        if seed % 4 == 3 { query.versions = 5...12 }
        query.order = [.chain, .sequence, .version, .timestamp][seed % 4]
        query.descending = seed % 5 == 0
        let all = try view.events()
        var expected = all.filter { event in
            (query.models?.contains(event.model) ?? true) && (query.types?.contains(event.type) ?? true)
                && (query.heights?.contains(event.height ?? -1) ?? true)
                && (query.versions?.contains(event.version ?? 0) ?? true)
        }
        if query.order == .version {
            expected.sort { ($0.version ?? 0, $0.sequence, $0.ordinal) < ($1.version ?? 0, $1.sequence, $1.ordinal) }
        }
        if query.descending { expected.reverse() }
        #expect(try view.events(query) == expected)
        query.limit = 7
        var paged: [Ashlar.StoredEvent] = []
        while true {
            var cursor = try view.cursor(query)
            var last: PageToken?
            while try cursor.next() {
                paged.append(cursor.event)
                last = cursor.pageToken
            }
            guard let last else { break }
            let token: PageToken? = PageToken(last.description)
            query.after = token
            guard token != nil else { break }
        }
        #expect(paged == expected)
    }

    @Test("a store reopened for reading shows the same")
    func reopened() throws {
        let storage = MemoryStorage()
        let writer = try forked(storage)
        let expected = try writer.store.view().events()
        let statistics = try writer.store.statistics()
        try writer.close()
        let store = try Store.open(storage)
        #expect(store.recovery.isClean)
        #expect(try store.view().events() == expected)
        #expect(try store.statistics().models == statistics.models)
        #expect(try store.view(asOf: 10).block(height: 9)?.block.hash == Samples.hash(9, "a"))
    }
}
