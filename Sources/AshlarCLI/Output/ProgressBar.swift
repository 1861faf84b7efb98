import Glibc
import Synchronization

/// A progress bar on the standard error output: drawn at most ten times a second, from any thread.
final class ProgressBar: Sendable {
    private static let width = 40
    private static let interval: UInt64 = 100_000_000

    private struct State {
        var lastDrawn: UInt64 = 0
        var isOnScreen = false
    }

    private let isVisible: Bool
    private let state = Mutex(State())

    /// A bar, or nothing at all if it is not visible.
    init(isVisible: Bool) { self.isVisible = isVisible }

    /// Shows that `done` of `total` bytes are done; nobody knows of how many if nil.
    func show(done: Int, of total: Int?) {
        guard isVisible, total ?? 1 > 0 else { return }
        state.withLock { state in
            let now = Self.now()
            guard now - state.lastDrawn >= Self.interval else { return }
            state.lastDrawn = now
            state.isOnScreen = true
            Self.draw(total.map { Self.text(done: done, of: $0) } ?? "\r\(done >> 20) MiB")
        }
    }

    /// Takes it from the screen.
    func clear() {
        state.withLock { state in
            guard state.isOnScreen else { return }
            state.isOnScreen = false
            Self.draw("\r\u{1B}[K")
        }
    }

    /// The bar as text.
    static func text(done: Int, of total: Int) -> String {
        let share = min(1, max(0, Double(done) / Double(max(total, 1))))
        let filled = Int(share * Double(width))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        return "\r\(bar) \(Int(share * 100)) %  \(done >> 20) of \(total >> 20) MiB"
    }

    private static func draw(_ text: String) {
        var output = Output(descriptor: STDERR_FILENO)
        output.write(text: text)
        output.flush()
    }

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
