import Foundation

/// Results as people read them: one Markdown page, with a picture beside it.
struct Report {
    let results: Results

    init(_ results: Results) { self.results = results }

    /// Those that took part.
    var peers: [Peer] { Peer.all.filter { peer in results.runs.contains { $0.peer == peer.name } } }

    /// Those that more than one took part in, in the order of the table.
    var workloads: [Workload] {
        Workload.allCases.filter { workload in
            workload != .kill && peers.filter { !results.runs($0.name, workload).isEmpty }.count > 1
        }
    }

    func write(_ path: String) throws {
        let picture = URL(fileURLWithPath: path + ".svg")
        try Data(markdown(picture: picture.lastPathComponent).utf8).write(to: URL(fileURLWithPath: path + ".md"))
        try Data(Plot(self).svg().utf8).write(to: picture)
    }

    func markdown(picture: String) -> String {
        let settings = results.settings
        let sections = [
            "# Ashlar and its peers, \(results.date)",
            "\(settings.events) events of \(settings.payloadBytes) bytes in blocks of \(settings.eventsPerBlock), "
                + "\(settings.models) models, \(settings.rounds) rounds "
                + "(\(settings.slowRounds) of the slowest peers). [What each peer does](../README.md)",
            results.machine.map { "- \($0.first ?? ""): \($0.last ?? "")" }.joined(separator: "\n"),
            "## Ratios\n\n"
                + "How many times as good as raw C with a CRC an event: the median of the ratios within each round, and its "
                + "interval\(confidence). Greater is better. `~`: measured while other programs used the processors.\n\n"
                + table(workloads) { ratioCell($0, $1) },
            "![ratios](\(picture))",
            "## Medians\n\n" + table(workloads) { absoluteCell($0, $1) },
            "## Processor time\n\n"
                + "How many times as much of it raw C takes for an operation, the system's part included: less depends on what else the "
                + "machine does, and waiting for the disk does not show. PostgreSQL's server is not in it.\n\n"
                + table(workloads.filter { if case .rate = $0.measure { true } else { false } }) { peer, workload in
                    results.processorRatio(peer.name, workload).map(Self.cell) ?? ""
                },
            "## Ashlar alone\n\n" + alone(), "## Goals\n\n" + goals(), disturbance(),
            results.failures.isEmpty
                ? "" : "## Failures\n\n" + results.failures.map { "- \($0)" }.joined(separator: "\n"),
        ]
        return sections.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
    }

    private var confidence: String {
        guard results.settings.rounds > 1, let any = Estimate(Array(repeating: 0, count: results.settings.rounds))
        else {
            return ""
        }
        return " of \(Int(any.confidence * 100)) %"
    }

    private func table(_ workloads: [Workload], _ cell: (Peer, Workload) -> String) -> String {
        let header = "| | " + workloads.map(\.title).joined(separator: " | ") + " |"
        let line = "|---|" + workloads.map { _ in "---|" }.joined()
        let rows = peers.map { peer in
            "| \(peer.title) | " + workloads.map { cell(peer, $0) }.joined(separator: " | ") + " |"
        }
        return ([header, line] + rows).joined(separator: "\n")
    }

    private func ratioCell(_ peer: Peer, _ workload: Workload) -> String {
        guard let ratio = results.ratio(peer.name, workload, to: Peer.reference, workload.reference) else { return "" }
        return peer.name == Peer.reference ? "1" : Self.cell(ratio)
    }

    private static func cell(_ ratio: Estimate) -> String {
        let range = ratio.rounds > 1 ? " [\(ratio.low.shown)–\(ratio.high.shown)]" : ""
        return (ratio.isDisturbed ? "~" : "") + ratio.median.shown + range
    }

    func absoluteCell(_ peer: Peer, _ workload: Workload) -> String {
        guard let value = results.absolute(peer.name, workload) else { return "" }
        let p99 = results.estimate([(peer.name, workload)]) { results.run(peer.name, workload, round: $0)?.p99 }
        return (value.isDisturbed ? "~" : "") + value.median.shown + " " + workload.unit
            + (p99.map { ", p99 \(($0.median * 1e6).shown) µs" } ?? "")
    }

    private func alone() -> String {
        let rows = Workload.allCases.filter { !workloads.contains($0) && $0 != .kill }.compactMap {
            workload -> String? in
            guard let peer = peers.first(where: { $0.name == "ashlar" }), results.absolute("ashlar", workload) != nil
            else {
                return nil
            }
            let processor =
                results.processorRatio("ashlar", workload).map { ", processor time \($0.median.shown) ×" } ?? ""
            return "- \(workload.title): \(absoluteCell(peer, workload))\(processor)"
        }
        return rows.joined(separator: "\n")
    }

    private func goals() -> String {
        let rows = Goal.all(results).map { goal in
            let wanted =
                switch goal.bound {
                case .atLeast(let limit): "≥ \(limit.shown) \(goal.unit)"
                case .atMost(let limit): "≤ \(limit.shown) \(goal.unit)"
                }
            guard let estimate = goal.estimate else { return "| \(goal.name) | \(wanted) | not measured | | |" }
            return "| \(goal.name) | \(wanted) | \(estimate.isDisturbed ? "~" : "")\(estimate.median.shown) | "
                + "\(estimate.low.shown)–\(estimate.high.shown) | \(goal.isMet == true ? "yes" : "no") |"
        }
        return (["| goal | wanted | median | interval | met |", "|---|---|---|---|---|"] + rows).joined(separator: "\n")
    }

    private func disturbance() -> String {
        let disturbed = results.runs.filter(\.isDisturbed).count
        return "\(disturbed) of \(results.runs.count) runs were disturbed: others used more than "
            + "\(Int(results.settings.disturbedShare * 100)) % of a core meanwhile."
    }
}

extension Workload {
    /// Of `Run.value`.
    var unit: String {
        switch measure {
        case .rate(let unit, _): unit
        case .milliseconds: "ms"
        case .bytesPerEvent: "bytes/event"
        }
    }
}

extension Double {
    /// With three digits that matter, or as a whole number.
    var shown: String {
        guard isFinite else { return "–" }
        let size = magnitude
        let digits = size >= 99.95 || self == 0 ? 0 : size >= 9.995 ? 1 : size >= 0.0995 ? 2 : size >= 0.00995 ? 3 : 4
        return String(format: "%.\(digits)f", self)
    }
}
