import Ashlar
import AshlarTestSupport
import Foundation
import Testing

@Suite("exporting real blocks")
struct ExportDataTests {
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures").path

    private func exported(_ fixture: String, in directory: borrowing TemporaryDirectory, _ options: String...) throws
        -> (
            store: String, file: String
        )
    {
        let (store, file) = (directory.path + "/store", directory.path + "/out.db")
        let ingest = try Tool.run("ingest", store, Self.fixtures + "/" + fixture)
        #expect(ingest.status == 0, "\(ingest.error)")
        let export = try Tool.run(["export", "sqlite", store, file] + options)
        #expect(export.status == 0, "\(export.error)")
        let check = try Tool.run(["export", "check", store, file, "--json"] + options)
        #expect(check.status == 0, "\(check.text) \(check.error)")
        return (store, file)
    }

    @Test("aggregates in SQL equal those from the log")
    func aggregates() throws {
        let directory = TemporaryDirectory()
        let (path, file) = try exported("mainnet-forks-822528-824999.jsonl.gz", in: directory)
        var counts: [String: Int] = [:]
        var cursor = try Store.open(at: path).view().cursor()
        while try cursor.next() { counts["\(cursor.model)|\(cursor.type)", default: 0] += 1 }
        let rows = try shell(file, "SELECT model, type, count(*) FROM canonical_events GROUP BY 1, 2")
        #expect(Set(rows) == Set(counts.map { "\($0.key)|\($0.value)" }) && !rows.isEmpty)
        // No height is missing, and each reorg has two blocks.
        #expect(
            try shell(
                file,
                "SELECT count(*) FROM canonical_blocks a LEFT JOIN canonical_blocks b ON b.height = a.height + 1 "
                    + "WHERE b.height IS NULL") == ["1"])
        #expect(
            try shell(file, "SELECT count(*), count(new_hash) FROM reorgs WHERE old_hash <> new_hash")
                == shell(file, "SELECT count(*), count(*) FROM undone_blocks"))
    }

    @Test("the supply is right to the satoshi in a table of a map")
    func bitcoinMap() throws {
        let directory = TemporaryDirectory()
        let map = directory.file(
            "map.json",
            Array(
                """
                {"tables":[{"name":"outputs","model":"utxo","type":"output.created","onMisfit":"fail","columns":[
                {"name":"txid","path":"$.txid","type":"bytes"},{"name":"vout","path":"$.vout","type":"bigint"},
                {"name":"value","path":"$.value","type":"bigint"},{"name":"script","path":"$.script","type":"bytes","index":true}]},
                {"name":"spends","model":"utxo","type":"output.spent","onMisfit":"fail","columns":[
                {"name":"txid","path":"$.prev_txid","type":"bytes"},{"name":"vout","path":"$.prev_vout","type":"bigint"}]}]}
                """.utf8))
        let (_, file) = try exported("mainnet-0-4312.events.jsonl.gz", in: directory, "--map", map)
        #expect(try shell(file, "SELECT count(*) FROM canonical_outputs") == ["4397"])
        #expect(try shell(file, "SELECT count(*) FROM canonical_spends") == ["247"])
        // 4,313 blocks of 50 BTC, that of the first one too, which nobody can spend.
        #expect(
            try shell(
                file,
                "SELECT sum(o.value) FROM canonical_outputs o WHERE NOT EXISTS (SELECT 1 FROM canonical_spends s "
                    + "WHERE s.txid = o.txid AND s.vout = o.vout)") == ["21565000000000"])
    }
}
