import Ashlar
import AshlarEasyLayer
import AshlarExport
import AshlarFormat
import AshlarSQLite
import AshlarTestSupport
import Testing

/// Import after export gives the same blocks, rollbacks and events.
@Suite struct ExportRoundTripTests {
    /// What `fitsNames` makes of the names in a `StormChain`.
    static func fitted(_ name: String) -> String { String(name.map { $0 == " " ? "_" : $0 }) }

    /// Exports and imports a random chain.
    static func storm(
        _ seed: UInt64, _ trip: RoundTrip, notation: HashNotation = .hex, steps: Int = 180
    ) throws {
        trip.options.takesAnyPayload = true
        trip.options.fitsNames = true
        try trip.make(notation: notation) { writer in
            var chain = StormChain(seed: seed)
            for _ in 0..<steps { try chain.step(&writer) }
        }
        let report = try trip.run(name: fitted)
        #expect(report.network == "network")
        let network = try #require(report.tables.first { $0.name == "network" })
        #expect(network.model == nil && network.sum.rows > 20)
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func randomChains(seed: UInt64) throws { try Self.storm(seed, RoundTrip()) }

    @Test func randomChainsOfEthereum() throws {
        let trip = RoundTrip()
        try Self.storm(11, trip, notation: .prefixedHex)
        let types = try trip.connection().rows("SELECT DISTINCT type FROM network ORDER BY 1").compactMap { $0[0].text }
        #expect(types == ["EvmNetworkBlocksAddedEvent", "EvmNetworkReorganizedEvent"])
        let payload = try trip.connection().rows("SELECT payload FROM network WHERE id = 1")[0][0].bytes ?? []
        #expect(
            String(decoding: payload.prefix(60), as: UTF8.self).hasPrefix(
                "{\"blocks\":[{\"blockNumber\":0,\"hash\":\"0x"))
    }

