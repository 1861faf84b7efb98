import Ashlar
import AshlarExport
import AshlarStorage
import Glibc

/// One run of an exporter from the command line: progress, signals, summary.
struct ExportRun {
    let store: Store
    let target: any ExportTarget
    let options: ExportOptions
    let states: [StateTable]
    let json: Bool

    /// Exports and prints the summary; if a signal stopped it before the end, says how to go on.
    func run(_ output: inout Output) throws(CommandError) {
        StopSignal.install()
        let meter = ExportMeter(isVisible: !json && isatty(STDERR_FILENO) == 1)
        let exporter = Exporter(
            store, into: target, options: options, states: states,
            snapshotModels: KnownModels.all.map(\.snapshots), shouldStop: { StopSignal.wasReceived },
            report: { meter.show($0) })
        let started = SystemCalls.monotonicNanoseconds()
        let result: ExportProgress
        do throws(CommandError) {
            result = try withExport { () throws(ExportError) in try exporter.run() }
        } catch {
            meter.clear()
            throw error
        }
        meter.clear()
        let seconds = Double(SystemCalls.monotonicNanoseconds() - started) / 1e9
        if json { Self.json(result, seconds, &output) } else { Self.text(result, seconds, target.name, &output) }
        guard StopSignal.wasReceived else { return }
        output.flush()
        if options.follows { throw .ended }
        throw .interrupted(message: "stopped at sequence \(result.sequence); run it again to go on from there")
    }

    private static func json(_ result: ExportProgress, _ seconds: Double, _ output: inout Output) {
        let milliseconds = Int64(seconds * 1_000)
        output.write(
            text: "{\"sequence\":\(result.sequence),\"firstSequence\":\(result.firstSequence),\"rows\":\(result.rows),"
                + "\"events\":\(result.events),\"blocks\":\(result.blocks),\"undoneBlocks\":\(result.undoneBlocks),"
                + "\"misfits\":\(result.misfits),\"milliseconds\":\(milliseconds),\"emptyTables\":[")
        for (index, table) in result.emptyTables.enumerated() {
            if index > 0 { output.write(",") }
            output.json(table)
        }
        output.write("]}\n")
    }

    private static func text(
        _ result: ExportProgress, _ seconds: Double, _ target: String, _ output: inout Output
    ) {
        let name = TextTable.printable(target)
        defer {
            for table in result.emptyTables {
                output.write(
                    text:
                        "warning: the table \(table) of the map has no row: no exported event is of its model and type\n"
                )
            }
        }
        guard result.sequence > result.firstSequence else {
            output.write(text: "\(name): nothing new; complete up to sequence \(result.sequence)\n")
            return
        }
        output.write(
            text: "\(name): \(result.blocks) blocks, \(result.events) events, \(result.undoneBlocks) undone, "
                + "\(ExportMeter.rate(result.rows, seconds)) rows/s; complete up to sequence \(result.sequence)\n")
        if result.misfits > 0 {
            output.write(text: "\(result.misfits) values did not fit their columns and became null\n")
        }
    }
}

/// The line of progress of an export.
final class ExportMeter {
    private let line: StepProgress

    init(isVisible: Bool) { line = StepProgress(isVisible: isVisible) }

    /// Shows how far it is.
    func show(_ progress: ExportProgress) { line.show(text(progress)) }

    /// Takes the line from the screen.
    func clear() { line.clear() }

    private func text(_ progress: ExportProgress) -> String {
        let seconds = line.seconds
        switch progress.phase {
        case .rows:
            let total = Double(progress.lastSequence - min(progress.firstSequence, progress.lastSequence))
            let done = Double(progress.sequence - min(progress.firstSequence, progress.sequence))
            let left = done > 0 ? Self.duration(seconds / done * (total - done)) : "some time"
            return "sequence \(progress.sequence) of \(progress.lastSequence)  "
                + "\(Self.rate(progress.rows, seconds)) rows/s  \(left) left"
        case .indexes: return "\(progress.rows) rows; making the indexes"
        case .table(let name, let sequence):
            return "making the rows of \(name): sequence \(sequence) of \(progress.sequence)"
        case .states(let height): return "folding the states of tables: block \(height)"
        case .waiting: return "complete up to sequence \(progress.sequence); waiting for more"
        case .reconnecting(let reason): return TextTable.printable(reason) + "; trying again"
        }
    }

    /// So many a second, in whole numbers.
    static func rate(_ count: UInt64, _ seconds: Double) -> Int64 { Int64(Double(count) / max(seconds, 0.001)) }

    private static func duration(_ seconds: Double) -> String {
        let whole = Int64(min(max(seconds, 0), 1e9))
        return whole < 60
            ? "\(whole) s" : whole < 3_600 ? "\(whole / 60) min" : "\(whole / 3_600) h \(whole / 60 % 60) min"
    }
}
