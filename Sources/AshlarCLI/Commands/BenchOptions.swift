import ArgumentParser
import Ashlar

/// The synthetic workload of `ashlar bench`.
struct WorkloadOptions: ParsableArguments {
    @Option(help: "Events in all. (default: 2000000)")
    var events: Int?
    @Option(help: "Blocks; instead of --events.")
    var blocks: Int?
    @Option(help: "Events in a block.")
    var eventsPerBlock = 200
    @Option(
        help: ArgumentHelp(
            "Bytes of a payload: 200, 120..280 (each length equally often), lognormal:200 or lognormal:200:0.8 (a median, and how widely "
                + "the logarithms spread), or recorded (as in eleven blocks of Ethereum: 124 to 5578, half of them up to 528).",
            valueName: "bytes"), transform: PayloadSizes.parse)
    var payload = PayloadSizes.uniform(120...280)
    @Option(help: "Number of models.")
    var models = 8
    @Option(help: "Number of event types.")
    var types = 16
    @Option(help: "Seed of the workload: the same one makes the same events.")
    var seed: UInt64 = 1

    var shape: Workload.Shape {
        Workload.Shape(
            blocks: blocks ?? max(1, (events ?? 2_000_000) / eventsPerBlock), eventsPerBlock: eventsPerBlock,
            payloads: payload, models: models, types: types, seed: seed)
    }

    func validate() throws {
        guard events == nil || blocks == nil else { throw ValidationError("give --events or --blocks, not both") }
        let counts = [events ?? 1, blocks ?? 1, eventsPerBlock, models, types]
        guard counts.allSatisfy({ $0 > 0 }) else { throw ValidationError("counts must be greater than 0") }
        // Ids of types have 28 bits, but names of that many would not fit into a commit.
        guard models <= 65_536, types <= 65_536 else { throw ValidationError("--models and --types are at most 65536") }
    }
}

/// How `ashlar bench` writes its store.
struct BenchStoreOptions: ParsableArguments {
    enum Sync: String, CaseIterable, ExpressibleByArgument {
        case manual, block, interval
        case await
    }

    enum Codec: String, CaseIterable, ExpressibleByArgument {
        case none, lz4, zlib

        var compression: Compression {
            switch self {
            case .none: .none
            case .lz4: .lz4
            case .zlib: .zlib
            }
        }
    }

    @Option(help: "How bodies are compressed. (default: none for the log, lz4 for snapshots)")
    var compression: Codec?
    @Option(
        help: ArgumentHelp(
            "manual (no sync inside the clock), block (a sync is begun for each block), await (each block is durable before the next one "
                + "comes) or interval (every 100 ms or 16 MiB)."))
    var durability = Sync.manual
    @Option(
        help: ArgumentHelp("Size at which a segment is sealed, such as 64MiB.", valueName: "size"),
        transform: ByteSize.parse)
    var segmentBytes = ByteSize(bytes: 256 << 20)

    var writer: WriterOptions {
        var options = WriterOptions()
        options.segmentBytes = segmentBytes.bytes
        options.compression = compression?.compression ?? .none
        options.maxPayloadBytes = max(options.maxPayloadBytes, PayloadSizes.longest)
        switch durability {
        case .manual, .await:
            options.durability = .manual
            options.maxUnsyncedBytes = .max
        case .block: options.durability = .everyBlock
        case .interval: options.durability = .standard
        }
        return options
    }

    func validate() throws {
        guard segmentBytes.bytes > 0 else { throw ValidationError("--segment-bytes must be greater than 0") }
    }
}
