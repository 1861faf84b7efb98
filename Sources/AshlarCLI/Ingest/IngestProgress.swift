import AshlarStorage

/// The line that shows people how far a run is; nothing where nobody looks.
struct IngestProgress {
    private static let interval: UInt64 = 250_000_000

    private let output: DescriptorOutput
    private let isShown: Bool
    private let started = SystemCalls.monotonicNanoseconds()
    private var next: UInt64 = 0
    private var hasLine = false
    /// Where the present input was when it was begun, and when that was.
    private var base: (offset: Int64, time: UInt64) = (0, 0)

    init(_ output: DescriptorOutput, isShown: Bool) {
        self.output = output
        self.isShown = isShown && output.isTerminal
        next = started + Self.interval
    }

    /// Seconds since the beginning.
    var seconds: Double { Double(SystemCalls.monotonicNanoseconds() - started) / 1e9 }

    /// Notes where an input is begun: what was passed over before says nothing about the speed.
    mutating func begin(_ reader: borrowing LineReader) {
        base = (reader.fileOffset, SystemCalls.monotonicNanoseconds())
    }

    /// Shows how far the run is, a few times a second.
    mutating func show(_ summary: IngestSummary, tip: Int64?, _ reader: borrowing LineReader) {
        guard isShown else { return }
        let now = SystemCalls.monotonicNanoseconds()
        guard now >= next else { return }
        next = now + Self.interval
        hasLine = true
        var line = Self.line(summary, tip: tip, seconds: Double(now - started) / 1e9, offset: reader.offset)
        if let size = reader.fileSize {
            let inputSeconds = Double(now - base.time) / 1e9
            line += NumberText.rest(seconds: inputSeconds, from: base.offset, to: reader.fileOffset, of: size)
        }
        output.write("\r\u{1B}[K" + line)
    }

    /// Takes the line away.
    mutating func clear() {
        guard hasLine else { return }
        output.write("\r\u{1B}[K")
        hasLine = false
    }

    /// What the line says of what was done.
    static func line(_ summary: IngestSummary, tip: Int64?, seconds: Double, offset: Int64) -> String {
        NumberText.speed(
            height: tip, blocks: summary.blocks, events: summary.events + summary.floatingEvents, seconds: seconds)
            + "  \(NumberText.decimals(Double(offset) / 1e6, 1)) MB read"
    }
}
