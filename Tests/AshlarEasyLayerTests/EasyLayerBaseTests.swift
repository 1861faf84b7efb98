import Ashlar
import AshlarEasyLayer
import AshlarExport
import AshlarFormat
import AshlarSQLite
import AshlarTestSupport
import Foundation
import Testing

/// The sum of the numbers in a model's events, `{"n":5}`; a base is `{"sum":15}`.
struct SumModel: Model {
    struct Sum: ModelState, Codable, Equatable {
        var value = 0
    }

    let name: String

    func makeState() -> Sum { Sum() }

    func apply(_ event: borrowing ModelEvent, to state: inout Sum) throws {
        let text = event.payload.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        let number = Int(text.filter { $0.isNumber || $0 == "-" }) ?? 0
        // What a model that was taken over has to do beside its own events.
        if event.type == "easylayer.snapshot" { state.value = number } else { state.value += number }
    }
}

@Suite struct EasyLayerBaseTests {
    let folder = EasyLayerFolder()

    /// Blocks 0 to 30 and a model with the numbers 1, 2, 3 … at the heights 0, 0, 1, 1 …, with snapshots at 5, 10, 15 and 20.
    func source(_ name: String = "one.db", blocks: Int = 30) throws -> SQLiteTarget {
        let database = try folder.database(name)
        for model in ["network", "sums"] { try database.createModel(model) }
        try database.createSharedTables()
        for height in 0...blocks {
            try database.addBlocks(Int64(height + 1), [bitcoinBlock(height)], at: Int64(height))
        }
        for number in 1...40 as ClosedRange<Int64> {
            try database.add("sums", version: number, height: (number - 1) / 2, "{\"n\":\(number)}")
        }
        for height in [5, 10, 15, 20] as [Int64] {
            let version = min(height * 2 + 2, 40)
            try database.addSnapshot(
                "sums", height: height, version: version, "{\"sum\":\(version * (version + 1) / 2)}")
        }
        return database
    }

    @discardableResult
    func run(
        _ name: String = "one.db", into store: String = "store", spine: EasyLayerImport.Spine = .automatic,
        commits: UInt64 = .max, limit: Int = EasyLayerPayload.usualLimit
    ) throws -> EasyLayerReport {
        let files = try EasyLayerFiles(path: folder.file(name), payloads: EasyLayerPayload(limit: limit)) {
            (path) throws(SQLFailure) in try SQLiteTarget(readOnly: path)
        }
        return try EasyLayerImport(files, spine: spine).run(into: folder.file(store), commits: commits)
    }

    /// The sum at a height, as a projection folds it.
    func sum(at height: Int64, in store: String = "store", of model: String = "sums") throws -> Int {
        let projection = Projection(try Store.open(at: folder.file(store)))
        let sums = try projection.add(SumModel(name: model))
        defer { projection.close() }
        return try sums.state(at: height).state.value
    }

    func events(at height: Int64, in store: String = "store") throws -> [String] {
        let events = try Store.open(at: folder.file(store)).view().events(height: height) ?? []
        return events.filter { $0.model == "sums" }.map { "\($0.type) \(String(decoding: $0.payload, as: UTF8.self))" }
    }

    @Test func aModelWithoutItsBeginningStartsFromItsOldestSnapshot() throws {
        _ = try source()
        #expect(try run(into: "before").bases == EasyLayerBases())
        let database = try SQLiteTarget(path: folder.file("one.db"), create: false)
        try database.prune("sums", upTo: 10)
        try database.run("DELETE FROM snapshots WHERE \"blockHeight\" < 10", [])
        let report = try run()
        #expect(report.isWhole, "\(report.difference ?? "")")
        #expect(report.bases.taken.map(\.height) == [10])
        #expect(report.bases.unusable.isEmpty && report.bases.missing.isEmpty)
        let model = try #require(report.models.last)
        #expect(model.name == "sums" && model.source.rows == 19 && model.storeBases == 1 && model.sourceBases == 1)
        #expect(try events(at: 10) == ["easylayer.snapshot {\"sum\":253}"])
        for height in [10, 11, 15, 30] as [Int64] { #expect(try sum(at: height) == sum(at: height, in: "before")) }
        #expect(try sum(at: 9) == 0)
        let base = try Store.open(at: folder.file("store")).view().events(height: 10)?.last
        #expect(base?.timestamp.microseconds == 1_767_323_045_000_000)
    }

    @Test func theEventsOfItsHeightThatAreNotInItComeBehindIt() throws {
        let database = try source()
        try database.prune("sums", upTo: 9)
        // Taken in the midst of block 10, whose events are the numbers 21 and 22.
        try database.run("UPDATE snapshots SET version = 21, payload = '{\"sum\":231}' WHERE \"blockHeight\" = 10", [])
        #expect(try run().bases.taken.map(\.version) == [21])
        #expect(
            try events(at: 10) == ["Changed {\"n\":21}", "easylayer.snapshot {\"sum\":231}", "Changed {\"n\":22}"])
        #expect(try sum(at: 10) == 253)
        #expect(try sum(at: 20) == 820)
    }