    @Test func allBlocksGoAndOthersCome() throws {
        let trip = RoundTrip()
        try trip.make { writer in
            for height in 5..<9 as Range<Int64> {
                _ = try writer.append(Samples.block(height), events: Samples.events(height))
            }
            try writer.rollback(toHeight: 4)
            for height in 2..<230 as Range<Int64> {
                _ = try writer.append(Samples.block(height, "b"), events: Samples.events(height, "b", count: 2))
            }
            try writer.rollback(toHeight: -1)
            try writer.rollback(toHeight: -1)
            _ = try writer.append(Samples.block(300, "c"), events: Samples.events(300, "c"))
        }
        try trip.run()
        let rows = try trip.connection().rows("SELECT type, \"blockHeight\" FROM network ORDER BY id")
        let short = rows.map {
            "\($0[0].text?.dropFirst("BitcoinNetwork".count).dropLast("Event".count) ?? "") \($0[1].integer ?? -1)"
        }
        #expect(
            short == [
                "BlocksAdded 8", "Cleared -1", "BlocksAdded 96", "BlocksAdded 196", "BlocksAdded 229", "Cleared -1",
                "BlocksAdded 300",
            ])
    }

    @Test func timesAreExact() throws {
        let trip = RoundTrip()
        try trip.make { writer in
            var parent = Samples.hash(-1)
            let times = [0, 1, 1_600_000_000_000_000, 1_600_000_000_000_001, -5, -2_000_000, .max, .min] as [Int64]
            for (height, time) in times.enumerated() {
                let hash = Samples.hash(Int64(height))
                let block = Block(
                    height: Int64(height), hash: hash, parent: parent, timestamp: Timestamp(microseconds: time))
                let event = Event(
                    model: "a", type: "t", payload: Array("{}".utf8), timestamp: Timestamp(microseconds: time &+ 7))
                _ = try writer.append(block, events: [event])
                parent = hash
            }
        }
        try trip.run()
    }

    @Test func requestIDsComeBackAsTheyWere() throws {
        let trip = RoundTrip()
        let uuid = "01234567-89ab-cdef-0123-456789abcdef"
        let texts = [
            uuid, uuid.uppercased(), "abcdefghijklmnop", "r1", "ashlar-hex:61", "ashlar-chain:7", "ashlar-hex:",
            "ä\u{308}\"'",
            "a\u{0}b", String(repeating: "x", count: 255), "01234567-89ab-cdef-0123-456789abcdeg",
        ]
        let bytes: [[UInt8]?] =
            texts.map { Array($0.utf8) } + [
                nil, [0], [255], [UInt8](repeating: 0, count: 16), [UInt8](repeating: 200, count: 255), Array(0...15),
                Array(0...16),
            ]
        try trip.make { writer in
            let events = bytes.map { Event(model: "a", type: "t", payload: Array("1".utf8), requestID: $0) }
            _ = try writer.append(Samples.block(0), events: events)
            try writer.appendFloating(events, timestamp: Timestamp(seconds: 1))
        }
        try trip.run()
        let found = try trip.connection().rows("SELECT \"requestId\" FROM a ORDER BY id").map { $0[0].text }
        #expect(found[3] == "r1" && found[2] == "61626364-6566-6768-696a-6b6c6d6e6f70" && found[11] == "")
        #expect(found[0] == "ashlar-hex:" + Array(uuid.utf8).map { String($0, radix: 16) }.joined())
        #expect(found[1] == uuid.uppercased())
    }

    @Test func aUUIDThatEasyLayerWroteComesBack() throws {
        let trip = RoundTrip()
        let database = try trip.folder.database("one.db")
        let uuid = "01234567-89ab-cdef-0123-456789abcdef"
        try database.createModel("a")
        try database.add("a", version: 1, height: 7, "{}", requestID: uuid)
        try trip.importOriginal("one.db")
        let event = try #require(try Store.open(at: trip.storePath).view().events().first)
        #expect(event.requestID?.count == 16)
        try trip.run()
        #expect(try trip.connection().value("SELECT \"requestId\" FROM a") == .text(uuid))
    }

    @Test func anEmptyStoreAndOneOfFloatingEventsAlone() throws {
        let empty = RoundTrip()
        try empty.make { _ in }
        let report = try empty.run()
        #expect(report.tables.map(\.name) == ["network"] && report.rows == 0 && report.height == nil)
        let floating = RoundTrip()
        try floating.make { writer in
            for second in 0..<5 as Range<Int64> {
                try writer.appendFloating(
                    [Event(model: "mempool", type: "seen", payload: Array("[\(second)]".utf8))],
                    timestamp: Timestamp(seconds: second))
            }
        }
        #expect(try floating.run().tables.map(\.name) == ["mempool", "network"])
        #expect(
            try floating.connection().value("SELECT count(*) FROM mempool WHERE \"blockHeight\" IS NULL") == .integer(5)
        )
    }

    @Test func payloadsOfAllSizes() throws {
        let trip = RoundTrip()
        try trip.make { writer in
            for (height, size) in [0, 2_046, 6_141, 6_142, 70_000, 5_000_000].enumerated() {
                let payload = Array("\"\(String(repeating: "s", count: size))\"".utf8)
                _ = try writer.append(
                    Samples.block(Int64(height)), events: [Event(model: "a", type: "t", payload: payload)])
            }
        }
        try trip.run()
        let flags = try trip.connection().rows("SELECT \"isCompressed\" FROM a ORDER BY id").map { $0[0].integer }
        #expect(flags == [0, 0, 0, 1, 1, 1])
    }
}

extension RoundTrip {
    /// Makes the store from a database in EasyLayer's layout.
    func importOriginal(_ name: String, spine: EasyLayerImport.Spine = .automatic) throws {
        let files = try EasyLayerFiles(path: folder.file(name)) { (path) throws(SQLFailure) in
            try SQLiteTarget(readOnly: path)
        }
        let report = try EasyLayerImport(files, spine: spine).run(into: storePath)
        #expect(report.isWhole, "\(report.difference ?? "")")
    }
}
