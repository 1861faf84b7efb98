import AshlarStorage

/// What one benchmark measured, over several rounds.
struct Measurement: Sendable {
    var name: String
    /// Seconds of each round.
    var seconds: [Double]
    var events: Int
    var bytes: Int
    /// Further facts, in the order to show them.
    var facts: [(name: String, value: Double)] = []

    var sorted: [Double] { seconds.sorted() }
    var median: Double { sorted.isEmpty ? 0 : sorted[sorted.count / 2] }
    var eventsPerSecond: Double { median > 0 ? Double(events) / median : 0 }
    var megabytesPerSecond: Double { median > 0 ? Double(bytes) / median / 1_000_000 : 0 }

    /// Highest over lowest time: how much other programs disturbed.
    var spread: Double { (sorted.last ?? 1) / max(sorted.first ?? 1, 1e-9) }

    static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let start = SystemCalls.monotonicNanoseconds()
        try body()
        return Double(SystemCalls.monotonicNanoseconds() - start) / 1e9
    }
}
