import AshlarExport
import AshlarPostgres
import AshlarTestSupport
import Foundation
import Testing

/// What `ashlar bench --json` said.
struct BenchRun {
    let machine: [String: Any]
    let workload: [String: Any]
    let rows: [[String: Any]]
    let warnings: [String]

    var names: [String] { rows.compactMap { $0["name"] as? String } }

    /// Runs it on a few events, in a directory of its own unless the arguments name one.
    init(_ arguments: String...) throws { try self.init(arguments) }

    init(_ arguments: [String]) throws {
        let run = try Tool.run(["bench"] + arguments + ["--json"])
        try #require(run.status == 0 && run.error.isEmpty, "\(run.status) \(run.error)")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(run.text.utf8)) as? [String: Any])
        machine = try #require(report["machine"] as? [String: Any])
        workload = try #require(report["workload"] as? [String: Any])
        rows = try #require(report["results"] as? [[String: Any]])
        warnings = try #require(report["warnings"] as? [String])
    }

    subscript(name: String) -> [String: Any] { rows.first { $0["name"] as? String == name } ?? [:] }

    /// A number of a measurement.
    func number(_ name: String, _ member: String) -> Double? { (self[name][member] as? NSNumber)?.doubleValue }

    /// The percentiles of a measurement, as they stand: ascending if they are right.
    func latencies(_ name: String) -> (count: Int, times: [Int])? {
        guard let found = self[name]["latencyNanoseconds"] as? [String: Int], let count = found["count"] else {
            return nil
        }
        return (count, ["p50", "p90", "p99", "p999", "max"].compactMap { found[$0] })
    }
}

@Suite("bench")
struct BenchCommandTests {
    private static func isEmpty(_ directory: String) throws -> Bool {
        try !FileManager.default.contentsOfDirectory(atPath: directory).contains { $0.hasPrefix("ashlar-bench") }
    }

    @Test("append, scan, read, model and open are measured by default, with machine, options and percentiles")
    func log() throws {
        let directory = TemporaryDirectory()
        let run = try BenchRun(
            "--blocks", "60", "--events-per-block", "20", "--payload", "100", "--rounds", "2",
            "--threads", "2", "--lookups", "50", "--models", "3", "--segment-bytes", "32KiB", "--directory",
            directory.path)
        #expect(
            run.names == [
                "append", "scan", "scan 2 threads", "read", "model", "open clean", "open killed", "open killed rw",
                "open no footers",
            ])
        #expect(run["append"]["events"] as? Int == 1_200 && run["append"]["bytes"] as? Int == 120_000)
        for scan in ["scan", "scan 2 threads"] {
            #expect(run[scan]["events"] as? Int == 1_200 && run[scan]["bytes"] as? Int == 120_000, "\(scan)")
        }
        #expect(run["read"]["events"] as? Int == 50 * 20 && run["read"]["bytes"] as? Int == 50 * 20 * 100)
        #expect(try #require(run["model"]["events"] as? Int) > 300)
        for (name, count) in [("append", 2 * 60), ("read", 2 * 50)] {
            let found = try #require(run.latencies(name))
            #expect(found.count == count && found.times.count == 5, "\(name): \(found)")
            #expect(found.times == found.times.sorted() && found.times[0] > 0, "\(name): \(found)")
        }
        for row in run.rows {
            let times = try ["minSeconds", "medianSeconds", "maxSeconds"].map { try #require(row[$0] as? Double) }
            #expect(times == times.sorted() && (row["seconds"] as? [Double])?.count == 2, "\(row)")
            #expect(row["otherCores"] is NSNumber && row["warnings"] is [String])
        }
        for fact in ["processor", "fileSystem", "kernel", "ashlar", "swift", "build"] {
            #expect((run.machine[fact] as? String)?.isEmpty == false, "\(fact)")
        }
        #expect(run.machine["cores"] as? Int ?? 0 > 0 && run.machine["memoryBytes"] as? Int ?? 0 > 1 << 20)
        #expect(run.workload["payload"] as? String == "100" && run.workload["blocks"] as? Int == 60)
        #expect(try Self.isEmpty(directory.path))
    }

    @Test(
        "what a kill leaves is unproven as far as nothing was synced, and all of it is there; so it is without footers")
    func open() throws {
        let directory = TemporaryDirectory()
        let arguments = ["--blocks", "40", "--events-per-block", "10", "--rounds", "1", "--segment-bytes", "16KiB"]
        func run(_ durability: String) throws -> BenchRun {
            let all = ["open", "--durability", durability, "--directory", directory.path] + arguments
            return try BenchRun(all)
        }
        let (manual, awaited) = (try run("manual"), try run("await"))
        #expect(manual.names == ["append", "open clean", "open killed", "open killed rw", "open no footers"])
        for opened in ["open clean", "open killed", "open no footers"] {
            #expect(manual[opened]["events"] as? Int == 400 && manual.number(opened, "tipHeight") == 39, "\(opened)")
        }
        // Full segments are synced by themselves; the last one is not.
        let unproven = try #require(manual.number("open killed", "unprovenCommits"))
        #expect(unproven > 0 && unproven < 40)
        #expect(awaited.number("open killed", "unprovenCommits") == 0)
        let segments = try #require(manual.number("open clean", "segments"))
        #expect(segments > 3 && manual.number("open no footers", "footersRemoved") == segments - 1)
    }

