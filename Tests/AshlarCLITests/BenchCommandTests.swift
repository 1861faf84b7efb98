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
}
