import Ashlar
import AshlarEasyLayer
import AshlarExport
import AshlarFormat
import AshlarSQLite
import AshlarTestSupport
import Foundation
import Testing

@Suite struct EasyLayerImportTests {
    let folder = EasyLayerFolder()
    var storePath: String { folder.file("store") }

    func files(_ path: String) throws -> EasyLayerFiles {
        try EasyLayerFiles(path: path) { (path) throws(SQLFailure) in try SQLiteTarget(readOnly: path) }
    }

    @discardableResult
    func run(
        _ path: String, into store: String? = nil, spine: EasyLayerImport.Spine = .automatic, commits: UInt64 = .max
    ) throws -> EasyLayerReport {
        try EasyLayerImport(try files(path), spine: spine).run(into: store ?? storePath, commits: commits)
    }

    /// The events in the chain's order, then the floating ones: `height model version-by-request payload`.
    func events(_ scope: EventQuery.Scope = .canonical, _ path: String? = nil) throws -> [String] {
        var query = EventQuery()
        query.scope = scope
        return try Store.open(at: path ?? storePath).view().events(query).map { event in
            let payload = String(decoding: event.payload, as: UTF8.self)
            let request = String(decoding: event.requestID ?? [], as: UTF8.self)
            return "\(event.height ?? -1) \(request) \(event.type == "Changed" ? payload : event.type)"
        }
    }

    /// A database with a spine that reorganises, two models, late events and events without a height.
    func makeDatabase(_ name: String = "one.db", blocks: Int = 40) throws -> String {
        let database = try folder.database(name)
        for model in ["network", "balances", "Mem-pool"] { try database.createModel(model) }
        try database.addBlocks(1, (0...3).map { bitcoinBlock($0) }, at: 3, compress: true)
        try database.addReorganisation(2, to: 1)
        try database.addBlocks(3, [bitcoinBlock(2, 1, on: 0)], at: 2)
        try database.addBlocks(4, [bitcoinBlock(3, 1)], at: 3)
        try database.addBlocks(5, (4...blocks).map { bitcoinBlock($0, 1) }, at: Int64(blocks), compress: true)
        let long = String(repeating: "long text ", count: 700)
        try database.add("balances", version: 1, height: 1, "{\"n\":1}")
        try database.add("balances", version: 4, height: 3, "{\"s\":\"\(long)\"}", compress: true)
        try database.add("balances", version: 5, height: 3, "{\"n\":5}")
        // Late, and with a hole before it.
        try database.add("balances", version: 9, height: 2, "{\"n\":9}")
        for version in 1...600 { try database.add("Mem-pool", version: Int64(version), height: nil, "{}") }
        try database.add("Mem-pool", version: 700, height: -1, "{\"n\":700}")
        try database.add("Mem-pool", version: 701, height: 3, "{\"n\":701}")
        return folder.file(name)
    }

