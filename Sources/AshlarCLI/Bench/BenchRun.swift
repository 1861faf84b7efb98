import Ashlar
import AshlarStorage

/// Carries out the parts of `ashlar bench`, in the order that lets each find what it reads.
struct BenchRun {
    /// What can be measured of a user's store without writing to it.
    static let readingParts: Set<BenchCommand.Part> = [.scan, .read, .replay, .model, .open]
    private static let logParts: Set<BenchCommand.Part> = readingParts.union([.append, .derive, .export])
    private static let stateParts: Set<BenchCommand.Part> = [.state, .rollback, .snapshot, .follow]

    let command: BenchCommand
    private(set) var results: [Measurement] = []

    init(command: BenchCommand) { self.command = command }

    private var parts: Set<BenchCommand.Part> { command.chosen }

    /// Measures a store that is there.
    mutating func read(_ path: String) throws {
        try measureReading(of: path, model: command.details.model)
        let bench = reading(path)
        if parts.contains(.open) { try measure { [try bench.openClean()] } }
    }

    /// Makes stores in a folder, measures them and removes them.
    mutating func make(in folder: String) throws {
        if !parts.isDisjoint(with: Self.logParts) { try measureLog(in: folder) }
        if parts.contains(.live) { try measureLive(in: folder) }
        if !parts.isDisjoint(with: Self.stateParts) { try measureState(in: folder) }
    }

    /// Measures one part, and what other programs did meanwhile, unless a server did some of the work.
    private mutating func measure(withServer: Bool = false, _ part: () throws -> [Measurement]) throws {
        let (before, start) = (ProcessorTime.now(), SystemCalls.monotonicNanoseconds())
        var found = try part()
        let seconds = Double(SystemCalls.monotonicNanoseconds() - start) / 1e9
        let others = ProcessorTime.now().others(since: before) / max(seconds, 1e-3)
        for index in found.indices where !withServer { found[index].otherCores = others }
        results += found
    }

    private func reading(_ path: String, model: String? = nil) -> ReadBenchmarks {
        ReadBenchmarks(
            path: path, rounds: command.rounds, threads: command.details.threads, lookups: command.details.lookups,
            seed: command.workload.seed, modelName: model)
    }

    private mutating func measureReading(of path: String, model: String?) throws {
        let bench = reading(path, model: model)
        if parts.contains(.scan) { try measure { try bench.scan() } }
        if parts.contains(.read) { try measure { [try bench.read()] } }
        if parts.contains(.replay) { try measure { [try bench.replay()] } }
        if parts.contains(.model) { try measure { [try bench.model()] } }
    }

    private mutating func measureLog(in folder: String) throws {
        let bench = Benchmarks(
            workload: Workload(command.workload.shape), options: command.storeOptions.writer,
            awaitsEveryBlock: command.storeOptions.durability == .await, directory: folder, rounds: command.rounds,
            keepsKilled: parts.contains(.open))
        defer { bench.cleanUp() }
        try measure { [try bench.append()] }
        try measureReading(of: bench.path, model: nil)
        if parts.contains(.derive) { try measure { try bench.derive() } }
        if parts.contains(.export) { try measure { try bench.exportSQLite() } }
        if parts.contains(.export), let postgres = command.details.postgres {
            try measure(withServer: true) { try bench.exportPostgres(postgres) }
        }
        if parts.contains(.open) { try measure { try bench.open() } }
    }

    private mutating func measureLive(in folder: String) throws {
        let details = command.details
        let bench = LiveBenchmarks(
            workload: Workload(command.workload.shape), directory: folder, reorgs: details.reorgs,
            blocksPerSecond: details.blocksPerSecond, keepsUndone: !details.pruneUndone)
        try measure { try bench.sqlite() }
        if let postgres = details.postgres { try measure(withServer: true) { try bench.postgres(postgres) } }
    }

    private mutating func measureState(in folder: String) throws {
        // A log is not compressed unless told to, a snapshot is.
        let bench = StateBenchmarks(
            entries: command.details.entries, directory: folder, rounds: command.rounds,
            compression: command.storeOptions.compression?.compression ?? .lz4)
        defer { try? bench.cleanUp() }
        try bench.prepare()
        if parts.contains(.follow) { try measure { [try bench.follow()] } }
        if parts.contains(.state) { try measure { [try bench.state()] } }
        if parts.contains(.snapshot) { try measure { try bench.snapshot() } }
        if parts.contains(.rollback) { try measure { try bench.rollback() } }
        if parts.contains(.follow) { try measure { [try bench.followLive()] } }
    }
}
