import Foundation

/// The ratios as a picture: a panel for each workload, a bar for each peer on a logarithmic scale, a line for its interval.
struct Plot {
    private let report: Report
    private let left = 190.0
    private let width = 560.0
    private let barHeight = 13.0
    private let gap = 34.0
    /// Powers of ten that the scale spans.
    private let lowest = -3.0
    private let highest = 2.0

    init(_ report: Report) { self.report = report }

    func svg() -> String {
        var parts: [String] = []
        var y = 44.0
        for workload in report.workloads {
            let (panel, height) = panel(workload, at: y)
            parts.append(panel)
            y += height + gap
        }
        let size = "width=\"\(Int(left + width + 130))\" height=\"\(Int(y))\""
        return """
            <svg xmlns="http://www.w3.org/2000/svg" \(size) font-family="sans-serif" font-size="11">
            <rect width="100%" height="100%" fill="white"/>
            <text x="10" y="20" font-size="15">Times as good as raw C with a CRC an event, \(report.results.date)</text>
            \(parts.joined(separator: "\n"))
            </svg>

            """
    }

    private func panel(_ workload: Workload, at top: Double) -> (String, Double) {
        let results = report.results
        var lines = ["<text x=\"10\" y=\"\(top + 2)\" font-weight=\"bold\">\(workload.title)</text>"]
        var y = top + 10
        for peer in report.peers {
            guard let ratio = results.ratio(peer.name, workload, to: Peer.reference, workload.reference) else {
                continue
            }
            let (from, to) = (x(min(1, ratio.median)), x(max(1, ratio.median)))
            let color = peer.name.hasPrefix("ashlar") ? "#b5532a" : "#8a9aa8"
            let middle = y + barHeight / 2 - 1
            lines.append("<text x=\"\(left - 6)\" y=\"\(y + 9)\" text-anchor=\"end\">\(peer.title)</text>")
            lines.append(
                "<rect x=\"\(from)\" y=\"\(y)\" width=\"\(max(1, to - from))\" height=\"\(barHeight - 2)\" fill=\"\(color)\"/>"
            )
            lines.append(
                "<line x1=\"\(x(ratio.low))\" x2=\"\(x(ratio.high))\" y1=\"\(middle)\" y2=\"\(middle)\" stroke=\"black\"/>"
            )
            let end = max(to, x(ratio.high)) + 6
            lines.append(
                "<text x=\"\(end)\" y=\"\(y + 9)\">\(ratio.isDisturbed ? "~" : "")\(ratio.median.shown)</text>")
            y += barHeight
        }
        lines.append(
            "<line x1=\"\(x(1))\" x2=\"\(x(1))\" y1=\"\(top + 8)\" y2=\"\(y)\" stroke=\"black\" stroke-width=\"0.5\"/>")
        return (lines.joined(separator: "\n"), y - top)
    }

    private func x(_ ratio: Double) -> Double {
        let power = ratio > 0 ? log10(ratio) : lowest
        let place = (min(max(power, lowest), highest) - lowest) / (highest - lowest)
        return ((left + place * width) * 10).rounded() / 10
    }
}
