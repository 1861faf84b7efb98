/// What makes a result doubtful.
enum BenchWarnings {
    /// Highest over lowest round beyond which a result is doubtful.
    static let widestSpread = 1.3
    /// Processors in the hands of others beyond which a result is doubtful.
    static let busiestOthers = 0.25

    /// How far the rounds of a measurement lie apart, if that is too far.
    static func wideSpread(of result: Measurement) -> Double? {
        let counts = result.kind != .facts && result.seconds.count > 1
        return counts && result.spread > widestSpread ? result.spread : nil
    }

    /// How many processors others kept busy, if that is too many.
    static func busyOthers(of result: Measurement) -> Double? {
        result.otherCores.flatMap { $0 > busiestOthers ? $0 : nil }
    }

    /// Warnings about one measurement; none if it can be relied on.
    static func of(_ result: Measurement) -> [String] {
        var warnings: [String] = []
        if let spread = wideSpread(of: result) {
            warnings.append("the slowest round took \(spread.text(2)) times as long as the fastest")
        }
        if let others = busyOthers(of: result) {
            warnings.append("other programs kept \(others.text(2)) cores busy meanwhile")
        }
        return warnings
    }

    /// Warnings about a whole run, a line for each kind.
    static func of(_ machine: Machine, _ results: [Measurement]) -> [String] {
        var warnings: [String] = []
        if machine.isDebugBuild {
            warnings.append("built without optimisation: speeds say nothing (`swift build -c release` optimises)")
        }
        let spreads = list(results, wideSpread)
        if !spreads.isEmpty {
            warnings.append("rounds lie far apart, measure again or more of them; slowest over fastest: \(spreads)")
        }
        let others = list(results, busyOthers)
        if !others.isEmpty { warnings.append("other programs used the machine; cores they kept busy: \(others)") }
        return warnings
    }

    private static func list(_ results: [Measurement], _ value: (Measurement) -> Double?) -> String {
        results.compactMap { result in value(result).map { "\(result.name) \($0.text(2))" } }.joined(separator: ", ")
    }
}
