import Glibc

/// The line that shows people how far a run is; nothing where nobody looks.
struct IndexProgress {
    private static let interval: UInt64 = 250_000_000

    private let isShown: Bool
    private let started = Clock.nanoseconds
    private var next: UInt64 = 0
    private var hasLine = false
    private var firstBytes: Int64?

    init(isShown: Bool) { self.isShown = isShown && isatty(STDERR_FILENO) == 1 }

    /// Seconds since the beginning.
    var seconds: Double { Double(Clock.nanoseconds - started) / 1e9 }

    /// Whether it is time to show something.
    mutating func isDue() -> Bool {
        guard isShown else { return false }
        let now = Clock.nanoseconds
        guard now >= next else { return false }
        next = now + Self.interval
        return true
    }

    /// Shows how far the run is.
    mutating func show(_ summary: IndexSummary, tip: Int32?, done: Int64, of total: Int64) {
        hasLine = true
        let first = firstBytes ?? done
        firstBytes = first
        Terminal.write(
            "\r\u{1B}[K" + Self.line(summary, tip: tip, seconds: seconds, first: first, done: done, of: total),
            to: STDERR_FILENO)
    }

    /// Takes the line away.
    mutating func clear() {
        guard hasLine else { return }
        hasLine = false
        Terminal.write("\r\u{1B}[K", to: STDERR_FILENO)
    }

    /// The line: what was done, how fast, and how long the rest of the files will take.
    static func line(
        _ summary: IndexSummary, tip: Int32?, seconds: Double, first: Int64, done: Int64, of total: Int64
    ) -> String {
        func rate(_ count: Int) -> String { Text.grouped(seconds > 0 ? Int(Double(count) / seconds) : 0) }
        var parts: [String] = []
        if let tip { parts.append("height \(Text.grouped(Int(tip)))") }
        parts.append("\(rate(summary.blocks)) blocks/s")
        parts.append("\(rate(summary.events)) events/s")
        if total > 0 { parts.append("\(100 * min(done, total) / total)%") }
        if done > first, total > done {
            let left = Int(min(seconds * Double(total - done) / Double(done - first), 1e9))
            let hours = left >= 3_600 ? "\(left / 3_600) h " : ""
            parts.append("\(hours)\(left / 60 % 60) min \(left % 60) s left")
        }
        return parts.joined(separator: "  ")
    }
}

/// The clock that never jumps.
enum Clock {
    static var nanoseconds: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// Text that goes out at once.
enum Terminal {
    static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
                if count > 0 {
                    done += count
                } else if count == 0 || errno != EINTR {
                    return
                }
            }
        }
    }
}
