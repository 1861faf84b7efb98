import Ashlar
import AshlarStorage

/// The benchmarks that write a synthetic store; what they leave is there for the reading ones.
struct Benchmarks {
    let workload: Workload
    let options: WriterOptions
    /// Whether each block is awaited until it is durable before the next one comes.
    let awaitsEveryBlock: Bool
    let directory: String
    let rounds: Int
    /// Whether a copy is kept of what a kill behind the last append would have left.
    let keepsKilled: Bool

    /// The store of the last round.
    var path: String { directory + "/bench.ashlar" }
    /// What a kill of its writer would have left.
    var killedPath: String { directory + "/bench-killed.ashlar" }

    var events: Int { workload.shape.blocks * workload.shape.eventsPerBlock }

    /// Appends the whole workload into a new store, each round; leaves the last one for the others to read.
    func append() throws -> Measurement {
        var seconds: [Double] = []
        var latencies = Latencies()
        var bytes = 0
        for round in 0..<rounds {
            if round > 0 { try Self.remove(path) }
            var writer = try Writer.create(at: path, options: options)
            var feed = try WorkloadFeed(workload, &writer)
            seconds.append(try Measurement.seconds { try fill(&writer, &feed, &latencies) })
            if keepsKilled, round == rounds - 1 { try StoreCopy.make(of: path, at: killedPath) }
            try writer.close()
            bytes = try Store.open(at: path).statistics().bytes
        }
        var result = Measurement(name: "append", seconds: seconds, events: events, bytes: workload.payloadBytes)
        result.latencies = latencies
        let count = Double(max(events, 1))
        result.facts = [
            ("bytesPerEvent", Double(bytes) / count), ("payloadPerEvent", Double(workload.payloadBytes) / count),
            ("overheadPerEvent", Double(bytes - workload.payloadBytes) / count), ("storeBytes", Double(bytes)),
            ("blocks", Double(workload.shape.blocks)),
        ]
        if let ratio = compressionRatio(storeBytes: bytes) { result.facts.append(("compressionRatio", ratio)) }
        return result
    }

    /// How many bytes of payload became one, as `ashlar plan` asks for it; nil if nothing is compressed.
    private func compressionRatio(storeBytes: Int) -> Double? {
        guard options.compression != .none else { return nil }
        var sizes = FormatSizes(
            eventsPerBlock: Double(workload.shape.eventsPerBlock), payloadBytes: 0,
            models: Double(workload.shape.models),
            types: Double(workload.shape.types), compressionRatio: 1, segmentBytes: Double(options.segmentBytes))
        sizes.measuredFrameBytes = Double(storeBytes) / Double(workload.shape.blocks)
        let around = sizes.logBytes(blocks: Double(workload.shape.blocks)) - Double(storeBytes)
        let stored = Double(storeBytes) - around - Double(workload.shape.blocks) * sizes.overheadBytes
        return stored > 0 ? Double(workload.payloadBytes) / stored : nil
    }

    private func fill(_ writer: inout Writer, _ feed: inout WorkloadFeed, _ latencies: inout Latencies) throws {
        var parent = try Workload.hash(-1)
        var last = SystemCalls.monotonicNanoseconds()
        for height in 0..<Int64(workload.shape.blocks) {
            let hash = try Workload.hash(height)
            let block = Block(
                height: height, hash: hash, parent: parent, timestamp: Timestamp(seconds: 1_600_000_000 + height * 12))
            _ = try writer.append(block) { (batch) throws(StoreError) in try feed.addBlock(to: &batch) }
            if awaitsEveryBlock { try writer.sync() }
            parent = hash
            let now = SystemCalls.monotonicNanoseconds()
            latencies.record(nanoseconds: now - last)
            last = now
        }
        // What is still in memory counts: the last bytes go to the file within the clock, synced only if the policy syncs.
        if options.durability == .manual { try writer.flush() } else { try writer.sync() }
    }

    /// Removes a store this made.
    static func remove(_ path: String) throws {
        let storage = try FileStorage(path: path)
        for name in try storage.list() { try storage.remove(name) }
        try FileStorage.removeDirectory(path)
    }

    func cleanUp() {
        for path in [path, killedPath] { try? Self.remove(path) }
    }
}
