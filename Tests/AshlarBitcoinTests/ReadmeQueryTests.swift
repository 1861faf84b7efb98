import Ashlar
import AshlarBitcoin
import AshlarTestSupport
import Foundation
import Testing

@Suite("The README's queries")
struct ReadmeQueryTests {
    private static let fixtures =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().path + "/Fixtures/"

    /// Runs the indexer, or with `store` in front the tool in it.
    private func tool(_ arguments: [String], in directory: borrowing TemporaryDirectory) throws {
        let run = try IndexProcess(arguments, in: directory).end()
        #expect(run.status == 0, "\(arguments.joined(separator: " ")): \(run.output) \(run.error)")
    }

    /// Makes the stores of the demo and exports each into a database of its name, in SQLite and in PostgreSQL.
    private func makeDatabases(in directory: borrowing TemporaryDirectory) throws {
        directory.file("../map.json", Documentation.hereDocument("MAP"))
        let lines = directory.file("../sightings.jsonl", Documentation.hereDocument("LINES"))
        directory.file("blk00000.dat", Fixtures.mainnet)
        let path = directory.path
        try tool(["index", path + "/bitcoin", directory.blocks], in: directory)
        try tool(
            [
                "store", "ingest", path + "/fork", Self.fixtures + "reorg-btcd-8.events.jsonl", "--fork-choice",
                "longest",
            ],
            in: directory)
        try tool(["store", "ingest", path + "/sightings", lines, "--allow-height-gaps"], in: directory)
        let url = try PostgresServer.shared().url
        for name in ["bitcoin", "fork", "sightings"] {
            let (store, file) = ("\(path)/\(name)", "\(path)/\(name).db")
            let options = name == "bitcoin" ? ["--map", path + "/map.json", "--state-tables"] : []
            try tool(["store", "export", "sqlite", store, file] + options, in: directory)
            try tool(["store", "export", "check", store, file] + options, in: directory)
            try tool(["store", "export", "postgres", store, url, "--schema-name", name] + options, in: directory)
        }
    }

    @Test("each gives the answer that is printed with it, in SQLite and as it is written for PostgreSQL")
    func queries() throws {
        let (sqlite, postgres) = (Documentation.queries(of: "README.md"), Documentation.postgres)
        #expect(sqlite.count == 7 && sqlite.allSatisfy { !$0.answer.isEmpty })
        #expect(sqlite.map(\.database) == postgres.map(\.database))
        let directory = TemporaryDirectory()
        try makeDatabases(in: directory)
        let url = try PostgresServer.shared().url
        let shells =
            [
                { "sqlite3 -bail '\(directory.path)/\($0).db'" },
                { "PGOPTIONS=-csearch_path=\($0) psql -XAtq '\(url)'" },
            ] as [(String) -> String]
        for (shell, queries) in zip(shells, [sqlite, postgres]) {
            for (query, expected) in zip(queries, sqlite) {
                directory.file("../query.sql", Array(query.sql.utf8))
                let said = run("\(shell(query.database)) <'\(directory.path)/query.sql' 2>&1 || true")
                let answer = String(decoding: said, as: UTF8.self).split(separator: "\n").map(String.init)
                #expect(answer == expected.answer, "\(query.sql)")
            }
        }
    }

    @Test("what is printed of balances is what the model says")
    func balances() throws {
        let directory = TemporaryDirectory()
        directory.file("blk00000.dat", Fixtures.mainnet)
        _ = try index(directory, .mainnet).get()
        let store = try Store.open(at: directory.store)
        let queries = Documentation.queries(of: "README.md")
        let projected = try Projection(store).add(UnspentModel())
        let top = try projected.state(at: 4_312).state.top(2).map { "\($0.script)|\($0.balance.value)" }
        #expect(queries.first?.answer == top)
        // The time that is asked for, as a height: blocks of that month have rising times.
        let asked = queries[1].sql.firstMatch(of: /time <= (\d+)/)?.1
        let time = try #require(asked.flatMap { Int64($0) })
        let blocks = try store.view().blocks().map { try $0.get().block }
        let height = try #require(blocks.last { $0.timestamp.microseconds <= time }?.height)
        #expect(blocks.allSatisfy { $0.height > height || $0.timestamp.microseconds <= time })
        let digits = queries[1].sql.firstMatch(of: /x'([0-9a-f]+)'/)?.1
        let script = try #require(digits.flatMap { Script(hex: Array($0.utf8)) })
        let balance = try projected.state(at: height).state.balances[script]
        #expect(queries[1].answer == [balance.map { "\($0.value)" }])
    }
}
