import AshlarStorage

/// What one benchmark measured, over several rounds.
struct Measurement: Sendable {
    /// What its number of interest is.
    enum Kind: Sendable {
        /// How many events pass in a second.
        case rate
        /// How long something takes that is no matter of events.
        case time
        /// What stands in the facts; its seconds are those of something else.
        case facts
    }

    var name: String
    /// Seconds of each round.
    var seconds: [Double]
    /// Events that a round handles.
    var events: Int
    /// Bytes of payload that a round handles; of an opening those of the segments.
    var bytes: Int
    var kind = Kind.rate
    /// How long single operations took, all rounds together; nil where they were not timed.
    var latencies: Latencies?
    /// Processors that other programs kept busy meanwhile; nil where a server that was measured too would count among them.
    var otherCores: Double?
    /// Further facts, in the order to show them.
    var facts: [(name: String, value: Double)] = []

    /// How long single operations took, where nothing else was measured: its median stands for the rounds.
    static func latency(_ name: String, seconds: [Double], events: Int) -> Measurement {
        let latencies = Latencies(seconds: seconds)
        let median = Double(latencies.nanoseconds(percentile: 50)) / 1e9
        var result = Measurement(name: name, seconds: [median], events: events, bytes: 0, kind: .time)
        result.latencies = latencies
        return result
    }

    var min: Double { seconds.min() ?? 0 }
    var max: Double { seconds.max() ?? 0 }

    /// The middle one of the rounds, or what lies between the middle two.
    var median: Double {
        let sorted = seconds.sorted()
        guard !sorted.isEmpty else { return 0 }
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    var eventsPerSecond: Double { median > 0 ? Double(events) / median : 0 }
    var megabytesPerSecond: Double { median > 0 ? Double(bytes) / median / 1_000_000 : 0 }

    /// Highest over lowest time.
    var spread: Double { max / Swift.max(min, 1e-9) }

    static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let start = SystemCalls.monotonicNanoseconds()
        try body()
        return Double(SystemCalls.monotonicNanoseconds() - start) / 1e9
    }
}
