import Ashlar
import AshlarEasyLayer
import AshlarExport
import AshlarSQLite
import AshlarTestSupport
import Testing

/// Stores that were imported from EasyLayer go back, and come again, as they were: undone blocks and their events, too.
@Suite struct ExportImportedTests {
    /// A network that reorganises, with other events among its own, and two more models.
    static func fill(_ database: SQLiteTarget, random: inout SplitMix64, events: Int) throws {
        for model in ["network", "balances", "Mem-pool"] { try database.createModel(model) }
        try database.add("network", version: 1, type: "BitcoinNetworkInitializedEvent", height: 0, "{}")
        var tip = -1
        var branches: [Int] = []
        var version: Int64 = 1
        for serial in 1...events {
            version += Int64(1 + random.below(3))
            let chance = random.below(10)
            if chance < 2, tip > 2 {
                let height = tip - 1 - random.below(2)
                try database.addReorganisation(version, to: Int64(height))
                branches.removeLast(tip - height)
                tip = height
                continue
            }
            // Now and then blocks come at heights that are taken, and no event says so.
            let overlap = chance < 4 && tip > 3 ? 1 + random.below(3) : 0
            branches.removeLast(overlap)
            var blocks: [String] = []
            for _ in 0...random.below(4) {
                let height = branches.count
                let branch = serial % 16
                blocks.append(bitcoinBlock(height, branch, on: branches.last ?? branch))
                branches.append(branch)
            }
            tip = branches.count - 1
            try database.addBlocks(version, blocks, at: Int64(tip), compress: random.chance(50))
        }
        for version in 1...60 {
            let height = random.below(tip + 4) - 3
            try database.add(
                random.chance(50) ? "balances" : "Mem-pool", version: Int64(version),
                height: height < 0 ? nil : Int64(height),
                "{\"n\":\(version)}")
        }
        try database.add("network", version: version + 1, type: "Other", height: Int64(tip), "[1]")
        try database.add("network", version: version + 2, type: "Other", height: nil, "[2]")
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func whatIsImportedComesBack(seed: UInt64) throws {
        let trip = RoundTrip()
        var random = SplitMix64(seed: seed)
        try Self.fill(try trip.folder.database("one.db"), random: &random, events: 30)
        try trip.importOriginal("one.db")
        let report = try trip.run(wholeLog: true)
        #expect(report.network == "network")
        #expect(report.tables.first { $0.name == "network" }?.model == "network")
        // The events that brought blocks are there as they were, each once.
        let one = try SQLiteTarget(readOnly: trip.folder.file("one.db"))
        let added =
            "SELECT \"requestId\", \"blockHeight\", timestamp FROM network WHERE type LIKE '%BlocksAdded%' ORDER BY "
        #expect(try trip.connection().rows(added + "id") == one.rows(added + "id"))
        // And once more.
        let second = RoundTrip()
        let files = try EasyLayerFiles(try trip.connection(), name: "export")
        _ = try EasyLayerImport(files).run(into: second.storePath)
        try second.run(wholeLog: true)
    }

    @Test func oneEventThatOverlapsItself() throws {
        let trip = RoundTrip()
        let database = try trip.folder.database("one.db")
        try database.createModel("network")
        try database.addBlocks(1, (5...9).map { bitcoinBlock($0) }, at: 9)
        let twice = [(7, 1, 0), (8, 1, 1), (7, 2, 0), (8, 2, 2)].map { bitcoinBlock($0.0, $0.1, on: $0.2) }
        try database.addBlocks(2, twice, at: 8)
        // Within one event all blocks go, as those at its lowest height and below it do.
        try database.addBlocks(3, [bitcoinBlock(9, 2), bitcoinBlock(5, 3, on: 3), bitcoinBlock(6, 3)], at: 6)
        try database.add("network", version: 4, type: "BitcoinNetworkClearedEvent", height: nil, "{}")
        try database.addBlocks(5, [bitcoinBlock(2, 4)], at: 2)
        try trip.importOriginal("one.db")
        try trip.run(wholeLog: true)
    }

    @Test func aStoreThatWentOnWithoutEasyLayer() throws {
        let trip = RoundTrip()
        let database = try trip.folder.database("one.db")
        for model in ["network", "a"] { try database.createModel(model) }
        try database.addBlocks(1, (0...3).map { bitcoinBlock($0) }, at: 3)
        try database.add("a", version: 1, height: 2, "{}")
        try trip.importOriginal("one.db")
        var writer = try Writer.open(at: trip.storePath)
        let tip = try #require(try writer.store.view().tip()?.block)
        var parent = tip.hash
        for height in 4..<300 as Range<Int64> {
            let block = Block(
                height: height, hash: Samples.hash(height), parent: parent, timestamp: Timestamp(seconds: height))
            _ = try writer.append(block, events: [Event(model: "a", type: "t", payload: Array("\(height)".utf8))])
            parent = block.hash
        }
        try writer.rollback(toHeight: 1, belowFinality: true)
        try writer.close()
        let before = try StoreContents(Store.open(at: trip.storePath))
        #expect(before.history.last == "back to 1")
        try trip.run()
    }

    @Test func withoutASpineTheSameHashesStandIn() throws {
        let trip = RoundTrip()
        let database = try trip.folder.database("one.db")
        for model in ["a", "b"] { try database.createModel(model) }
        for version in 1...20 {
            try database.add(
                version % 3 == 0 ? "a" : "b", version: Int64(version),
                height: version % 5 == 0 ? nil : Int64(version / 2 * 7),
                "{\"n\":\(version)}")
        }
        try trip.importOriginal("one.db")
        let report = try trip.run(wholeLog: true)
        #expect(report.network == nil && report.lacksNetwork)
        trip.options.network = .bitcoin
        #expect(refusal { try trip.export(replaces: true) } == "heightGap")
    }

    @Test func eventsThatTellSomethingElseAreRefused() throws {
        func store(_ events: [(Int64?, String, String)]) throws -> RoundTrip {
            let trip = RoundTrip()
            try trip.make { writer in
                for height in 0..<3 as Range<Int64> {
                    let own = events.filter { $0.0 == height }
                    _ = try writer.append(
                        Samples.block(height),
                        events: own.map { Event(model: "net", type: $0.1, payload: Array($0.2.utf8)) })
                }
                let floating = events.filter { $0.0 == nil }.map {
                    Event(model: "net", type: $0.1, payload: Array($0.2.utf8))
                }
                if !floating.isEmpty { try writer.appendFloating(floating, timestamp: Timestamp(seconds: 1)) }
            }
            return trip
        }
        let added = "BitcoinNetworkBlocksAddedEvent"
        func block(_ height: Int64) -> String {
            """
            {"height":\(height),"hash":"\(Samples.hash(height))","previousblockhash":"\(Samples.hash(height - 1))",\
            "time":\(1_700_000_000 + height * 600)}
            """
        }
        let good = "{\"blocks\":[\(block(0)),\(block(1))]}"
        #expect(try store([(1, added, good)]).run().network == "net")
        for events in [
            [(2, added, good)], [(0, added, good)], [(1, added, "{}")], [(1, added, "{")],
            [(1, "BitcoinNetworkClearedEvent", "{}")],
            [(1, added, good), (1, added, good)], [(nil, added, good)],
            [(1, added, "{\"blocks\":[\(block(1).replacing("aa", with: "ab").replacing("61", with: "62"))]}")],
        ] as [[(Int64?, String, String)]] {
            let trip = try store(events)
            #expect(refusal { try trip.export() } == "foreignNetwork", "\(events)")
            // Where nothing tells the chain, they are events like others.
            trip.options.network = .none
            trip.options.takesAnyPayload = true
            #expect(try trip.export().tables.map(\.name) == ["net"])
        }
    }
}
