import Histogram

/// How long single operations took: an HdrHistogram of nanoseconds, three digits of which are kept.
struct Latencies: Sendable {
    /// What is shown of it, in ascending order.
    static let shown: [(name: String, percentile: Double)] = [
        ("p50", 50), ("p90", 90), ("p99", 99), ("p999", 99.9), ("max", 100),
    ]

    private var histogram: Histogram<UInt64>

    init() {
        // Up to a minute without growing while the clock runs; what is longer makes it grow.
        histogram = Histogram(highestTrackableValue: 60_000_000_000, numberOfSignificantValueDigits: .three)
        histogram.autoResize = true
    }

    init(seconds: [Double]) {
        self.init()
        for value in seconds { record(nanoseconds: UInt64(max(0, value) * 1e9)) }
    }

    /// Number of operations.
    var count: UInt64 { histogram.totalCount }

    mutating func record(nanoseconds: UInt64) { histogram.record(nanoseconds) }

    /// Takes in those of another thread or round.
    mutating func add(_ other: Latencies) { histogram.add(other.histogram) }

    /// What so many per cent of the operations did not exceed, in nanoseconds; 0 if there were none.
    func nanoseconds(percentile: Double) -> UInt64 {
        count == 0 ? 0 : histogram.valueAtPercentile(percentile)
    }
}
