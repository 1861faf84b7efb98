import AshlarEasyLayer
import AshlarExport
import AshlarSQLite
import AshlarTestSupport
import Testing

@Suite struct EasyLayerFilesTests {
    let folder = EasyLayerFolder()

    func files() throws -> EasyLayerFiles {
        try EasyLayerFiles(path: folder.path) { (path) throws(SQLFailure) in try SQLiteTarget(readOnly: path) }
    }

    @Test func archivesComeByHeightAndTheLeftoverDoesNot() throws {
        for name in ["current", "100-199", "0-99", "1000-1999", "new", "7-3", "-1-5", "a-b"] {
            try folder.database("\(name).sqlite3").createModel("m")
        }
        let files = try files().files
        let names = files.map { $0.name.dropFirst(folder.path.count + 1) }
        #expect(names == ["0-99.sqlite3", "100-199.sqlite3", "1000-1999.sqlite3", "current.sqlite3"])
        #expect(files.map(\.upTo) == [99, 199, 1999, nil])
    }

    @Test func aDirectoryWithoutCurrentIsRefused() throws {
        try folder.database("new.sqlite3").createModel("m")
        guard case .files = problem({ _ = try files() }) else {
            Issue.record("taken")
            return
        }
        let missing = problem {
            _ = try EasyLayerFiles(path: folder.file("none")) { (path) throws(SQLFailure) in
                try SQLiteTarget(readOnly: path)
            }
        }
        #expect(missing == .files(path: folder.file("none"), reason: "there is nothing here"))
    }

    @Test func theSpineGoesOnFromFileToFile() throws {
        let archive = try folder.database("0-3.sqlite3")
        try archive.createModel("network")
        try archive.addBlocks(1, (0...3).map { bitcoinBlock($0) }, at: 3)
        // Above the archive's last height, and rolled back since.
        try archive.addBlocks(2, [bitcoinBlock(4, 2, on: 0)], at: 4)
        let current = try folder.database("current.sqlite3")
        try current.createModel("network")
        // In both files.
        try current.addBlocks(1, (0...3).map { bitcoinBlock($0) }, at: 3)
        try current.addBlocks(3, [bitcoinBlock(4)], at: 4)
        let spine = try #require(try EasyLayerSpine.find(in: try files()))
        #expect(short(try spine.steps()) == "0 1 2 3! 4!")
    }
}
