import AshlarTestSupport

/// What simulations did, added up.
struct SimulationTally: Sendable {
    var runs = 0
    /// Operations by name.
    var operations: [String: Int] = [:]
    /// Power cuts.
    var cuts = 0
    var hits: [SimulatedDisk.Point: SimulatedDisk.Hits] = [:]

    mutating func add(_ other: SimulationTally) {
        runs += other.runs
        operations.merge(other.operations, uniquingKeysWith: +)
        cuts += other.cuts
        for (point, hits) in other.hits { self.hits[point, default: SimulatedDisk.Hits()] += hits }
    }

    /// Points of the engine's I/O that were never passed, or at which the power never went though they were passed hundreds of times.
    var missed: [String] {
        SimulatedDisk.Point.allCases.filter { $0 != .otherChange }.compactMap { point in
            let hits = hits[point] ?? SimulatedDisk.Hits()
            if hits.calls == 0 { return "\(point.rawValue): never passed" }
            return point.isChange && hits.cuts == 0 && hits.calls > 250
                ? "\(point.rawValue): the power never went there" : nil
        }
    }
}

extension SimulationTally: CustomStringConvertible {
    /// A table of points, and a line for the rest.
    var description: String {
        let faults = hits.values.reduce(0) { $0 + $1.faults }
        let done = operations.values.reduce(0, +)
        var lines = ["\(runs) simulations: \(done) operations, \(cuts) power cuts, \(faults) other faults"]
        lines.append(
            operations.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
                .joined(separator: ", "))
        lines.append(Self.row("point", "passed", "power cuts", "faults"))
        for point in SimulatedDisk.Point.allCases {
            guard let hits = hits[point] else { continue }
            lines.append(Self.row(point.rawValue, "\(hits.calls)", "\(hits.cuts)", "\(hits.faults)"))
        }
        return lines.joined(separator: "\n")
    }

    private static func row(_ point: String, _ numbers: String...) -> String {
        let name = point + String(repeating: " ", count: max(0, 28 - point.count))
        return "  " + name + numbers.map { String(repeating: " ", count: max(0, 12 - $0.count)) + $0 }.joined()
    }
}
