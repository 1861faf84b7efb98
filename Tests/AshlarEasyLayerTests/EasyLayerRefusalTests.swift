import Ashlar
import AshlarEasyLayer
import AshlarExport
import AshlarSQLite
import AshlarTestSupport
import Testing

@Suite struct EasyLayerRefusalTests {
    let folder = EasyLayerFolder()

    func source() throws -> SQLiteTarget {
        let database = try folder.database("one.db")
        for model in ["network", "a"] { try database.createModel(model) }
        try database.addBlocks(1, (5...9).map { bitcoinBlock($0) }, at: 9)
        try database.add("a", version: 1, height: 6, "{}")
        return database
    }

    func run(
        _ spine: EasyLayerImport.Spine = .automatic, commits: UInt64 = .max
    ) throws -> EasyLayerReport {
        let files = try EasyLayerFiles(path: folder.file("one.db")) { (path) throws(SQLFailure) in
            try SQLiteTarget(readOnly: path)
        }
        return try EasyLayerImport(files, spine: spine).run(into: folder.file("store"), commits: commits)
    }

    @Test func aStoreOfSomethingElseIsRefused() throws {
        _ = try source()
        var options = WriterOptions()
        options.creation = CreationOptions()
        var writer = try Writer.open(at: folder.file("store"), options: options)
        try writer.note(mark: [1, 2, 3])
        try writer.close()
        guard case .otherImport = problem({ _ = try run() }) else {
            Issue.record("taken")
            return
        }
        #expect(try Store.open(at: folder.file("store")).sequence == 1)
    }

    @Test func aSourceThatChangedIsRefused() throws {
        let database = try source()
        let report = try run(commits: 3)
        #expect(report.isStopped)
        #expect(report.blocks == 3)
        try database.add("a", version: 2, height: 6, "{}")
        guard case .otherImport(let reason) = problem({ _ = try run() }) else {
            Issue.record("taken")
            return
        }
        #expect(reason.contains("has changed"))
    }

    @Test func rowsWithoutABlockAreRefusedBeforeAnythingIsWritten() throws {
        let database = try source()
        try database.add("a", version: 2, height: 10, "{}")
        guard case .layout(let reason) = problem({ _ = try run() }) else {
            Issue.record("taken")
            return
        }
        #expect(reason.contains("1 rows of `a`") && reason.contains("5–9"))
        #expect(throws: StoreError.self) { try Store.open(at: folder.file("store")) }
        // Without a spine they are taken.
        let report = try run(.none)
        #expect(report.isWhole)
        #expect(report.blocks == 3)
    }

    @Test func aDamagedPayloadNamesItsRow() throws {
        let database = try source()
        try database.run("UPDATE a SET \"isCompressed\" = 1", [])
        #expect(
            problem { _ = try run() }
                == .row(
                    table: "a", id: 1, reason: "the payload is marked as compressed, but is not a sound zlib stream"))
        // Mended, the import goes on.
        try database.run("UPDATE a SET \"isCompressed\" = 0", [])
        #expect(try run().isWhole)
    }

    @Test func clearingStartsAnewBelowTheOldChain() throws {
        let database = try source()
        try database.add("network", version: 2, type: "BitcoinNetworkClearedEvent", height: nil, "{}")
        try database.addBlocks(3, (2...7).map { bitcoinBlock($0, 3) }, at: 7)
        let report = try run()
        #expect(report.isWhole)
        #expect(report.blocks == 11)
        #expect(report.rollbacks == 1)
        let view = try Store.open(at: folder.file("store")).view()
        #expect(view.tipHeight == 7)
        #expect(try view.events(height: 6)?.map(\.model) == ["a"])
    }

    @Test func aNameThatNoModelHasIsRefused() throws {
        _ = try source()
        #expect(problem { _ = try run(.model("b")) } == .layout("there is no model `b`"))
    }
}
