import ArgumentParser
import Foundation

/// `bench-runner run`: measures, and writes what was measured.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measure, and write JSON, Markdown and SVG.",
        discussion: """
            EXAMPLES
              bench-runner run --programs .build/peers
              bench-runner run --programs .build/peers --events 400000 --rounds 3 --peers ashlar --peers raw
              bench-runner run --programs .build/peers --workloads append --workloads scan

            Give it a quiet machine and a directory on the disk in question. By default it takes an hour or two and some 25 GB there.
            """)

    @Option(help: "A directory with drivers; the runner's own is searched too.")
    var programs: [String] = []
    @Option(help: "Where to make the stores; everything made is removed.")
    var directory = ".build/bench-stores"
    @Option(help: "Where the results go.")
    var output = "Benchmarks/results"
    @Option(help: "Name of the results; the date by default.")
    var name: String?
    @Option(help: "Only peers whose names begin like this; may be repeated.")
    var peers: [String] = []
    @Option(help: "Only these workloads; may be repeated.")
    var workloads: [String] = []
    @Option(help: "Events in all.")
    var events = Settings().events
    @Option(help: "Events in a block.")
    var eventsPerBlock = Settings().eventsPerBlock
    @Option(help: "Bytes of payload in an event.")
    var payloadBytes = Settings().payloadBytes
    @Option(help: "Blocks that are appended durably, one sync each.")
    var durableBlocks = Settings().durableBlocks
    @Option(help: "Random blocks that are read.")
    var lookups = Settings().lookups
    @Option(help: "Rounds; nine give an interval of 96 %.")
    var rounds = Settings().rounds
    @Option(help: "Rounds in which the slowest peers take part.")
    var slowRounds = Settings().slowRounds
    @Option(help: "Seed of the payloads.")
    var seed = Settings().seed
    @Option(help: "Seconds after which a driver is killed.")
    var timeout = 3_600

    mutating func validate() throws {
        guard events > 0, eventsPerBlock > 0, (8...1_000_000).contains(payloadBytes), durableBlocks > 0, lookups > 0,
            (1...1_000).contains(rounds), slowRounds >= 0, timeout > 0, seed >= 0
        else { throw ValidationError("counts must be greater than 0, and payloads have at least 8 bytes") }
        for workload in workloads where Workload(rawValue: workload) == nil {
            let known = Workload.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("there is no workload \(workload); there are \(known)")
        }
    }

    func run() throws {
        let chosen = Peer.all.filter { peer in peers.isEmpty || peers.contains { peer.name.hasPrefix($0) } }
        guard !chosen.isEmpty else { throw ValidationError("there is no such peer") }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
        // A server that runs as another user has to reach it.
        let stores = URL(fileURLWithPath: directory).path
        let own = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
        let executor = Executor(programs: programs + [own], settings: settings, timeoutSeconds: timeout)
        let isTerminal = isatty(2) == 1
        var all = Rounds(
            executor, peers: chosen,
            workloads: workloads.isEmpty ? Set(Workload.allCases) : Set(workloads.compactMap(Workload.init)),
            directory: stores,
            progress: {
                if isTerminal || $0.hasPrefix("FAILED") { FileHandle.standardError.write(Data(($0 + "\n").utf8)) }
            })
        try all.run()
        let results = Results(
            date: Self.today(), machine: Machine.facts(directory: stores), settings: settings, runs: all.runs,
            failures: all.failures)
        let path = output + "/" + (name ?? results.date)
        try results.save(path + ".json")
        try Report(results).write(path)
        print("wrote \(path).json, .md and .svg")
        if !all.failures.isEmpty { throw ExitCode(1) }
    }

    private var settings: Settings {
        Settings(
            events: events, eventsPerBlock: eventsPerBlock, payloadBytes: payloadBytes, durableBlocks: durableBlocks,
            lookups: lookups, seed: seed, rounds: rounds, slowRounds: min(slowRounds, rounds))
    }

    private static func today() -> String {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withFullDate]
        return formatter.string(from: Date())
    }
}
