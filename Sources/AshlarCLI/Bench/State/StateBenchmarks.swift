import Ashlar
import AshlarFormat
import AshlarStorage

/// The benchmarks of states: replaying, snapshots, reorgs, following.
///
/// They share a store of blocks that each set 2,000 entries of one state.
struct StateBenchmarks {
    static let eventsPerBlock = 2_000

    let entries: Int
    let directory: String
    let rounds: Int
    let compression: Compression

    private var path: String { directory + "/bench-state.ashlar" }
    private var blocks: Int { max(1, entries / Self.eventsPerBlock) }

    /// Writes the store.
    func prepare() throws {
        var options = WriterOptions()
        options.durability = .manual
        options.maxUnsyncedBytes = .max
        var writer = try Writer.create(at: path, options: options)
        for height in 0..<Int64(blocks) { try append(height, to: &writer) }
        try writer.close()
    }

    /// Appends a block of `branch` on the tip, whose hash is `parent` if it is not the block below on that branch.
    private func append(
        _ height: Int64, branch: Int64 = 0, to writer: inout Writer, on parent: BlockHash? = nil
    ) throws {
        let (model, type) = (try writer.model("outputs"), try writer.type("output.set"))
        let block = Block(
            height: height, hash: try Workload.hash(height + (branch << 40)),
            parent: try parent ?? Workload.hash(height - 1 + (branch << 40)), timestamp: Timestamp(seconds: height))
        _ = try writer.append(block) { (batch) throws(StoreError) in
            for index in 0..<Self.eventsPerBlock {
                // Behind the first blocks every entry is there already, and is changed.
                let number = UInt64((Int(height) * Self.eventsPerBlock + index) % max(entries, 1))
                let bytes = [number.littleEndian]
                try batch.add(model, type, payload: bytes.span.bytes)
            }
        }
    }

    private func projection(_ store: Store, undoBlocks: Int64 = 64) -> Projection {
        var options = ProjectionOptions()
        options.snapshots = SnapshotPolicy(blocks: nil, compression: compression)
        options.undoBlocks = undoBlocks
        return Projection(store, options: options)
    }

    /// Folds all events into a state.
    func state() throws -> Measurement {
        let store = try Store.open(at: path)
        var seconds: [Double] = []
        for _ in 0..<rounds {
            let projection = projection(store)
            let outputs = try projection.add(Outputs())
            seconds.append(try Measurement.seconds { try projection.advance() })
            guard try outputs.latest().state.count == min(entries, blocks * Self.eventsPerBlock) else {
                throw StoreError.invalidArgument("the state has another number of entries than were set")
            }
        }
        return Measurement(
            name: "state", seconds: seconds, events: blocks * Self.eventsPerBlock,
            bytes: blocks * Self.eventsPerBlock * 8)
    }

    /// Undoes and applies blocks on top of the whole state.
    func rollback() throws -> [Measurement] {
        var options = WriterOptions()
        options.durability = .manual
        var results: [Measurement] = []
        for depth in [1, 10, 100] as [Int64] {
            var writer = try Writer.open(at: path, options: options)
            let projection = projection(writer.store, undoBlocks: 128)
            let outputs = try projection.add(Outputs())
            try projection.advance()
            var seconds: [Double] = []
            for round in 0..<rounds {
                // Blocks on top, applied; then they are undone, and the model follows.
                for height in Int64(blocks)..<Int64(blocks) + depth {
                    let parent = height == blocks ? try Workload.hash(height - 1) : nil
                    try append(height, branch: Int64(round + 1) + depth * 100, to: &writer, on: parent)
                }
                try projection.advance()
                try writer.rollback(toHeight: Int64(blocks) - 1, belowFinality: true)
                seconds.append(try Measurement.seconds { try projection.advance() })
            }
            guard try outputs.latest().position.height == Int64(blocks) - 1 else {
                throw StoreError.invalidArgument("the state stands at another block than the chain")
            }
            results.append(
                Measurement(
                    name: "rollback \(depth)", seconds: seconds, events: Int(depth) * Self.eventsPerBlock, bytes: 0,
                    kind: .time))
            try writer.close()
        }
        return results
    }

