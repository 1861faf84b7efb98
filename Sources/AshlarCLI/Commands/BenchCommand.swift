import ArgumentParser
import Ashlar
import AshlarStorage
import Glibc

/// `ashlar bench`: what this machine does with a workload like yours.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure log, states, snapshots and exports on this machine.",
        discussion: """
            Makes a synthetic store (blocks of events with JSON-like payloads, made before the clock starts) and measures it; or, with \
            --store, reads a store of yours and changes nothing in it. Numbers of one run may be compared with each other; those of \
            different runs differ by what else the machine does. Everything that was just written is in memory while it is read.

            EXAMPLES
              ashlar bench
              ashlar bench append scan --events 5000000 --payload lognormal:300 --rounds 5
              ashlar bench append --durability await --blocks 2000 --directory /data
              ashlar bench --store chain --threads 2 --plot chain.svg
              ashlar bench state snapshot rollback follow --entries 1000000
              ashlar bench export --postgres postgres:///scratch
              ashlar bench live --reorgs 3000 --events-per-block 50 --postgres postgres:///scratch

            PARTS
              append    blocks into a new store; always comes first. One at a time: a block, with --durability await until it is durable
              scan      every event in order, with one thread, and with --threads
              read      blocks at random heights; one at a time: a whole block
              replay    every event into a trivial model
              model     one model's events
              derive    the store written anew, whole and with one model dropped
              export    into SQLite, and PostgreSQL with --postgres, each beside a bare loop that inserts the same rows out of memory
              open      until the highest block is there: after a clean close; after a kill behind the last append (`killed`: all that is \
            valid, for reading; `killed rw`: for writing, which first puts the end in order); and with all footers lost
              live      exporters that follow a chain of which every fourth block undoes one to three others: from durable in the log to \
            visible in the database, and how much larger than that of a fresh export the database is afterwards
              state, rollback, snapshot, follow: a state of --entries entries: folded, undone by blocks, written and loaded; its log followed
              all       all of them
            """)

    enum Part: String, ExpressibleByArgument, CaseIterable {
        case append, scan, read, replay, model, derive, export, open
        case live
        case state, rollback, snapshot, follow
        case all
    }

    @Argument(
        help: ArgumentHelp(
            "What to measure. (default: append scan read model open; with --store: scan read model open)",
            valueName: "part"))
    var parts: [Part] = []
    @Option(
        help: ArgumentHelp(
            "Read this store instead of making one: scan, read, replay, model, open.", valueName: "directory"))
    var store: String?
    @OptionGroup(title: "Workload") var workload: WorkloadOptions
    @OptionGroup(title: "Store") var storeOptions: BenchStoreOptions
    @OptionGroup(title: "Parts") var details: BenchDetails
    @Option(help: "How often each part is measured.")
    var rounds = 3
    @Option(help: "Where to make the stores; they are removed afterwards.")
    var directory = "."
    @Option(help: ArgumentHelp("Draw the results into this SVG.", valueName: "file"))
    var plot: String?
    @Flag(help: "Print JSON.")
    var json = false

    /// The parts asked for, without `all`.
    var chosen: Set<Part> {
        if parts.isEmpty {
            return store == nil ? [.append, .scan, .read, .model, .open] : [.scan, .read, .model, .open]
        }
        if parts.contains(.all) { return store == nil ? Set(Part.allCases).subtracting([.all]) : BenchRun.readingParts }
        return Set(parts)
    }

    mutating func validate() throws {
        guard (1...100).contains(rounds) else { throw ValidationError("--rounds is 1 to 100") }
        guard store != nil else { return }
        if let part = parts.first(where: { $0 != .all && !BenchRun.readingParts.contains($0) }) {
            throw ValidationError(
                "--store only reads: `\(part)` would write; choose among scan, read, replay, model and open")
        }
    }

    func run() throws {
        let picture = try plot.map { try PlotFile($0, store: store) }
        let report = try store.map(measure(store:)) ?? measureSynthetic()
        var output = Output(descriptor: STDOUT_FILENO)
        if json { report.json(&output) } else { report.text(&output) }
        try output.finish()
        try picture?.write(BenchPlot(report).svg())
    }

    /// Measures a user's store; no file or folder is made anywhere.
    private func measure(store: String) throws -> BenchReport {
        let statistics = try Store.open(at: store).statistics()
        guard statistics.canonicalBlocks > 0 else {
            throw CommandError.refused(
                code: "emptyStore", message: "\(store) holds no blocks yet; there is nothing to measure")
        }
        var run = BenchRun(command: self)
        try run.read(store)
        return BenchReport(
            machine: Machine(directory: store),
            workload: [
                ("store", .text(store)), ("blocks", .number(Double(statistics.canonicalBlocks))),
                ("events", .number(Double(statistics.canonicalEvents))),
                ("segments", .number(Double(statistics.segments))),
                ("bytes", .number(Double(statistics.bytes))), ("threads", .number(Double(details.threads))),
                ("lookups", .number(Double(details.lookups))), ("rounds", .number(Double(rounds))),
            ], results: run.results)
    }

    private func measureSynthetic() throws -> BenchReport {
        let folder = directory + "/ashlar-bench-\(SystemCalls.processID())"
        _ = try FileStorage.create(path: folder)
        defer { try? FileStorage.removeDirectory(folder) }
        let machine = Machine(directory: folder)
        var run = BenchRun(command: self)
        try run.make(in: folder)
        let shape = workload.shape
        return BenchReport(
            machine: machine,
            workload: [
                ("blocks", .number(Double(shape.blocks))), ("eventsPerBlock", .number(Double(shape.eventsPerBlock))),
                ("payload", .text(shape.payloads.description)), ("models", .number(Double(shape.models))),
                ("types", .number(Double(shape.types))),
                ("compression", .text(storeOptions.compression?.rawValue ?? "none")),
                ("durability", .text(storeOptions.durability.rawValue)),
                ("segmentBytes", .number(Double(storeOptions.segmentBytes.bytes))),
                ("threads", .number(Double(details.threads))), ("lookups", .number(Double(details.lookups))),
                ("entries", .number(Double(details.entries))), ("rounds", .number(Double(rounds))),
                ("seed", .number(Double(shape.seed))),
            ], results: run.results)
    }
}

/// What single parts of `ashlar bench` take.
struct BenchDetails: ParsableArguments {
    @Option(help: "Threads of scan (beside one) and read.")
    var threads = 1
    @Option(help: "Blocks that read takes in a round.")
    var lookups = 20_000
    @Option(help: "With --store, the model that model reads. (default: the one with the most events)")
    var model: String?
    @Option(help: "Entries of the state that state, rollback, snapshot and follow are about.")
    var entries = 1_000_000
    @Option(help: "Reorganisations of the chain that live is about.")
    var reorgs = 500
    @Option(help: "Blocks that live appends in a second.")
    var blocksPerSecond = 100
    @Flag(help: "In live, delete the rows of undone blocks.")
    var pruneUndone = false
    @Option(help: "For export and live, a PostgreSQL database too, in a schema that is dropped afterwards.")
    var postgres: String?

    func validate() throws {
        guard (1...256).contains(threads) else { throw ValidationError("--threads is 1 to 256") }
        guard [lookups, entries, reorgs, blocksPerSecond].allSatisfy({ $0 > 0 }) else {
            throw ValidationError("counts must be greater than 0")
        }
    }
}
