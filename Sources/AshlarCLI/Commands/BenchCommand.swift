import ArgumentParser
import Ashlar
import AshlarStorage

/// `ashlar bench`: what this machine does with a workload like yours.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure log, states, snapshots and exports on this machine.",
        discussion: """
            Makes a synthetic store (blocks of events with payloads of random length, made before the clock starts) and measures it. \
            Numbers of one run may be compared with each other; those of different runs differ by what else the machine does.

            EXAMPLES
              ashlar bench append
              ashlar bench append scan open --events 5000000 --rounds 5
              ashlar bench append --durability block --events 200000 --directory /data
              ashlar bench state snapshot rollback follow --entries 1000000
              ashlar bench export --postgres postgres:///scratch
              ashlar bench live --reorgs 3000 --events-per-block 50 --postgres postgres:///scratch

            export stands beside a bare loop that inserts the same rows out of memory, about 400 bytes an event. live has exporters \
            follow a chain of which every fourth block undoes one to three others: how long a block takes from durable in the log to \
            visible in the database, and how much larger than that of a fresh export the database is afterwards.
            """)

    enum Part: String, ExpressibleByArgument, CaseIterable {
        case append, scan, replay, model, derive, open, export
        case live
        case state, rollback, snapshot, follow

        /// Whether it is about the store that `append` makes, not about the one of a state.
        var isOfLog: Bool { [.append, .scan, .replay, .model, .derive, .open, .export].contains(self) }
        /// Whether it is about the store of a state.
        var isOfState: Bool { [.state, .rollback, .snapshot, .follow].contains(self) }
    }

    @Argument(
        help: """
            What to measure: append, scan, replay, model, derive, open, export (append always comes first); live; state, rollback, snapshot, follow. \
            All of them if left out.
            """)
    var parts: [Part] = Part.allCases
    @Option(help: "Events in all.")
    var events = 2_000_000
    @Option(help: "Events in a block.")
    var eventsPerBlock = 200
    @Option(help: "Shortest payload in bytes.")
    var payloadMin = 120
    @Option(help: "Longest payload in bytes.")
    var payloadMax = 280
    @Option(help: "Entries of the state that state, rollback, snapshot and follow are about.")
    var entries = 1_000_000
    @Option(help: "Reorganisations of the chain that live is about.")
    var reorgs = 500
    @Option(help: "Blocks that live appends in a second.")
    var blocksPerSecond = 100
    @Flag(help: "In live, delete the rows of undone blocks.")
    var pruneUndone = false
    @Option(help: "Number of models.")
    var models = 8
    @Option(help: "Number of event types.")
    var types = 16
    @Option(help: "none, lz4 or zlib; by default none for the log and lz4 for snapshots.")
    var compression: String?
    @Option(help: "manual (no sync inside the clock), block or interval.")
    var durability = "manual"
    @Option(help: "Size at which a segment is sealed, in bytes.")
    var segmentBytes = 256 << 20
    @Option(help: "How often each part is measured.")
    var rounds = 3
    @Option(help: "A PostgreSQL database to export into as well, in a schema that is dropped afterwards.")
    var postgres: String?
    @Option(help: "Seed of the workload.")
    var seed: UInt64 = 1
    @Option(help: "Where to make the store; it is removed afterwards.")
    var directory = "."
    @Flag(help: "Print JSON.")
    var json = false

    mutating func validate() throws {
        guard events > 0, entries > 0, reorgs > 0, blocksPerSecond > 0, eventsPerBlock > 0, (1...100).contains(rounds),
            models > 0, types > 0
        else {
            throw ValidationError("counts must be greater than 0, rounds at most 100")
        }
        guard payloadMin >= 16, payloadMin <= payloadMax else {
            throw ValidationError("payloads need at least 16 bytes, and --payload-min must not exceed --payload-max")
        }
        guard compression == nil || chosenCompression != nil else {
            throw ValidationError("--compression is none, lz4 or zlib")
        }
        guard ["manual", "block", "interval"].contains(durability) else {
            throw ValidationError("--durability is manual, block or interval")
        }
    }

    func run() throws {
        let folder = directory + "/ashlar-bench-\(SystemCalls.processID())"
        _ = try FileStorage.create(path: folder)
        defer { try? FileStorage.removeDirectory(folder) }
        var results: [Measurement] = []
        if parts.contains(where: \.isOfLog) { results += try measureLog(in: folder) }
        if parts.contains(.live) { results += try measureLive(in: folder) }
        if parts.contains(where: \.isOfState) { results += try measureState(in: folder) }
        print(json ? Self.json(results) : Self.table(results))
    }

    private func measureLog(in folder: String) throws -> [Measurement] {
        var options = WriterOptions()
        options.segmentBytes = segmentBytes
        options.compression = chosenCompression ?? .none
        options.durability = ["manual": .manual, "block": .everyBlock, "interval": .standard][durability] ?? .manual
        if options.durability == .manual { options.maxUnsyncedBytes = .max }
        let bench = Benchmarks(workload: workload, options: options, directory: folder, rounds: rounds)
        defer { try? bench.cleanUp() }
        var results = [try bench.append()]
        if parts.contains(.scan) { results.append(try bench.scan()) }
        if parts.contains(.replay) { results.append(try bench.replay()) }
        if parts.contains(.model) { results.append(try bench.model()) }
        if parts.contains(.derive) { results += try bench.derive() }
        if parts.contains(.export) { results += try bench.exportSQLite() }
        if parts.contains(.export), let postgres { results += try bench.exportPostgres(postgres) }
        if parts.contains(.open) { results += try bench.open() }
        return results
    }

    private var workload: Workload {
        Workload(
            Workload.Shape(
                blocks: max(1, events / eventsPerBlock), eventsPerBlock: eventsPerBlock,
                payloadBytes: payloadMin...payloadMax, models: models, types: types, seed: seed))
    }

    private func measureLive(in folder: String) throws -> [Measurement] {
        let bench = LiveBenchmarks(
            workload: workload, directory: folder, reorgs: reorgs, blocksPerSecond: blocksPerSecond,
            keepsUndone: !pruneUndone)
        return try bench.sqlite() + (postgres.map { try bench.postgres($0) } ?? [])
    }

    private func measureState(in folder: String) throws -> [Measurement] {
        // A log is not compressed unless told to, a snapshot is.
        let bench = StateBenchmarks(
            entries: entries, directory: folder, rounds: rounds, compression: chosenCompression ?? .lz4)
        defer { try? bench.cleanUp() }
        try bench.prepare()
        var results: [Measurement] = []
        if parts.contains(.follow) { results.append(try bench.follow()) }
        if parts.contains(.state) { results.append(try bench.state()) }
        if parts.contains(.snapshot) { results += try bench.snapshot() }
        if parts.contains(.rollback) { results += try bench.rollback() }
        if parts.contains(.follow) { results.append(try bench.followLive()) }
        return results
    }

    private var chosenCompression: Compression? {
        compression.flatMap { ["none": .none, "lz4": .lz4, "zlib": .zlib][$0] }
    }

    private static func table(_ results: [Measurement]) -> String {
        var lines = ["measured            median ms     M events/s          MB/s   min–max ms"]
        for result in results {
            let range = "\(fixed(result.sorted.first ?? 0, 1_000, 2))–\(fixed(result.sorted.last ?? 0, 1_000, 2))"
            lines.append(
                result.name.padded(16) + fixed(result.median, 1_000, 2).leading(13)
                    + fixed(result.eventsPerSecond, 1e-6, 2).leading(15)
                    + fixed(result.megabytesPerSecond, 1, 0).leading(14)
                    + "   " + range + (result.spread > 1.3 ? "  (spread: other programs used the machine)" : ""))
            for fact in result.facts { lines.append("  " + fact.name.padded(20) + fixed(fact.value, 1, 2)) }
        }
        return lines.joined(separator: "\n")
    }

    private static func json(_ results: [Measurement]) -> String {
        let rows = results.map { result in
            let facts = result.facts.map { ",\"\($0.name)\":\(fixed($0.value, 1, 2))" }.joined()
            let seconds = result.seconds.map { fixed($0, 1, 6) }.joined(separator: ",")
            return
                "{\"name\":\"\(result.name)\",\"events\":\(result.events),\"bytes\":\(result.bytes),\"seconds\":[\(seconds)],"
                + "\"eventsPerSecond\":\(fixed(result.eventsPerSecond, 1, 0)),\"megabytesPerSecond\":"
                + "\(fixed(result.megabytesPerSecond, 1, 1))\(facts)}"
        }
        return "[" + rows.joined(separator: ",\n ") + "]"
    }

    /// `value` × `scale` with that many digits behind the point, without Foundation.
    private static func fixed(_ value: Double, _ scale: Double, _ digits: Int) -> String {
        let factor = (0..<digits).reduce(1.0) { result, _ in result * 10 }
        let rounded = Int64((value * scale * factor).rounded())
        guard digits > 0 else { return "\(rounded)" }
        let fraction = String(rounded % Int64(factor))
        return "\(rounded / Int64(factor))." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
    fileprivate func leading(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
