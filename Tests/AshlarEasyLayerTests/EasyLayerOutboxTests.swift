import Ashlar
import AshlarEasyLayer
import AshlarExport
import AshlarSQLite
import AshlarTestSupport
import Testing

@Suite struct EasyLayerOutboxTests {
    let folder = EasyLayerFolder()

    /// Two models in the blocks 0 to 9, the last two of which came with a reorganisation, and events without a height.
    func source() throws -> SQLiteTarget {
        let database = try folder.database("one.db")
        for model in ["network", "a", "b", "pending"] { try database.createModel(model) }
        try database.createSharedTables()
        try database.addBlocks(1, (0...9).map { bitcoinBlock($0) }, at: 9)
        try database.addReorganisation(2, to: 7)
        try database.addBlocks(3, [bitcoinBlock(8, 1, on: 0)], at: 8)
        try database.addBlocks(4, [bitcoinBlock(9, 1)], at: 9)
        for height in 0...9 as ClosedRange<Int64> {
            try database.add("a", version: height + 1, height: height, "{\"a\":\(height)}")
            try database.add("b", version: height + 1, height: height, "{\"b\":\(height)}")
            try database.add("pending", version: height + 1, height: nil, "{\"p\":\(height)}")
        }
        return database
    }

    func run(_ name: String = "one.db") throws -> (outbox: EasyLayerOutbox, store: Store) {
        let path = folder.file("store-\(name)")
        let files = try EasyLayerFiles(path: folder.file(name)) { (path) throws(SQLFailure) in
            try SQLiteTarget(readOnly: path)
        }
        let report = try EasyLayerImport(files).run(into: path)
        #expect(report.isWhole)
        return (try #require(report.outbox), try Store.open(at: path))
    }

    /// What a consumer gets first from a cursor on: an event's payload or type, or the height gone back to.
    func first(_ cursor: Cursor?, _ store: Store) throws -> String {
        let cursor = try #require(cursor)
        // As a consumer has it: from its text.
        let text = "\(cursor)"
        let parsed: Cursor? = Cursor(text)
        #expect(parsed == cursor)
        var follower = try store.follow(from: parsed)
        guard let step = try follower.next()?.steps.first else { return "nothing" }
        switch step.content {
        case .undone(let undone): return "back to \(undone.toHeight)"
        case .applied(let applied): return name(applied.events)
        case .floating(let floating): return name(floating.events)
        }
    }

    func name(_ events: StepEvents) -> String {
        guard let event = events.first else { return "a block" }
        return event.type == "Changed"
            ? event.payload.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } : event.type
    }

    @Test func anEmptyOutboxHasNoPlace() throws {
        _ = try source()
        let (outbox, store) = try run()
        #expect(outbox.rows == 0 && outbox.first == nil && outbox.lost == 0)
        #expect(outbox.all == (try store.cursor(at: .end)))
        #expect(try first(outbox.all, store) == "nothing")
    }

    @Test func whoFollowsFromThereGetsTheFirstUndeliveredEventFirst() throws {
        let database = try source()
        for (id, version) in [(7, 6), (8, 7), (9, 8)] as [(Int64, Int64)] {
            try database.addToOutbox(id, "a", version: version)
        }
        let (outbox, store) = try run()
        #expect(outbox.rows == 3 && outbox.lost == 0)
        #expect(outbox.first?.isWhole == true && outbox.first == outbox.all)
        #expect(try first(outbox.first, store) == "{\"a\":5}")
    }

    @Test func anEventInTheMidstOfABlockIsFoundAndTheSafePlaceIsBeforeTheOthers() throws {
        let database = try source()
        try database.addToOutbox(7, "b", version: 6)
        try database.addToOutbox(8, "a", version: 6)
        try database.addToOutbox(9, "a", version: 3)
        let (outbox, store) = try run()
        #expect(outbox.first?.isWhole == false)
        #expect(try first(outbox.first, store) == "{\"b\":5}")
        #expect(try first(outbox.all, store) == "{\"a\":2}")
    }