    @Test func whereTheChainIsGoneTooItsFirstBlockNamesTheOneBelow() throws {
        let database = try source()
        for model in ["sums", "network"] { try database.prune(model, upTo: 10) }
        try database.addSnapshot("network", height: 10, version: 11, "{\"chain\":[]}", compress: true)
        let report = try run()
        #expect(report.isWhole, "\(report.difference ?? "")")
        #expect(report.blocks == 21)
        #expect(report.bases.taken.map { "\($0.model) \($0.height)" } == ["network 10", "sums 10"])
        #expect(report.bases.unusable.map(\.height) == [5])
        let view = try Store.open(at: folder.file("store")).view()
        let block = try #require(try view.block(height: 10))
        #expect("\(block.block.hash)" == hashText(10, 0))
        #expect(block.block.parent.bytes.allSatisfy { $0 == 0 })
        #expect(try view.events(height: 10)?.map(\.model) == ["network", "sums"])
        #expect(try sum(at: 30) == 820)
        // A run at a time, a commit each: the block below the first one is written once, and in its place.
        var runs = 0
        while try run(into: "steps", commits: 1).isStopped {
            runs += 1
            try #require(runs < 100)
        }
        #expect(runs >= 20)
        #expect(try commits("steps") == commits("store"))
    }

    func commits(_ store: String) throws -> [String] {
        try Store.open(at: folder.file(store)).commits().map {
            let commit = try $0.get()
            if case .block(let stored, _) = commit.content { return "\(stored.block) \(commit.mark ?? [])" }
            return "\(commit.mark ?? [])"
        }
    }

