import ArgumentParser
import Ashlar

/// `ashlar plan`: how large a store becomes, and when the disk is full.
struct PlanCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Tell how large a store becomes, and when the disk is full.",
        discussion: """
            EXAMPLES
              ashlar plan --events-per-block 6000 --bytes-per-event 200 --blocks-per-day 144 --disk 2TB
              ashlar plan --events-per-block 600 --bytes-per-event 450 --blocks-per-day 7200 --compression-ratio 1.3 \
            --state-bytes 40GB --disk 4TB --json
              ashlar plan --store chain --disk 500GB

            With --store, what is not given is taken from that store: events and bytes of its blocks (what was undone included), its models, \
            snapshots, and the blocks a day between the times of its first and last block. It is only read.

            HOW IT IS RECKONED
              a block      104 (header) + 8 + 24 + 2 × hash, padded to 8 + 8 + 24 × sections (directory) + 16 × events (heads) + payloads ÷ \
            compression ratio + 3.5 (padding on average); compressed, 12 × sections + 3.5 more. sections = models × (1 − (1 − 1 ÷ models)^events)
              a segment    528 + 24 for each model and type in it (if names have up to 8 bytes), then as many blocks as fit into \
            --segment-bytes, then a footer of 544 + 12 × blocks + 56 × models + 24 × types
              snapshots    --state-bytes ÷ --snapshot-ratio, for those kept and one that is being written
              the index    8 bytes a block, in chunks of 8,192 blocks; twice that where heights are skipped
              opening      0.15 ms + 0.04 ms a segment + 5 ns a block, footers in memory; for writing after a kill, at most 1.2 ms more for each MB \
            of the last segment. Measured on one machine: `ashlar bench open` tells what yours does
              days to full what the disk leaves beside the snapshots and the store's bytes so far, by the bytes of a day. A year has 365 days

            Events with times or request ids of their own take 8 bytes, or 1 + its length, more. Undone blocks stay in the log: where one block in a \
            hundred is undone, give one more block in a hundred a day.
            """)

    @Option(help: "Events in a block.")
    var eventsPerBlock: Double?
    @Option(help: "Bytes of an event's payload.")
    var bytesPerEvent: Double?
    @Option(help: "Blocks a day: Bitcoin has 144, Ethereum 7200.")
    var blocksPerDay: Double?
    @Option(help: "Number of models. (default: 8)")
    var models: Int?
    @Option(help: "Number of event types. (default: 16)")
    var types: Int?
    @Option(help: "Bytes of a block's hash. (default: 32)")
    var hashBytes: Int?
    @Option(
        help: ArgumentHelp(
            "How much smaller payloads become: 1.3 if 1.3 bytes become one. `ashlar bench append --compression lz4` measures it. (default: not compressed)",
            valueName: "ratio"))
    var compressionRatio: Double?
    @Option(
        help: ArgumentHelp("Size at which segments are sealed.", valueName: "size"), transform: ByteSize.parse)
    var segmentBytes = ByteSize(bytes: 256 << 20)
    @Option(
        help: ArgumentHelp("The states of all models, before compression. (default: 0)", valueName: "size"),
        transform: ByteSize.parse)
    var stateBytes: ByteSize?
    @Option(help: ArgumentHelp("How much smaller snapshots are than the states.", valueName: "ratio"))
    var snapshotRatio = 1.5
    @Option(help: "Snapshots of each model that are kept.")
    var snapshotsKept = 2
    @Option(help: "Blocks from one snapshot to the next.")
    var snapshotBlocks = 1_000
    @Option(help: ArgumentHelp("Size of the disk, such as 2TB.", valueName: "size"), transform: ByteSize.parse)
    var disk: ByteSize?
    @Option(help: ArgumentHelp("Take what is not given from this store.", valueName: "directory"))
    var store: String?
    @Flag(help: "Print JSON.")
    var json = false

    var reportsJSON: Bool { json }

    func validate() throws {
        let positive = [bytesPerEvent, blocksPerDay].compactMap(\.self)
        guard positive.allSatisfy({ $0 > 0 && $0 <= 1e12 }), (0...1e9).contains(eventsPerBlock ?? 0) else {
            throw ValidationError("events, bytes and blocks must be greater than 0, and numbers of this world")
        }
        guard (1...100_000).contains(models ?? 1), (1...100_000).contains(types ?? 1), (1...64).contains(hashBytes ?? 1)
        else {
            throw ValidationError("--models and --types are 1 to 100000, --hash-bytes 1 to 64")
        }
        guard (1...255).contains(compressionRatio ?? 1), (1...255).contains(snapshotRatio) else {
            throw ValidationError("a ratio says how many bytes become one: 1 to 255, such as 1.3")
        }
        guard (1...1_000).contains(snapshotsKept), snapshotBlocks > 0, segmentBytes.bytes >= 4_096 else {
            throw ValidationError(
                "--snapshots-kept is 1 to 1000, --snapshot-blocks at least 1, --segment-bytes at least 4096")
        }
        guard store == nil, eventsPerBlock == nil || bytesPerEvent == nil || blocksPerDay == nil else { return }
        throw ValidationError(
            "give --events-per-block, --bytes-per-event and --blocks-per-day, or a --store that tells them")
    }

    func perform(_ output: inout Output) throws(CommandError) {
        let plan = try makePlan()
        let report = PlanReport(plan)
        if json { report.json(&output) } else { report.text(&output) }
    }

    private func makePlan() throws(CommandError) -> CapacityPlan {
        let shape = try foundShape()
        guard let perDay = blocksPerDay ?? shape?.blocksPerDay else {
            throw .refused(
                code: "noBlockTimes",
                message: "the times of the store's blocks do not tell how many come a day; give --blocks-per-day")
        }
        var sizes = FormatSizes(
            eventsPerBlock: eventsPerBlock ?? shape?.eventsPerBlock ?? 0, payloadBytes: bytesPerEvent ?? 0,
            models: models.map(Double.init) ?? shape?.models ?? 8, types: types.map(Double.init) ?? shape?.types ?? 16,
            nameBytes: shape?.nameBytes ?? 8, hashBytes: hashBytes.map(Double.init) ?? shape?.hashBytes ?? 32,
            compressionRatio: compressionRatio.flatMap { $0 > 1 ? $0 : nil }, segmentBytes: Double(segmentBytes.bytes))
        // What a store shows is nearer to the truth than any formula, unless it is asked how other events would do.
        if let shape, bytesPerEvent == nil, compressionRatio == nil {
            let scale = eventsPerBlock.map { shape.eventsPerBlock > 0 ? $0 / shape.eventsPerBlock : 1 } ?? 1
            sizes.measuredFrameBytes = shape.frameBytes(sizes) * scale
        }
        var plan = CapacityPlan(
            blocksPerDay: perDay, sizes: sizes,
            snapshotSetBytes: stateBytes.map { Double($0.bytes) / snapshotRatio } ?? shape?.snapshotSetBytes ?? 0,
            snapshotsKept: Double(snapshotsKept), snapshotBlocks: Double(snapshotBlocks),
            heightGaps: shape?.heightGaps ?? false)
        plan.diskBytes = disk.map { Double($0.bytes) }
        if let shape { plan.present = (shape.blocks, shape.bytes) }
        return plan
    }

    private func foundShape() throws(CommandError) -> StoreShape? {
        guard let store else { return nil }
        return try StoreShape(try withStore { () throws(StoreError) in try Store.open(at: store) })
    }
}
