import Ashlar
import AshlarStorage

/// What a derivation did, for people and for programs.
struct DeriveSummary {
    private let report: DerivationReport
    private let seconds: Double

    init(_ report: DerivationReport, seconds: Double) {
        self.report = report
        self.seconds = seconds
    }

    /// Nanoseconds that never jump.
    static func now() -> UInt64 { SystemCalls.monotonicNanoseconds() }

    private var eventsPerSecond: Int { seconds > 0 ? Int(Double(report.eventsRead) / seconds) : 0 }

    private var outcome: String {
        switch report.outcome {
        case .caughtUp: "caughtUp"
        case .stopped: "stopped"
        case .switched: "switched"
        }
    }

    /// One line of JSON.
    func json(_ output: inout Output) {
        output.write("{\"outcome\":")
        output.json(outcome)
        output.write(",\"sequence\":")
        output.write(report.sequence)
        output.write(",\"resumedAt\":")
        output.write(report.resumedAt)
        output.write(",\"commits\":")
        output.write(report.commits)
        output.write(",\"eventsRead\":")
        output.write(report.eventsRead)
        output.write(",\"eventsWritten\":")
        output.write(report.eventsWritten)
        output.write(text: ",\"seconds\":\(NumberText.decimals(seconds, 3)),\"eventsPerSecond\":")
        output.write(eventsPerSecond)
        output.write(",\"storeId\":")
        output.json("\(report.targetID)")
        output.write("}\n")
    }

    /// A few lines for people.
    func text(source: String, target: String, _ output: inout Output) {
        func grouped(_ count: UInt64) -> String { NumberText.grouped(Int(clamping: count)) }
        var lines: [String] = []
        if report.resumedAt > 0 { lines.append("went on behind sequence \(grouped(report.resumedAt))") }
        lines.append(
            "derived \(grouped(report.commits)) commits: \(grouped(report.eventsRead)) events read, "
                + "\(grouped(report.eventsWritten)) written, \(NumberText.grouped(eventsPerSecond)) events/s")
        switch report.outcome {
        case .switched:
            lines.append(
                "store \(report.targetID) stands at \(TextTable.printable(source)) now, the old one at \(TextTable.printable(target))"
            )
        case .caughtUp, .stopped:
            lines.append(
                "store \(report.targetID) in \(TextTable.printable(target)) is at sequence \(grouped(report.sequence))")
        }
        output.write(text: lines.joined(separator: "\n") + "\n")
    }
}
