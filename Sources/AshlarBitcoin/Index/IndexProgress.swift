import AshlarCLI
import Glibc

/// The line that shows people how far a run is; nothing where nobody looks.
package struct IndexProgress {
    private static let interval: UInt64 = 250_000_000

    private let output = DescriptorOutput(descriptor: STDERR_FILENO)
    private let isShown: Bool
    private let started = Self.now
    private var next: UInt64 = 0
    private var hasLine = false
    private var firstBytes: Int64?

    init(isShown: Bool) { self.isShown = isShown && output.isTerminal }

    /// Seconds since the beginning.
    var seconds: Double { Double(Self.now - started) / 1e9 }

    /// Whether it is time to show something.
    mutating func isDue() -> Bool {
        guard isShown, Self.now >= next else { return false }
        next = Self.now + Self.interval
        return true
    }

    /// Shows how far the run is.
    mutating func show(_ summary: IndexSummary, tip: Int32?, done: Int64, of total: Int64) {
        hasLine = true
        let first = firstBytes ?? done
        firstBytes = first
        output.write(
            "\r\u{1B}[K" + Self.line(summary, tip: tip, seconds: seconds, first: first, done: done, of: total))
    }

    /// Takes the line away.
    mutating func clear() {
        guard hasLine else { return }
        hasLine = false
        output.write("\r\u{1B}[K")
    }

    /// The line: what was done, how fast, and how long the rest of the files will take.
    package static func line(
        _ summary: IndexSummary, tip: Int32?, seconds: Double, first: Int64, done: Int64, of total: Int64
    ) -> String {
        func rate(_ count: Int) -> String { NumberText.grouped(seconds > 0 ? Int(Double(count) / seconds) : 0) }
        let place = tip.map { "height \(NumberText.grouped(Int($0)))  " } ?? ""
        return place + "\(rate(summary.blocks)) blocks/s  \(rate(summary.events)) events/s"
            + NumberText.rest(seconds: seconds, from: first, to: done, of: total)
    }

    /// The clock that never jumps, in nanoseconds.
    private static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
