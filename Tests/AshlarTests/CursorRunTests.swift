import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Reading with a cursor: runs, damage, seeking")
struct CursorRunTests {
    /// Flips a bit in the payload of one event of the block at `height`.
    private static func damage(_ disk: SimulatedDisk, event: Int, height: Int64) throws {
        let text = Array("event \(event) of block \(height) on".utf8)
        for name in disk.fileNames where name.hasSuffix(".segment") {
            guard var bytes = disk[name] else { continue }
            let place = bytes.indices.dropLast(text.count).first { bytes[$0..<$0 + text.count].elementsEqual(text) }
            guard let place else { continue }
            bytes[place] ^= 1
            disk[name] = bytes
            return
        }
        Issue.record("no such event")
    }

    /// Ordinals given out, and the error at which that ended.
    private static func read(_ view: View, _ query: EventQuery) -> (ordinals: [Int], error: StoreError?) {
        var ordinals: [Int] = []
        let error = failure { () throws(StoreError) in
            var cursor = try view.cursor(query)
            let ended = failure { () throws(StoreError) in
                while try cursor.next() { ordinals.append(cursor.ordinal) }
            }
            guard let ended else { return }
            // Behind an error there is nothing, whatever is asked.
            let more = try cursor.next()
            #expect(!more && cursor.payload.byteCount == 0)
            throw ended
        }
        return (ordinals, error)
    }

    @Test(
        "a damaged event is named, and all before it are given out [COM-10]",
        arguments: [0, 1, 63, 64, 65, 127, 128, 150, 199], [0, 1, 2, 3, 4, 5])
    func damaged(event: Int, kind: Int) throws {
        let disk = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...2, count: 200) }
        try Self.damage(disk, event: event, height: 1)
        let view = try Store.open(disk).view()
        var query = EventQuery()
        query.heights = 1...1
        var wanted = Array(0..<200)
        switch kind {
        case 1: query.descending = true
        case 2:
            query.models = ["utxo"]
            wanted = wanted.filter { $0 % 2 == 0 }
        case 3:
            query.types = ["Created"]
            wanted = wanted.filter { $0 % 3 == 0 }
        case 4:
            query.offset = 70
            wanted = Array(wanted.dropFirst(70))
        case 5:
            query.models = ["utxo", "balance"]
            query.limitPerModel = 90
            wanted = Array(wanted.prefix(180))
        default: break
        }
        if query.descending { wanted.reverse() }
        // A section that is not asked for is not read; a record that a filter or an offset leaves out is checked all the same.
        let isMet = kind != 2 || event % 2 == 0
        if isMet { wanted = wanted.filter { query.descending ? $0 > event : $0 < event } }
        let found = Self.read(view, query)
        #expect(found.ordinals == wanted)
        guard isMet else {
            #expect(found.error == nil)
            return
        }
        guard case .corrupt(let corruption)? = found.error else {
            Issue.record("\(String(describing: found.error))")
            return
        }
        #expect(corruption.reason.contains("record \(event):") && corruption.heights == 1...1)
    }

    @Test("a cursor goes to any block, again and again", arguments: [Compression.none, .lz4])
    func seeking(compression: Compression) throws {
        let wanted = options(segmentBytes: 16_384, compression: compression)
        let disk = try SimulatedDisk.store(wanted) { (writer) throws(StoreError) in
            for height in Int64(0)...80 { try writer.append(height...height, count: Int(height * 7 % 150)) }
        }
        let view = try Store.open(disk).view()
        var random = SplitMix64(seed: 1)
        for descending in [false, true] {
            var query = EventQuery()
            query.descending = descending
            query.limit = 100
            var cursor = try view.cursor(query)
            for _ in 0..<300 {
                let height = Int64(random.below(84)) - 1
                guard try cursor.seek(height: height) else {
                    #expect(!(0...80).contains(height))
                    let more = try cursor.next()
                    #expect(!more)
                    continue
                }
                let events = try #require(try view.events(height: height))
                var found: [Ashlar.StoredEvent] = []
                // Half of the time the block is left in its middle.
                let limit = random.below(2) == 0 ? 100 : 3
                while found.count < limit, try cursor.next() { found.append(cursor.event) }
                #expect(found == Array((descending ? events.reversed() : events).prefix(limit)))
            }
        }
    }

    @Test("seeking keeps filters, goes on behind damage, and is for cursors over the chain")
    func seekingLimits() throws {
        let disk = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...9, count: 8) }
        try Self.damage(disk, event: 2, height: 4)
        let view = try Store.open(disk).view()
        var query = EventQuery()
        query.heights = 2...8
        query.types = ["Spent"]
        var cursor = try view.cursor(query)
        #expect(try cursor.seek(height: 1) == false)
        #expect(try cursor.seek(height: 4) == true)
        #expect(try cursor.next() == true)
        #expect(throws: StoreError.self) { try cursor.next() }
        #expect(try cursor.seek(height: 5) == true)
        var ordinals: [Int] = []
        while try cursor.next() { ordinals.append(cursor.ordinal) }
        #expect(ordinals == [1, 2, 4, 5, 7])
        #expect(
            try cursor.seek(height: -1) == false && view.events(height: -1) == nil && view.events(height: 10) == nil)
        for order in [EventQuery.Order.sequence, .timestamp] {
            var other = EventQuery()
            other.order = order
            #expect(throws: StoreError.self) {
                var cursor = try view.cursor(other)
                _ = try cursor.seek(height: 1)
            }
        }
        query.limit = 1
        var first = try view.cursor(query)
        while try first.next() {}
        // Behind the end at a limit the token is that of the last event.
        query.after = first.pageToken
        let rest = try view.events(query)
        #expect(rest.first?.ordinal == 2 && rest.first?.height == 2)
        #expect(throws: StoreError.self) {
            var cursor = try view.cursor(query)
            _ = try cursor.seek(height: 3)
        }
    }

    @Test("a walk of the whole log backwards leaves out nothing beside a segment that has nothing")
    func backwards() throws {
        let disk = try SimulatedDisk.store(options(segmentBytes: 4_096)) { (writer) throws(StoreError) in
            for height in Int64(0)...40 {
                let model = height % 7 == 0 ? "rare" : "common"
                let payload = [UInt8](repeating: UInt8(height), count: 700)
                try writer.append(block(height), events: [Event(model: model, type: "t", payload: payload)])
            }
        }
        let view = try Store.open(disk).view()
        for order in [EventQuery.Order.sequence, .chain] {
            for descending in [false, true] {
                var query = EventQuery()
                query.order = order
                query.models = ["rare"]
                query.descending = descending
                let heights = try view.events(query).compactMap(\.height)
                let rare = Array(stride(from: Int64(0), through: 40, by: 7))
                #expect(heights == (descending ? rare.reversed() : rare))
            }
        }
    }

    @Test("the segment being written is not read for a model it does not have")
    func absentModel() throws {
        let disk = SimulatedDisk(seed: 1)
        var writer = try Writer.open(disk, options: options())
        _ = try writer.declare(models: ["rare"])
        try writer.append(0...20)
        try writer.flush()
        let store = writer.store
        var query = EventQuery()
        query.models = ["rare"]
        for order in [EventQuery.Order.sequence, .chain] {
            query.order = order
            query.descending = order == .sequence
            let before = disk.count(.read)
            #expect(try store.view().events(query).isEmpty)
            #expect(disk.count(.read) == before)
        }
        try writer.append(block(21), events: [Event(model: "rare", type: "t", payload: [1])])
        #expect(try store.view().events(query).map(\.height) == [21])
        try writer.close()
    }
}
