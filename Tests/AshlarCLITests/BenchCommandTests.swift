import AshlarExport
import AshlarPostgres
import AshlarTestSupport
import Foundation
import Testing

@Suite("bench")
struct BenchCommandTests {
    @Test("an export is measured beside a bare loop, and nothing is left behind")
    func export() throws {
        let directory = TemporaryDirectory()
        let run = try Tool.run(
            "bench", "export", "--events", "400", "--events-per-block", "20", "--rounds", "1", "--json", "--directory",
            directory.path)
        #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
        let parsed = try JSONSerialization.jsonObject(with: Data(run.text.utf8))
        let rows = try #require(parsed as? [[String: Any]])
        #expect(rows.map { $0["name"] as? String } == ["append", "export sqlite", "bare sqlite"])
        #expect(rows.allSatisfy { $0["events"] as? Int == 400 })
        #expect(rows[1]["ratio"] is Double && rows[1]["indexSeconds"] is Double)
        let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(!left.contains { $0.hasPrefix("ashlar-bench") })
    }

    @Test("exporters that follow a reorg storm are measured in both databases, and nothing is left behind")
    func live() throws {
        let directory = TemporaryDirectory()
        let server = try PostgresServer()
        let run = try Tool.run(
            "bench", "live", "--reorgs", "6", "--events-per-block", "3", "--events", "30", "--blocks-per-second", "200",
            "--postgres", server.url, "--json", "--directory", directory.path)
        #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
        let parsed = try JSONSerialization.jsonObject(with: Data(run.text.utf8))
        let rows = try #require(parsed as? [[String: Any]])
        let names = ["live sqlite", "bloat sqlite", "live postgres", "bloat postgres"]
        #expect(rows.map { $0["name"] as? String } == names)
        for late in [rows[0], rows[2]] {
            #expect(late["reorgs"] as? Double == 6 && late["blocks"] as? Double == 24, "\(late)")
            #expect(late["undoneBlocks"] as? Double ?? 0 >= 6)
            let times = ["p50Milliseconds", "p99Milliseconds", "maxMilliseconds"].map { late[$0] as? Double ?? -1 }
            #expect(times == times.sorted() && times[0] > 0, "\(times)")
        }
        for size in [rows[1], rows[3]] {
            #expect(size["freshBytes"] as? Double ?? 0 > 0 && size["liveToFresh"] as? Double ?? 0 > 0.5, "\(size)")
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(!left.contains { $0.hasPrefix("ashlar-bench") })
        let schemas = try PostgresTarget(server.url).value(
            "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'ashlar_bench%'")
        #expect(schemas == .integer(0))
    }
}
