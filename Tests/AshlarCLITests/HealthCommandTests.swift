import Ashlar
import AshlarTestSupport
import Foundation
import Testing

@testable import AshlarCLI

@Suite("health, stats --watch and --prometheus")
struct HealthCommandTests {
    private func store(in directory: borrowing TemporaryDirectory) throws -> String {
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        return path
    }

    /// What a run of `health --json` says of each check.
    private func levels(_ run: ToolRun) -> [String: String] {
        let findings = run.objects.first?["findings"] as? [[String: Any]] ?? []
        return Dictionary(
            findings.compactMap { finding in
                (finding["check"] as? String).flatMap { check in (finding["level"] as? String).map { (check, $0) } }
            }, uniquingKeysWith: { $1 })
    }

    private let roomy = ["--min-free-percent", "0", "--json"]

    @Test("a store in order is healthy; each limit makes a warning, and exceeded twice over it is critical")
    func limits() throws {
        let directory = TemporaryDirectory()
        let path = try store(in: directory)
        let well = try Tool.run(["health", path] + roomy)
        #expect(well.status == 0 && levels(well) == ["open": "ok", "diskFree": "ok"], "\(well.text)")
        // The sample's blocks are of 2023; it was appended just now.
        let old = try Tool.run(["health", path, "--max-tip-age", "60", "--max-append-age", "3600"] + roomy)
        #expect(old.status == 2 && old.error.isEmpty)
        #expect(levels(old)["tipAge"] == "critical" && levels(old)["appendAge"] == "ok")
        #expect(old.objects.first?["level"] as? String == "critical")
        // Older than the limit, and not than twice the limit.
        let age = Date().timeIntervalSince1970 - 1_700_003_000
        let warned = try Tool.run(["health", path, "--max-tip-age", "\(Int(age / 1.5))"] + roomy)
        #expect(warned.status == 1 && levels(warned)["tipAge"] == "warning")
        let full = try Tool.run("health", path, "--min-free-percent", "100", "--json")
        #expect(full.status != 0 && levels(full)["diskFree"] != "ok")
        let text = try Tool.run("health", path, "--min-free-percent", "0")
        #expect(text.status == 0 && text.text.hasSuffix("all in all: ok\n"))
    }

    @Test("a consumer that is behind, or stands where the log does not go, is told by name")
    func consumers() throws {
        let directory = TemporaryDirectory()
        let path = try store(in: directory)
        #expect(try Tool.run("consumers", path, "--set", "search", "start").status == 0)
        let run = try Tool.run(["health", path, "--max-consumer-lag", "5"] + roomy)
        #expect(run.status == 1 && levels(run)["consumerLag"] == "warning")
        #expect(run.text.contains("`search` is 9 commits behind"))
        #expect(try Tool.run(["health", path, "--max-consumer-lag", "4"] + roomy).status == 2)
        #expect(try Tool.run(["health", path, "--max-consumer-lag", "9"] + roomy).status == 0)
    }

    @Test("the report of a verify counts: sound, damaged, old, missing, or something else")
    func verifyReport() throws {
        let directory = TemporaryDirectory()
        let path = try store(in: directory)
        let report = directory.path + "/verify.json"
        func health(_ more: String...) throws -> (Int32, String?) {
            let run = try Tool.run(["health", path, "--verify-report", report] + more + roomy)
            return (run.status, levels(run)["verify"])
        }
        #expect(try health() == (1, "warning"))
        try Data(try Tool.run("verify", path, "--json").text.utf8).write(to: URL(fileURLWithPath: report))
        #expect(try health() == (0, "ok"))
        let twoDaysAgo = Date(timeIntervalSinceNow: -172_800)
        try FileManager.default.setAttributes([.modificationDate: twoDaysAgo], ofItemAtPath: report)
        #expect(try health("--max-verify-age", "100000") == (1, "warning"))
        #expect(try health("--max-verify-age", "1000") == (2, "critical"))
        try Data("{\"sound\":false,\"segments\":1}".utf8).write(to: URL(fileURLWithPath: report))
        #expect(try health() == (2, "critical"))
        try Data("hello".utf8).write(to: URL(fileURLWithPath: report))
        #expect(try health() == (1, "warning"))
    }

    @Test("a store that cannot be opened is critical")
    func unreadable() throws {
        let directory = TemporaryDirectory()
        let run = try Tool.run(["health", directory.path + "/nothing"] + roomy)
        #expect(run.status == 2 && levels(run) == ["open": "critical"])
        let wrong = try Tool.run("health", directory.path, "--max-tip-age", "-1")
        #expect(wrong.status == 64)
    }

    @Test("the numbers for Prometheus are whole, in its format, and hostile names stay inside their quotation marks")
    func prometheus() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        var writer = try Writer.open(at: path, options: Samples.options())
        let name = "a\"b\\c\nd} 1"
        try writer.append(Samples.block(0), events: [Event(model: name, type: "t", payload: [1])])
        try writer.close()
        let file = directory.path + "/ashlar.prom"
        let run = try Tool.run("stats", path, "--prometheus", file)
        #expect(run.status == 0 && run.output.isEmpty)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        for line in lines where !line.hasPrefix("#") {
            #expect(
                line.contains(
                    /^ashlar_[a-z_]+\{store="[^"]+"(,[a-z]+="([^"\\]|\\["\\n])*")?\} (NaN|\+Inf|-?[0-9.e+-]+)$/),
                "\(line)")
        }
        let store = try Store.open(at: path)
        let head = "ashlar_model_events{store=\"\(store.id)\",model=\"a\\\"b\\\\c\\nd} 1\"} 1\n"
        #expect(text.contains(head))
        #expect(text.contains("ashlar_tip_height{store=\"\(store.id)\"} 0\n"))
        #expect(text.contains("# TYPE ashlar_events_total counter\n"))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["ashlar.prom", "store"])
        let refused = try Tool.run("stats", path, "--prometheus", directory.path + "/no/such/place.prom")
        #expect(refused.status == 4 && refused.isOneLineError)
    }

    @Test("--watch goes on until a signal comes")
    func watch() throws {
        let directory = TemporaryDirectory()
        let path = try store(in: directory)
        let file = directory.path + "/ashlar.prom"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Tool.path)
        process.arguments = ["stats", path, "--watch", "0.1", "--prometheus", file]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer { process.terminate() }
        var seen: Set<Date> = []
        for _ in 0..<3_000 where seen.count < 3 {
            if let date = try? FileManager.default.attributesOfItem(atPath: file)[.modificationDate] as? Date {
                seen.insert(date)
            }
            usleep(10_000)
        }
        #expect(seen.count == 3 && process.isRunning)
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        #expect(process.terminationStatus == 130)
    }

    @Test("growth and days to full come from the last commits, unless these came at once")
    func growth() throws {
        let directory = TemporaryDirectory()
        let path = try store(in: directory)
        let store = try Store.open(at: path, horizon: .committed)
        var sample = try StoreSample(path: path, store)
        #expect(sample.growth == nil && sample.disk != nil)
        sample.growth = StoreSample.Growth(bytesPerDay: 1e9, daysToFull: 10)
        var limits = HealthLimits()
        limits.freePercent = 0
        func level() -> HealthLevel? {
            HealthCheck.findings(sample, limits, nil).first { $0.check == "daysToFull" }?.level
        }
        #expect(level() == .warning)
        limits.daysToFull = 5
        #expect(level() == .healthy)
        limits.daysToFull = 21
        #expect(level() == .critical)
    }
}
