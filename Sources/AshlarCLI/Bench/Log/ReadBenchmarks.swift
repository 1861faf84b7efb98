import Ashlar
import AshlarStorage

/// The benchmarks that read: of the store that `Benchmarks` made or of a user's own, in which they change nothing.
struct ReadBenchmarks {
    let path: String
    let rounds: Int
    /// Threads that `scan` and `read` are measured with, beside or instead of one.
    let threads: Int
    /// Blocks that `read` takes in each round.
    let lookups: Int
    let seed: UInt64
    /// The model that `model` reads; nil for the one with the most events.
    let modelName: String?

    private func open() throws -> Store { try Store.open(at: path) }

    /// Reads every event, each with its CRC checked: with one thread, and with as many as were asked for.
    func scan() throws -> [Measurement] {
        let view = try open().view()
        let one = try scan("scan", view, over: [nil])
        guard threads > 1, let tip = view.tipHeight else { return [one] }
        return [one, try scan("scan \(threads) threads", view, over: HeightParts.of(view.firstHeight...tip, threads))]
    }

    private func scan(_ name: String, _ view: View, over parts: [ClosedRange<Int64>?]) throws -> Measurement {
        var seconds: [Double] = []
        var found: [Reading] = []
        for _ in 0..<rounds {
            seconds.append(
                try Measurement.seconds {
                    found = try BenchThreads.run(parts.count) { index in
                        var query = EventQuery()
                        query.heights = parts[index]
                        return try Reading(view, query)
                    }
                })
        }
        return Measurement(
            name: name, seconds: seconds, events: found.reduce(0) { $0 + $1.events },
            bytes: found.reduce(0) { $0 + $1.bytes })
    }

    /// Reads one model of all.
    func model() throws -> Measurement {
        let store = try open()
        let name = try modelName ?? Self.largestModel(of: store)
        guard store.names.models.contains(name) else {
            let known = store.names.models.prefix(20).joined(separator: ", ")
            throw CommandError.refused(
                code: "unknownModel", message: "the store has no model `\(name)`; it has: \(known)")
        }
        var query = EventQuery()
        query.models = [name]
        var seconds: [Double] = []
        var found = Reading()
        for _ in 0..<rounds {
            seconds.append(try Measurement.seconds { found = try Reading(store.view(), query) })
        }
        return Measurement(name: "model", seconds: seconds, events: found.events, bytes: found.bytes)
    }

    private static func largestModel(of store: Store) throws -> String {
        let models = try store.statistics().models
        guard let largest = models.max(by: { $0.canonicalEvents < $1.canonicalEvents }) else {
            throw CommandError.refused(code: "emptyStore", message: "the store has no models that could be read")
        }
        return largest.name
    }

    /// Folds every event into the most trivial model: what a projection costs beside a scan.
    func replay() throws -> Measurement {
        let store = try open()
        let expected = try store.statistics().canonicalEvents
        var seconds: [Double] = []
        var tally = Tally.State()
        for _ in 0..<rounds {
            var options = ProjectionOptions()
            options.snapshots = .off
            let projection = Projection(store, options: options)
            let model = try projection.add(Tally())
            seconds.append(try Measurement.seconds { try projection.advance() })
            tally = try model.latest().state
            guard tally.events == expected else {
                throw StoreError.invalidArgument("the model took \(tally.events) events, which are not all \(expected)")
            }
        }
        return Measurement(name: "replay", seconds: seconds, events: tally.events, bytes: tally.bytes)
    }

    /// Opens the store as it is, until its highest block is there.
    func openClean() throws -> Measurement { try Self.open("open clean", path, .durable, rounds: rounds) }

    static func open(_ name: String, _ path: String, _ horizon: ReadHorizon, rounds: Int) throws -> Measurement {
        var seconds: [Double] = []
        var tip: Int64?
        for _ in 0..<rounds {
            seconds.append(
                try Measurement.seconds {
                    tip = try Store.open(at: path, horizon: horizon).view().tip()?.block.height
                })
        }
        let statistics = try Store.open(at: path, horizon: horizon).statistics()
        var result = Measurement(
            name: name, seconds: seconds, events: Int(clamping: statistics.events), bytes: statistics.bytes, kind: .time
        )
        result.facts = [("tipHeight", Double(tip ?? -1)), ("segments", Double(statistics.segments))]
        return result
    }
}

/// What reading through a query found.
struct Reading: Sendable {
    var events = 0
    var bytes = 0

    init() {}

    /// Takes every event that the query gives; the cursor checks the CRC of each.
    init(_ view: View, _ query: EventQuery) throws(StoreError) {
        var cursor = try view.cursor(query)
        try add(&cursor)
    }

    /// Takes what a cursor still has.
    mutating func add(_ cursor: inout EventCursor) throws(StoreError) {
        while try cursor.next() {
            events += 1
            bytes += cursor.payload.byteCount
        }
    }
}

/// Heights cut into parts for as many threads.
enum HeightParts {
    /// Parts of about the same count of heights, none of them empty; fewer than `count` if there are not so many heights.
    static func of(_ heights: ClosedRange<Int64>, _ count: Int) -> [ClosedRange<Int64>?] {
        let parts = min(Int64(count), Int64(clamping: heights.count))
        let (size, rest) = (Int64(heights.count) / parts, Int64(heights.count) % parts)
        var start = heights.lowerBound
        return (0..<parts).map { index in
            let end = start + size + (index < rest ? 1 : 0)
            defer { start = end }
            return start...end - 1
        }
    }
}