    @Test func aRollbackIsFoundByTheStepsThatFollow() throws {
        let database = try source()
        try database.addToOutbox(7, "network", version: 2)
        try database.addToOutbox(8, "network", version: 3)
        let (outbox, store) = try run()
        #expect(try first(outbox.first, store) == "back to 7")
        #expect(outbox.all == outbox.first)
    }

    @Test func aRollbackIsFoundBehindABlockThatOnlyHasABase() throws {
        let database = try folder.database("two.db")
        for model in ["network", "a"] { try database.createModel(model) }
        try database.createSharedTables()
        for height in 4...9 {
            try database.addBlocks(Int64(height + 1), [bitcoinBlock(height)], at: Int64(height))
            try database.add("a", version: Int64(height + 1), height: Int64(height), "{\"a\":\(height)}")
        }
        try database.addReorganisation(11, to: 7)
        try database.addBlocks(12, [bitcoinBlock(8, 1, on: 0), bitcoinBlock(9, 1)], at: 9)
        try database.addSnapshot("a", height: 3, version: 4, "{}")
        try database.addToOutbox(7, "network", version: 11)
        let (outbox, store) = try run("two.db")
        #expect(try store.view().block(height: 3) != nil)
        #expect(try first(outbox.first, store) == "back to 7")
    }

    @Test func eventsThatBringBlocksAndThoseWithoutAHeightAreFound() throws {
        let database = try source()
        try database.addToOutbox(7, "network", version: 4)
        let (outbox, store) = try run()
        #expect(try first(outbox.first, store) == "BitcoinNetworkBlocksAddedEvent")
        #expect(outbox.first?.sequence == 12)
        let other = try folder.database("two.db")
        try other.createModel("pending")
        try other.createSharedTables()
        for version in 1...5 as ClosedRange<Int64> {
            try other.add("pending", version: version, height: nil, "{\"p\":\(version)}")
        }
        try other.addToOutbox(1, "pending", version: 4)
        let (second, floating) = try run("two.db")
        #expect(try first(second.first, floating) == "{\"p\":4}")
    }

    @Test func rowsWhoseEventsAreGoneArePassedOver() throws {
        let database = try source()
        for (id, version) in [(7, 6), (8, 7), (9, 8)] as [(Int64, Int64)] {
            try database.addToOutbox(id, "a", version: version)
        }
        try database.run("DELETE FROM a WHERE version = 6", [])
        try database.run("UPDATE outbox SET \"aggregateId\" = 'nobody' WHERE id = 8", [])
        let (outbox, store) = try run()
        #expect(outbox.rows == 3 && outbox.lost == 2)
        #expect(try first(outbox.first, store) == "{\"a\":7}")
        try database.run("UPDATE outbox SET \"requestId\" = 'another' WHERE id = 9", [])
        let none = try run().outbox
        #expect(none.lost == 3 && none.first == nil)
        #expect(none.all == (try store.cursor(at: .end)))
    }

    @Test func onlyTheOutboxOfTheFileThatIsWrittenToCounts() throws {
        let archive = try folder.database("0-4.sqlite3")
        let current = try folder.database("current.sqlite3")
        for database in [archive, current] {
            try database.createModel("a")
            try database.createSharedTables()
        }
        try archive.add("a", version: 1, height: 1, "{\"a\":1}")
        try archive.add("a", version: 2, height: 4, "{\"a\":2}")
        try current.add("a", version: 3, height: 5, "{\"a\":3}")
        for version in 1...2 as ClosedRange<Int64> { try archive.addToOutbox(version, "a", version: version) }
        try current.addToOutbox(3, "a", version: 3)
        let files = try EasyLayerFiles(path: folder.path) { (path) throws(SQLFailure) in
            try SQLiteTarget(readOnly: path)
        }
        let report = try EasyLayerImport(files).run(into: folder.file("store"))
        #expect(report.outbox?.rows == 1)
        #expect(try first(report.outbox?.first, try Store.open(at: folder.file("store"))) == "{\"a\":3}")
    }
}
