import AshlarEasyLayer
import AshlarStorage

/// The line of progress of an import.
final class ImportMeter {
    private let line: StepProgress
    private let started = SystemCalls.monotonicNanoseconds()
    private var phase = EasyLayerProgress.Phase.outline
    private var phaseStarted: UInt64

    init(isVisible: Bool) {
        line = StepProgress(isVisible: isVisible)
        phaseStarted = started
    }

    /// Shows how far it is.
    func show(_ progress: EasyLayerProgress) {
        let now = SystemCalls.monotonicNanoseconds()
        // Both phases that write go on counting; each sum begins anew.
        if progress.phase != phase, progress.phase != .floating { phaseStarted = now }
        phase = progress.phase
        line.show(Self.text(progress, seconds: Double(now - phaseStarted) / 1e9))
    }

    /// Takes the line from the screen.
    func clear() { line.clear() }

    /// What the line says, after so many seconds in the phase.
    static func text(_ progress: EasyLayerProgress, seconds: Double) -> String {
        let doing =
            switch progress.phase {
            case .outline: "reading the chain"
            case .blocks: "writing blocks"
            case .floating: "writing floating events"
            case .source: "comparing: the source"
            case .store: "comparing: the store"
            }
        guard progress.total > 0 else { return doing }
        let done = progress.earlier + progress.rows
        let rate = NumberText.grouped(Int(Double(progress.rows) / max(seconds, 0.001)))
        let rest = NumberText.rest(
            seconds: seconds, from: Int64(progress.earlier), to: Int64(min(done, progress.total)),
            of: Int64(progress.total))
        return "\(doing)  \(NumberText.grouped(Int(done))) of \(NumberText.grouped(Int(progress.total))) rows  "
            + "\(NumberText.grouped(Int(progress.commits))) commits  \(rate) rows/s\(rest)"
    }
}