    @Test("payloads have the lengths that were asked for")
    func payloads() throws {
        let directory = TemporaryDirectory()
        func perEvent(_ payload: String) throws -> Double {
            let run = try BenchRun(
                "append", "--payload", payload, "--blocks", "20", "--events-per-block", "100", "--rounds", "1",
                "--directory",
                directory.path)
            return try #require(run.number("append", "payloadPerEvent"))
        }
        #expect(try perEvent("77") == 77)
        #expect(abs(try perEvent("100..300") - 200) < 10)
        // The mean of a log-normal distribution lies above its median: 100 · e^(σ²/2).
        #expect(abs(try perEvent("lognormal:100:0.5") - 113.3) < 10)
        #expect(abs(try perEvent("recorded") - 454.5) < 30)
    }

    @Test("an export is measured beside a bare loop, and nothing is left behind")
    func export() throws {
        let directory = TemporaryDirectory()
        let run = try BenchRun(
            "export", "--events", "400", "--events-per-block", "20", "--rounds", "1", "--directory", directory.path)
        #expect(run.names == ["append", "export sqlite", "bare sqlite"])
        #expect(run.rows.allSatisfy { $0["events"] as? Int == 400 })
        #expect(run.number("export sqlite", "ratio") != nil && run.number("export sqlite", "indexSeconds") != nil)
        #expect(try Self.isEmpty(directory.path))
    }

    @Test("exporters that follow a reorg storm are measured in both databases, and nothing is left behind")
    func live() throws {
        let directory = TemporaryDirectory()
        let server = try PostgresServer()
        let run = try BenchRun(
            "live", "--reorgs", "6", "--events-per-block", "3", "--events", "30", "--blocks-per-second", "200",
            "--postgres", server.url, "--directory", directory.path)
        #expect(run.names == ["live sqlite", "bloat sqlite", "live postgres", "bloat postgres"])
        for late in ["live sqlite", "live postgres"] {
            #expect(run.number(late, "reorgs") == 6 && run.number(late, "blocks") == 24, "\(run[late])")
            #expect(run.number(late, "undoneBlocks") ?? 0 >= 6)
            let times = ["p50Milliseconds", "p99Milliseconds", "maxMilliseconds"].map { run.number(late, $0) ?? -1 }
            #expect(times == times.sorted() && times[0] > 0, "\(times)")
            #expect(run.latencies(late)?.count == 23)
        }
        for size in ["bloat sqlite", "bloat postgres"] {
            #expect(run.number(size, "freshBytes") ?? 0 > 0 && run.number(size, "liveToFresh") ?? 0 > 0.5, "\(size)")
        }
        // A server that works is no stranger that disturbs.
        #expect(run["live postgres"]["otherCores"] is NSNull)
        #expect(try Self.isEmpty(directory.path))
        let schemas = try PostgresTarget(server.url).value(
            "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'ashlar_bench%'")
        #expect(schemas == .integer(0))
    }

    @Test("all measures every part")
    func all() throws {
        let directory = TemporaryDirectory()
        let run = try BenchRun(
            "all", "--events", "400", "--events-per-block", "20", "--entries", "3000", "--reorgs", "2", "--rounds", "1",
            "--lookups", "20", "--blocks-per-second", "1000", "--directory", directory.path)
        let expected = [
            "append", "scan", "read", "replay", "model", "derive all", "derive less", "export sqlite", "bare sqlite",
            "open clean", "open killed", "open killed rw", "open no footers", "live sqlite", "bloat sqlite", "follow",
            "state",
            "snapshot write", "snapshot load", "LZ4 compress", "LZ4 expand", "rollback 1", "rollback 10",
            "rollback 100",
            "follow live",
        ]
        #expect(run.names == expected)
        #expect(run.latencies("follow live")?.count == 50)
        #expect(try Self.isEmpty(directory.path))
    }

    @Test("for people, a table with machine, workload and warnings at its foot")
    func table() throws {
        let directory = TemporaryDirectory()
        let run = try Tool.run(
            "bench", "append", "read", "--events", "400", "--lookups", "10", "--directory", directory.path)
        #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
        #expect(run.lines[0].split(separator: " ").first == "measured" && run.lines[1].hasPrefix("append "))
        for start in [
            "machine: ", "workload: blocks 2, eventsPerBlock 200, payload 120..280", "append: bytesPerEvent ",
        ] {
            #expect(run.lines.contains { $0.hasPrefix(start) }, "\(start)")
        }
        #expect(run.text.contains("p99.9"))
    }

    @Test(
        "what cannot be measured is refused in one line that says what can",
        arguments: [
            (["--payload", "0"], "such as 200, 120..280"), (["--payload", "9..3"], "such as"),
            (["--payload", "lognormal:200:9"], "such as"), (["--events", "3", "--blocks", "4"], "not both"),
            (["--threads", "0"], "--threads is 1 to 256"), (["--rounds", "0"], "--rounds is 1 to 100"),
            (["--segment-bytes", "x"], "such as 1000000, 256MiB or 2TB"),
            (["append", "--store", "/tmp"], "choose among scan, read, replay, model and open"),
        ])
    func refusals(_ arguments: [String], _ words: String) throws {
        let run = try Tool.run(["bench"] + arguments)
        #expect(run.status == 64 && run.isOneLineError && run.error.contains(words), "\(run.error)")
    }
}