    @Test func theSpineBecomesBlocksAndRollbacks() throws {
        let report = try run(try makeDatabase())
        #expect(report.difference == nil)
        #expect(report.isWhole)
        #expect(report.blocks == 43)
        #expect(report.rollbacks == 1)
        #expect(report.markers == 1)
        #expect(report.floating == 601)
        #expect(report.models.map(\.name) == ["Mem-pool", "balances", "network"])
        #expect(report.models.map(\.source.rows) == [602, 4, 4])
        let view = try Store.open(at: storePath).view()
        #expect(view.tipHeight == 40)
        let second = try #require(try view.block(height: 2))
        #expect("\(second.block.hash)" == hashText(2, 1))
        #expect(second.block.timestamp.microseconds == 1_600_000_002_000_000)
        let events = try events()
        let long = String(repeating: "long text ", count: 700)
        #expect(
            events == [
                "1 balances-1 {\"n\":1}", "2 network-3 BitcoinNetworkBlocksAddedEvent", "2 balances-9 {\"n\":9}",
                "3 network-4 BitcoinNetworkBlocksAddedEvent", "3 Mem-pool-701 {\"n\":701}",
                "3 balances-4 {\"s\":\"\(long)\"}", "3 balances-5 {\"n\":5}",
                "40 network-5 BitcoinNetworkBlocksAddedEvent",
            ])
        #expect(try self.events(.floating).last == "-1 Mem-pool-700 {\"n\":700}")
    }

    @Test func anInterruptedImportGoesOnWhereItWas() throws {
        let path = try makeDatabase()
        let whole = folder.file("whole")
        try run(path, into: whole)
        var runs = 0
        while true {
            // Some commits more with each run.
            let report = try run(path, commits: UInt64(runs % 5 + 1))
            runs += 1
            guard report.isStopped else {
                #expect(report.isWhole)
                break
            }
            try #require(runs < 200)
        }
        #expect(runs > 5)
        #expect(try importedCommits(storePath) == importedCommits(whole))
        #expect(try events(.log) == events(.log, whole))
        let sequence = try Store.open(at: storePath).sequence
        let again = try run(path)
        #expect(again.isWhole)
        #expect(again.blocks == 0)
        #expect(try Store.open(at: storePath).sequence == sequence)
    }

    @Test func withoutASpineHashesStandIn() throws {
        let database = try folder.database("two.db")
        for model in ["a", "b"] { try database.createModel(model) }
        try database.add("a", version: 1, height: 7, "{\"n\":1}")
        try database.add("a", version: 2, height: 20, "{\"n\":2}")
        try database.add("b", version: 1, height: 7, "{\"n\":3}")
        try database.add("b", version: 2, height: nil, "{\"n\":4}")
        let path = folder.file("two.db")
        #expect(try run(path, commits: 0).isStopped)
        #expect(try run(path, commits: 1).isStopped)
        #expect(try run(path).isWhole)
        #expect(try events() == ["7 a-1 {\"n\":1}", "7 b-1 {\"n\":3}", "20 a-2 {\"n\":2}"])
        let blocks = try Store.open(at: storePath).view().blocks().map { try $0.get().block }
        #expect(blocks.map(\.height) == [7, 20])
        #expect(Array(blocks[0].hash.bytes.prefix(8)) == [0, 0, 0, 0, 0, 0, 0, 7])
        #expect(blocks[0].parent.bytes == [UInt8](repeating: 0, count: 16))
        #expect(blocks[1].parent == blocks[0].hash)
        // The same content gives the same hashes, other content others.
        let other = folder.file("other")
        try run(path, into: other)
        #expect(try Store.open(at: other).view().tip()?.block.hash == blocks[1].hash)
        try database.run("UPDATE a SET payload = '{}' WHERE version = 2", [])
        let changed = folder.file("changed")
        #expect(try run(path, into: changed).isWhole)
        #expect(try Store.open(at: changed).view().tip()?.block.hash != blocks[1].hash)
        // The comparison finds what was changed behind the import's back.
        let report = try run(path)
        #expect(!report.isWhole)
        #expect(report.difference == "the 2 rows of `a` differ in content between source and store")
    }

    @Test func archivesAndTheCurrentFileCountOnce() throws {
        let directory = EasyLayerFolder()
        let archive = try directory.database("0-3.sqlite3")
        let current = try directory.database("current.sqlite3")
        _ = try directory.database("new.sqlite3")
        for database in [archive, current] {
            for model in ["network", "a"] { try database.createModel(model) }
            try database.addBlocks(1, (0...3).map { bitcoinBlock($0) }, at: 3)
            // In both files.
            try database.add("a", version: 2, height: 3, "{\"n\":2}")
            try database.add("a", version: 3, height: nil, "{\"n\":3}")
        }
        try archive.add("a", version: 1, height: 0, "{\"n\":1}", compress: true)
        try archive.add("a", version: 4, height: nil, "{\"n\":4}")
        // Above the archive's last height, rolled back since: the version was given anew.
        try archive.add("a", version: 5, height: 4, "{\"n\":\"gone\"}", requestID: "gone")
        try current.addBlocks(2, [bitcoinBlock(4)], at: 4)
        try current.add("a", version: 5, height: 4, "{\"n\":5}")
        try current.add("a", version: 6, height: nil, "{\"n\":6}")
        let report = try run(directory.path)
        #expect(report.isWhole)
        #expect(
            try events() == [
                "0 a-1 {\"n\":1}", "3 network-1 BitcoinNetworkBlocksAddedEvent", "3 a-2 {\"n\":2}",
                "4 network-2 BitcoinNetworkBlocksAddedEvent", "4 a-5 {\"n\":5}",
            ])
        #expect(try events(.floating) == ["-1 a-3 {\"n\":3}", "-1 a-4 {\"n\":4}", "-1 a-6 {\"n\":6}"])
    }
}