    @Test func afterAClearingOnlyTheChainThatStandsCounts() throws {
        let database = try source()
        try database.prune("sums", upTo: 15)
        try database.add("network", version: 40, type: "BitcoinNetworkClearedEvent", height: nil, "{}")
        try database.addBlocks(41, (16...25).map { bitcoinBlock($0, 2) }, at: 25)
        let report = try run()
        #expect(report.isWhole, "\(report.difference ?? "")")
        #expect(report.bases.taken.map(\.height) == [15])
        #expect(report.rollbacks == 1 && report.blocks == 42)
        #expect(
            "\(try #require(try Store.open(at: folder.file("store")).view().block(height: 15)).block.hash)"
                == hashText(15, 2))
        #expect(try sum(at: 25) == 820)
    }

    /// What is wrong with snapshots, each with the SQL that does it to the one at height 10, and a word of the reason.
    static let damages = [
        ("UPDATE snapshots SET payload = '{\"sum\":' WHERE \"blockHeight\" = 10", "cut off"),
        ("UPDATE snapshots SET payload = x'FF' WHERE \"blockHeight\" = 10", "not JSON"),
        ("UPDATE snapshots SET payload = '{} {}' WHERE \"blockHeight\" = 10", "not JSON"),
        ("UPDATE snapshots SET payload = 5 WHERE \"blockHeight\" = 10", "neither bytes nor text"),
        ("UPDATE snapshots SET \"isCompressed\" = 1 WHERE \"blockHeight\" = 10", "not a sound zlib stream"),
        ("UPDATE snapshots SET version = 'x' WHERE \"blockHeight\" = 10", "no number"),
        ("DELETE FROM sums WHERE version = 23", "are missing"),
        ("UPDATE sums SET \"blockHeight\" = 3 WHERE version = 30", "version 30 came after it"),
    ]

    @Test(arguments: damages)
    func whatCannotBeUsedIsNamedAndTheNextOneTaken(_ sql: String, _ reason: String) throws {
        let database = try source()
        try database.prune("sums", upTo: 10)
        try database.run("DELETE FROM snapshots WHERE \"blockHeight\" < 10", [])
        try database.execute(sql)
        let report = try run()
        #expect(report.isWhole)
        #expect(report.bases.taken.map(\.height) == [15])
        #expect(report.bases.unusable.map(\.height) == [10])
        #expect(report.bases.unusable.first?.reason.contains(reason) == true, "\(report.bases.unusable)")
        #expect(try sum(at: 30) == 820)
    }

    @Test func aStateThatInflatesBeyondTheLimitIsNotUsed() throws {
        let database = try source()
        try database.prune("sums", upTo: 10)
        try database.run("DELETE FROM snapshots WHERE \"blockHeight\" < 15", [])
        let bomb = deflated(Array(("[" + String(repeating: " ", count: 1 << 20) + "]").utf8))
        try database.run(
            "UPDATE snapshots SET payload = $1, \"isCompressed\" = 1 WHERE \"blockHeight\" < 20", [.bytes(bomb)])
        let report = try run(limit: 1 << 19)
        #expect(report.bases.unusable.map(\.height) == [15])
        #expect(report.bases.unusable.first?.reason.contains("larger than the limit of 524288") == true)
        #expect(report.bases.taken.map(\.height) == [20])
    }

    @Test func withoutAUsableSnapshotWhatIsThereIsImported() throws {
        let database = try source()
        try database.prune("sums", upTo: 12)
        try database.run("DELETE FROM snapshots WHERE \"blockHeight\" > 10", [])
        try database.addSnapshot("sums", height: 31, version: 40, "{\"sum\":820}")
        let report = try run()
        #expect(report.isWhole)
        #expect(report.bases.taken.isEmpty)
        #expect(report.bases.missing == ["sums"])
        #expect(report.bases.unusable.map(\.height) == [5, 10, 31])
        #expect(report.bases.unusable.last?.reason.contains("no block of this height; it has 0 to 30") == true)
        #expect(report.models.last?.store.rows == 14)
        // Without any snapshot too, but a beginning must lack.
        try database.run("DELETE FROM snapshots", [])
        #expect(try run(into: "none").bases.missing == ["sums"])
    }

    @Test func withoutASpineABaseHasABlockOfItsOwn() throws {
        let database = try source()
        // The model is quiet from 10 to 12.
        try database.prune("sums", upTo: 10)
        try database.run("DELETE FROM snapshots WHERE \"blockHeight\" <> 10", [])
        let report = try run(spine: .none)
        #expect(report.isWhole)
        #expect(report.bases.taken.map(\.height) == [10])
        #expect(try sum(at: 10) == 253)
        try database.run("DELETE FROM network", [])
        #expect(try run(into: "alone", spine: .none).isWhole)
        let view = try Store.open(at: folder.file("alone")).view()
        #expect(try view.blocks().map { try $0.get().block.height } == Array(10...19))
        #expect(try events(at: 10, in: "alone") == ["easylayer.snapshot {\"sum\":253}"])
        for _ in 0..<10 { #expect(try run(into: "steps", spine: .none, commits: 1).isStopped) }
        #expect(try run(into: "steps", spine: .none).isWhole)
        #expect(try commits("steps") == commits("alone"))
    }

    @Test func aModelOfWhichOnlySnapshotsAreLeftHasTheirState() throws {
        let database = try source()
        try database.prune("sums", upTo: 30)
        let report = try run()
        #expect(report.isWhole)
        #expect(report.bases.taken.map(\.height) == [20])
        #expect(report.bases.unusable.map(\.reason).allSatisfy { $0.contains("none of the events between") })
        #expect(try sum(at: 20) == 820)
    }

    @Test func sourcesWithTheirBeginningHaveNoBase() throws {
        let database = try source()
        // Holes, late events, and events without a height before the first that has one.
        try database.run("DELETE FROM sums WHERE version IN (2, 17, 18)", [])
        try database.createModel("pending")
        for version in 1...5 as ClosedRange<Int64> { try database.add("pending", version: version, height: nil, "{}") }
        try database.add("pending", version: 6, height: 4, "{}")
        try database.addSnapshot("pending", height: 20, version: 6, "{}")
        // A snapshot that counts events without a height only.
        try database.createModel("quiet")
        try database.add("quiet", version: 1, height: nil, "{}")
        try database.addSnapshot("quiet", height: 20, version: 1, "{}")
        let report = try run()
        #expect(report.isWhole)
        #expect(report.bases == EasyLayerBases())
        // But an event that is gone from among them is one.
        try database.prune("pending", upTo: 4)
        #expect(try run(into: "pruned").bases.taken.map(\.model) == ["pending"])
    }

    @Test func inADirectoryRemovedArchivesLeaveTheSnapshotOfTheNextFile() throws {
        let directory = EasyLayerFolder()
        let archive = try directory.database("11-20.sqlite3")
        let current = try directory.database("current.sqlite3")
        for database in [archive, current] {
            for model in ["network", "sums"] { try database.createModel(model) }
            try database.createSharedTables()
        }
        try archive.addBlocks(12, (11...20).map { bitcoinBlock($0) }, at: 20)
        try current.addBlocks(22, (21...25).map { bitcoinBlock($0) }, at: 25)
        for number in 23...42 as ClosedRange<Int64> {
            try archive.add("sums", version: number, height: (number - 1) / 2, "{\"n\":\(number)}")
        }
        try current.add("sums", version: 43, height: 21, "{\"n\":43}")
        try archive.addSnapshot("sums", height: 10, version: 22, "{\"sum\":253}")
        // Above the archive's last height, rolled back since.
        try archive.addSnapshot("sums", height: 22, version: 43, "{\"sum\":0}")
        try current.addSnapshot("sums", height: 20, version: 42, "{\"sum\":903}")
        let files = try EasyLayerFiles(path: directory.path) { (path) throws(SQLFailure) in
            try SQLiteTarget(readOnly: path)
        }
        let report = try EasyLayerImport(files).run(into: folder.file("store"))
        #expect(report.isWhole, "\(report.difference ?? "")")
        #expect(report.bases.taken.map { "\($0.model) \($0.height)" } == ["sums 10"])
        #expect(report.bases.missing == ["network"])
        #expect(report.bases.unusable.isEmpty)
        #expect(try sum(at: 25) == 946)
    }
}
