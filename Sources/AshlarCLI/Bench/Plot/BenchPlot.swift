/// A run as a picture: a panel for speeds, one for times and one for single operations, a row for each measurement.
///
/// The SVG stands alone, without scripts, fonts or references, and follows the reader's light or dark scheme.
struct BenchPlot {
    private static let (left, plotWidth, right) = (150.0, 430.0, 230.0)
    private static let (rowHeight, barHeight) = (22.0, 12.0)
    private static let width = left + plotWidth + right

    /// One row: a bar up to the value of interest, a line over the range, and the numbers in words.
    private struct Row {
        var name: String
        var value: Double
        var low: Double
        var high: Double
        var label: String
    }

    private struct Panel {
        var title: String
        var rows: [Row]
        var scale: PlotScale
    }

    private let report: BenchReport

    init(_ report: BenchReport) { self.report = report }

    /// The text of the SVG.
    func svg() -> String {
        var y = 22.0
        var parts: [String] = []
        func write(_ text: String, style: String = "", step: Double = 15) {
            for line in SVGText.wrapped(text, style.isEmpty ? 115 : 140) {
                parts.append(SVGText.text(line, x: 12, y: y, style: style))
                y += step
            }
        }
        write(report.machine.line, step: 17)
        write(report.workload.map { "\($0.name) \($0.value.text)" }.joined(separator: ", "), style: "muted")
        y += 15
        for panel in panels where !panel.rows.isEmpty {
            parts += draw(panel, at: &y)
            y += 26
        }
        for warning in report.warnings { write("warning: " + warning, style: "muted") }
        let size = "width=\"\(SVGText.number(Self.width))\" height=\"\(SVGText.number(y))\""
        let box = "viewBox=\"0 0 \(SVGText.number(Self.width)) \(SVGText.number(y))\""
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" \(size) \(box) font-family="sans-serif" font-size="12">
            <title>ashlar bench</title>
            <style>\(Self.style)</style>
            <rect class="back" width="100%" height="100%"/>
            \(parts.joined(separator: "\n"))
            </svg>

            """
    }

    private static let style = """
        .back{fill:#ffffff}text{fill:#1f2328}.muted{fill:#59636e;font-size:10px}.head{font-weight:bold}
        .bar{fill:#c2673c}.range{stroke:#1f2328;stroke-width:1.5}.grid{stroke:#d1d9e0}
        @media(prefers-color-scheme:dark){.back{fill:#0d1117}text{fill:#f0f6fc}.muted{fill:#9198a1}
        .bar{fill:#d9804f}.range{stroke:#f0f6fc}.grid{stroke:#3d444d}}
        """

    private var panels: [Panel] {
        let rates = report.results.filter { $0.kind == .rate }.map(rateRow)
        let times = report.results.filter { $0.kind == .time }.map(timeRow)
        let single = report.results.compactMap(latencyRow)
        let speeds = rates.flatMap { [$0.low, $0.value, $0.high] }
        // Side by side with something much faster, a linear scale shows nothing of the rest.
        let isWide = (speeds.max() ?? 0) > 20 * (speeds.filter { $0 > 0 }.min() ?? 0)
        return [
            Panel(
                title: "Million events a second" + (isWide ? " (logarithmic)" : ""), rows: rates,
                scale: isWide ? PlotScale(logarithmic: speeds) : PlotScale(linear: speeds)),
            Panel(
                title: "Milliseconds (logarithmic)", rows: times,
                scale: PlotScale(logarithmic: times.flatMap { [$0.low, $0.value, $0.high] })),
            Panel(
                title: "One at a time, microseconds (logarithmic): p50, and on to p99.9", rows: single,
                scale: PlotScale(logarithmic: single.flatMap { [$0.value, $0.high] })),
        ]
    }

    private func rateRow(_ result: Measurement) -> Row {
        func rate(_ seconds: Double) -> Double { seconds > 0 ? Double(result.events) / seconds / 1e6 : 0 }
        let (low, high) = (rate(result.max), rate(result.min))
        let value = rate(result.median)
        return Row(
            name: result.name, value: value, low: low, high: high,
            label: "\(value.text(2))  (\(low.text(2))–\(high.text(2)))")
    }

    private func timeRow(_ result: Measurement) -> Row {
        let times = [result.median, result.min, result.max].map { $0 * 1_000 }
        return Row(
            name: result.name, value: times[0], low: times[1], high: times[2],
            label: "\(times[0].text(2))  (\(times[1].text(2))–\(times[2].text(2)))")
    }

    private func latencyRow(_ result: Measurement) -> Row? {
        guard let latencies = result.latencies else { return nil }
        let times = [50, 99, 99.9].map { Double(latencies.nanoseconds(percentile: $0)) / 1_000 }
        func short(_ value: Double) -> String { value.text(value < 1_000 ? 1 : 0) }
        return Row(
            name: result.name, value: times[0], low: times[0], high: times[2],
            label: "\(short(times[0]))  p99 \(short(times[1]))  p99.9 \(short(times[2]))")
    }

    private func draw(_ panel: Panel, at y: inout Double) -> [String] {
        func x(_ value: Double) -> Double { Self.left + panel.scale.place(of: value) * Self.plotWidth }
        var parts = [SVGText.text(panel.title, x: 12, y: y, style: "head")]
        let top = y + 10
        y = top
        var rows: [String] = []
        for row in panel.rows {
            let middle = y + Self.rowHeight / 2
            rows.append(SVGText.text(row.name, x: Self.left - 8, y: middle + 4, anchor: "end"))
            let (start, end) = (SVGText.number(Self.left), SVGText.number(max(x(row.value) - Self.left, 1)))
            rows.append(
                "<rect class=\"bar\" x=\"\(start)\" y=\"\(SVGText.number(middle - Self.barHeight / 2))\" width=\"\(end)\" "
                    + "height=\"\(SVGText.number(Self.barHeight))\"/>")
            rows.append(SVGText.line(x(row.low), middle, x(row.high), middle, "range"))
            for value in [row.low, row.high] {
                rows.append(SVGText.line(x(value), middle - 4, x(value), middle + 4, "range"))
            }
            rows.append(SVGText.text(row.label, x: Self.left + Self.plotWidth + 10, y: middle + 4))
            y += Self.rowHeight
        }
        for mark in panel.scale.marks {
            parts.append(SVGText.line(x(mark), top, x(mark), y, "grid"))
            parts.append(SVGText.text(mark.shortText(4), x: x(mark), y: y + 12, anchor: "middle", style: "muted"))
        }
        y += 16
        return parts + rows
    }
}