    /// Writes and loads a snapshot of the whole state, beside LZ4 alone over the same bytes.
    func snapshot() throws -> [Measurement] {
        let store = try Store.open(at: path)
        let folded = projection(store)
        let outputs = try folded.add(Outputs())
        try folded.advance()
        let state = try outputs.latest().state
        let bytes = state.count * 80
        var (write, load): ([Double], [Double]) = ([], [])
        var (peak, loadPeak) = (0, 0)
        for round in 0..<rounds {
            let before = ProcessMemory.resetPeak()
            write.append(try Measurement.seconds { try folded.takeSnapshots() })
            peak = max(peak, ProcessMemory.peak() - before)
            Outpoint.salt = UInt64(round + 1)
            let restored = projection(store)
            _ = ProcessMemory.resetPeak()
            load.append(
                try Measurement.seconds {
                    _ = try restored.add(Outputs())
                    try restored.advance()
                })
            // The state is there to stay; what it took beyond that has been given back by now.
            let highest = ProcessMemory.peak()
            loadPeak = max(loadPeak, highest - ProcessMemory.resetPeak())
            withExtendedLifetime(restored) {}
        }
        var written = Measurement(name: "snapshot write", seconds: write, events: state.count, bytes: bytes)
        let files = try store.snapshots.entries()
        written.facts = [
            ("stateBytes", Double(bytes)), ("fileBytes", Double(files.last?.fileBytes ?? 0)),
            ("peakMemoryBeyondBytes", Double(max(peak, 0))),
        ]
        var loaded = Measurement(name: "snapshot load", seconds: load, events: state.count, bytes: bytes)
        loaded.facts = [("peakMemoryBeyondBytes", Double(max(loadPeak, 0)))]
        return [written, loaded] + (try RawCompression(state, rounds: rounds).measure())
    }

    /// Hands all steps of the log to a follower.
    func follow() throws -> Measurement {
        let store = try Store.open(at: path)
        var options = SubscriptionOptions()
        options.stopsAtEnd = true
        var seconds: [Double] = []
        var events = 0
        for _ in 0..<rounds {
            events = 0
            seconds.append(
                try Measurement.seconds {
                    var follower = try store.follow(options: options)
                    while let batch = try follower.next() { events += batch.eventCount }
                })
        }
        return Measurement(name: "follow", seconds: seconds, events: events, bytes: events * 8)
    }

    /// How long a reader that knows nothing of the writer takes to be handed a commit, from the end of its sync on.
    func followLive() throws -> Measurement {
        let commits = 50
        var options = WriterOptions()
        options.durability = .manual
        var writer = try Writer.open(at: path, options: options)
        let reader = try Store.open(at: path)
        let start = try reader.cursor(at: .end)
        let arrivals = Monitor<[UInt64: UInt64]>([:])
        let thread = try WorkerThread {
            guard var follower = try? reader.follow(from: start) else { return }
            while arrivals.withLock({ $0.count }) < commits {
                guard let isThere = try? follower.wait(upToMilliseconds: 10_000), isThere == .more else { return }
                while let batch = try? follower.next() {
                    let now = SystemCalls.monotonicNanoseconds()
                    arrivals.withLock { arrivals in for step in batch.steps { arrivals[step.sequence] = now } }
                }
            }
        }
        var synced: [(sequence: UInt64, time: UInt64)] = []
        let first = try writer.store.view().tipHeight ?? -1
        for step in 1...Int64(commits) {
            try append(first + step, to: &writer, on: try writer.store.view().tip()?.block.hash)
            try writer.sync()
            synced.append((writer.sequence, SystemCalls.monotonicNanoseconds()))
            SystemCalls.pause(milliseconds: UInt32(3 + step % 30))
        }
        thread.join()
        try writer.close()
        let seconds = arrivals.withLock { arrivals in
            synced.map { entry in
                Double(max(arrivals[entry.sequence] ?? .max, entry.time) - entry.time) / 1e9
            }
        }
        return .latency("follow live", seconds: seconds, events: Self.eventsPerBlock)
    }

    func cleanUp() throws { try Benchmarks.remove(path) }
}
