import AshlarBitcoin
import Foundation
import Testing

@Suite("The README's queries")
struct ReadmeQueryTests {
    private static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// The map of the demo, and the queries of the README.
    private func texts() throws -> (map: String, sql: String) {
        let demo = String(decoding: contents(of: Self.package + "/.ci/demo.sh"), as: UTF8.self)
        let readme = String(decoding: contents(of: Self.package + "/README.md"), as: UTF8.self)
        let map = try #require(demo.components(separatedBy: "<<'MAP'\n").last?.components(separatedBy: "\nMAP\n").first)
        let sql = try #require(readme.components(separatedBy: "```sql\n").last?.components(separatedBy: "```").first)
        return (map, sql)
    }

    @Test("each runs on what the demo exports, and those of money give what the chain says")
    func queries() throws {
        let directory = TemporaryDirectory()
        let (map, sql) = try texts()
        _ = run("gunzip -c '\(Self.package)/Tests/Fixtures/mainnet-0-4312.blk.gz' >'\(directory.blocks)/blk00000.dat'")
        directory.file("../map.json", Array(map.utf8))
        let database = directory.path + "/out.db"
        let index = try IndexProcess(["index", directory.store, directory.blocks], in: directory).end()
        #expect(index.status == 0, "\(index.error)")
        let options = [directory.store, database, "--map", directory.path + "/map.json", "--state-tables"]
        for command in [["export", "sqlite"], ["export", "check"]] {
            let export = try IndexProcess(["store"] + command + options, in: directory).end()
            #expect(export.status == 0, "\(export.error)")
        }
        directory.file("../queries.sql", Array(sql.utf8))
        let answers = run("sqlite3 -bail '\(database)' <'\(directory.path)/queries.sql' 2>&1")
        let lines = String(decoding: answers, as: UTF8.self).split(separator: "\n").map(String.init)
        // The richest script, what it had in January 2009, and the first line of its history.
        #expect(lines.first == "76A91412AB8DC588CA9D5787DDE7EB29569DA63C3A238C88AC|497500000000")
        #expect(!lines.contains { $0.lowercased().contains("error") }, "\(lines)")
        #expect(lines.count > 4, "\(lines)")
    }
}
