import Ashlar
import AshlarStorage

/// The benchmarks themselves: append, scan and open of a synthetic store.
struct Benchmarks {
    let workload: Workload
    let options: WriterOptions
    let directory: String
    let rounds: Int

    func path(_ round: Int) -> String { directory + "/bench-\(round).ashlar" }

    /// Appends the whole workload into a new store, each round; leaves the last one for the others to read.
    func append() throws -> Measurement {
        var seconds: [Double] = []
        var bytes = 0
        for round in 0..<rounds {
            if round > 0 { try Self.remove(path(round - 1)) }
            var writer = try Writer.create(at: path(round), options: options)
            var feed = try WorkloadFeed(workload, &writer)
            seconds.append(try Measurement.seconds { try fill(&writer, &feed) })
            try writer.close()
            bytes = try Store.open(at: path(round)).statistics().bytes
        }
        var result = Measurement(
            name: "append", seconds: seconds, events: workload.shape.blocks * workload.shape.eventsPerBlock,
            bytes: workload.payloadBytes)
        let count = Double(max(result.events, 1))
        result.facts = [
            ("bytesPerEvent", Double(bytes) / count), ("payloadPerEvent", Double(workload.payloadBytes) / count),
            ("overheadPerEvent", Double(bytes - workload.payloadBytes) / count), ("storeBytes", Double(bytes)),
        ]
        return result
    }

    private func fill(_ writer: inout Writer, _ feed: inout WorkloadFeed) throws {
        var parent = try Workload.hash(-1)
        for height in 0..<Int64(workload.shape.blocks) {
            let hash = try Workload.hash(height)
            let block = Block(
                height: height, hash: hash, parent: parent, timestamp: Timestamp(seconds: 1_600_000_000 + height * 12))
            _ = try writer.append(block) { (batch) throws(StoreError) in try feed.addBlock(to: &batch) }
            parent = hash
        }
        // What is still in memory counts: the last bytes go to the file within the clock, synced only if the policy syncs.
        if options.durability == .manual { try writer.flush() } else { try writer.sync() }
    }

    /// Reads every event of the store that `append` left, each with its CRC checked.
    func scan() throws -> Measurement {
        let store = try Store.open(at: path(rounds - 1))
        var seconds: [Double] = []
        var events = 0
        var bytes = 0
        for _ in 0..<rounds {
            events = 0
            bytes = 0
            seconds.append(
                try Measurement.seconds {
                    var cursor = try store.view().cursor()
                    while try cursor.next() {
                        events += 1
                        bytes += cursor.payload.byteCount
                    }
                })
        }
        return Measurement(name: "scan", seconds: seconds, events: events, bytes: bytes)
    }

    /// Folds every event into the most trivial model: what a projection costs beside a scan.
    func replay() throws -> Measurement {
        let store = try Store.open(at: path(rounds - 1))
        var seconds: [Double] = []
        var tally = Tally.State()
        for _ in 0..<rounds {
            var options = ProjectionOptions()
            options.snapshots = .off
            let projection = Projection(store, options: options)
            let model = try projection.add(Tally())
            seconds.append(try Measurement.seconds { try projection.advance() })
            tally = try model.latest().state
            guard tally.events == workload.shape.blocks * workload.shape.eventsPerBlock else {
                throw StoreError.invalidArgument("the model took \(tally.events) events, which are not all")
            }
        }
        return Measurement(name: "replay", seconds: seconds, events: tally.events, bytes: tally.bytes)
    }

    /// Reads one model of all.
    func model() throws -> Measurement {
        let store = try Store.open(at: path(rounds - 1))
        var query = EventQuery()
        query.models = ["model.0"]
        var seconds: [Double] = []
        var events = 0
        var bytes = 0
        for _ in 0..<rounds {
            events = 0
            bytes = 0
            seconds.append(
                try Measurement.seconds {
                    var cursor = try store.view().cursor(query)
                    while try cursor.next() {
                        events += 1
                        bytes += cursor.payload.byteCount
                    }
                })
        }
        return Measurement(name: "model", seconds: seconds, events: events, bytes: bytes)
    }

    /// Opens the store: after a clean close, and with its last segment unproven as after a kill.
    func open() throws -> [Measurement] {
        let path = path(rounds - 1)
        var clean: [Double] = []
        for _ in 0..<rounds { clean.append(try Measurement.seconds { _ = try Store.open(at: path) }) }
        let statistics = try Store.open(at: path).statistics()
        var unproven: [Double] = []
        for _ in 0..<rounds {
            try Self.forgetClose(path)
            unproven.append(try Measurement.seconds { _ = try Store.open(at: path, horizon: .committed) })
        }
        let events = Int(statistics.events)
        return [
            Measurement(name: "open clean", seconds: clean, events: events, bytes: statistics.bytes),
            Measurement(name: "open after kill", seconds: unproven, events: events, bytes: statistics.bytes),
        ]
    }

    /// Removes what a clean close leaves: the note and the sidecar, so that the last segment has to be walked and checked.
    private static func forgetClose(_ path: String) throws {
        let storage = try FileStorage(path: path)
        for name in try storage.list() where name == "durable" || name.hasSuffix(".index") { try storage.remove(name) }
    }

    /// Removes a store this made.
    static func remove(_ path: String) throws {
        let storage = try FileStorage(path: path)
        for name in try storage.list() { try storage.remove(name) }
        try FileStorage.removeDirectory(path)
    }

    func cleanUp() throws { try Self.remove(path(rounds - 1)) }
}
