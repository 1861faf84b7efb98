import AshlarStorage
import Glibc

/// A line of progress on the standard error output, for work whose end is not known in bytes: drawn at most five times a second.
package final class StepProgress {
    private let isVisible: Bool
    private let started = SystemCalls.monotonicNanoseconds()
    private var lastDrawn: UInt64 = 0

    /// A line, or nothing at all if it is not visible.
    package init(isVisible: Bool) { self.isVisible = isVisible }

    /// Seconds since the beginning.
    package var seconds: Double { Double(SystemCalls.monotonicNanoseconds() - started) / 1e9 }

    /// Shows a text in place of the one before.
    package func show(_ text: @autoclosure () -> String) {
        guard isVisible, SystemCalls.monotonicNanoseconds() >= lastDrawn + 200_000_000 else { return }
        lastDrawn = SystemCalls.monotonicNanoseconds()
        draw("\r\u{1B}[K" + text())
    }

    /// Takes it from the screen.
    package func clear() {
        if isVisible, lastDrawn > 0 { draw("\r\u{1B}[K") }
    }

    private func draw(_ text: String) {
        var output = Output(descriptor: STDERR_FILENO)
        output.write(text: text)
        output.flush()
    }
}
