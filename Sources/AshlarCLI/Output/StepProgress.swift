import AshlarStorage
import Glibc

/// A line of progress on the standard error output, for work whose end is not known in bytes: drawn at most five times a second.
final class StepProgress {
    private let isVisible: Bool
    private var lastDrawn: UInt64 = 0

    /// A line, or nothing at all if it is not visible.
    init(isVisible: Bool) { self.isVisible = isVisible }

    /// Shows a text in place of the one before.
    func show(_ text: @autoclosure () -> String) {
        guard isVisible, SystemCalls.monotonicNanoseconds() >= lastDrawn + 200_000_000 else { return }
        lastDrawn = SystemCalls.monotonicNanoseconds()
        draw("\r\u{1B}[K" + text())
    }

    /// Takes it from the screen.
    func clear() {
        if isVisible, lastDrawn > 0 { draw("\r\u{1B}[K") }
    }

    private func draw(_ text: String) {
        var output = Output(descriptor: STDERR_FILENO)
        output.write(text: text)
        output.flush()
    }
}
