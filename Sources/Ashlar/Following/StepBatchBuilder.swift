import AshlarFormat

/// Gathers the steps of one batch and says when it is full.
///
/// Invariant: the rows of `steps` are ranges of `rows` in order. The first thing always fits, whatever its size.
struct StepBatchBuilder {
    private let eventLimit: Int
    private let byteLimit: Int
    /// Events, undone blocks and steps without either: what is bounded.
    private var count = 0
    private var byteCount = 0
    private var rows: [EventBuffers.Row] = []
    private var bytes: [UInt8] = []
    private var sources: [EventBuffers.Source] = []
    private var steps: [(step: Step, rows: Range<Int>)] = []
    private var openRow = 0
    private var openCount = 0
    private var openByteCount = 0

    /// `like` is the size of the batch before: most are alike.
    init(_ options: SubscriptionOptions, like previous: (rows: Int, bytes: Int)) {
        eventLimit = max(options.batchEvents, 1)
        byteLimit = max(options.batchBytes, 1)
        rows.reserveCapacity(previous.rows)
        bytes.reserveCapacity(previous.bytes)
    }

    var isEmpty: Bool { steps.isEmpty }

    /// Numbers of rows and of bytes.
    var size: (rows: Int, bytes: Int) { (rows.count, bytes.count) }

    /// Whether something of `size` bytes still fits.
    @inline(__always)
    func hasRoom(for size: Int) -> Bool { count == 0 || (count < eventLimit && byteCount + size <= byteLimit) }

    /// Counts an undone block.
    mutating func countUndone(bytes: Int) {
        count += 1
        byteCount += bytes
    }

    /// Begins a part of a step whose events are in the commit `source`.
    mutating func begin(_ source: EventBuffers.Source) {
        openRow = rows.count
        openCount = count
        openByteCount = byteCount
        sources.append(source)
    }

    /// Adds an event to the part that was begun; its own request id stands in `content` at `requestID`, its payload behind.
    @inline(__always)
    mutating func add(_ row: EventBuffers.Row, _ content: UnsafeRawBufferPointer, requestID: Range<Int>) {
        var row = row
        let start = requestID.isEmpty ? content.count - row.length : requestID.lowerBound
        bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: content[start...]))
        row.requestLength = UInt8(truncatingIfNeeded: requestID.count)
        row.offset = bytes.count - row.length
        row.source = UInt32(truncatingIfNeeded: sources.count - 1)
        rows.append(row)
        count += 1
        byteCount += content.count
    }

    /// Ends the part that was begun.
    mutating func end(_ step: Step) {
        if rows.count == openRow { count += 1 }
        steps.append((step, openRow..<rows.count))
    }

    /// Takes back the part that was begun.
    mutating func discard() {
        rows.removeLast(rows.count - openRow)
        if !sources.isEmpty { sources.removeLast() }
        count = openCount
        byteCount = openByteCount
    }

    /// Adds a step that has no events.
    mutating func add(_ step: Step) { steps.append((step, 0..<0)) }

    /// The batch.
    consuming func finish(_ cursor: Cursor, models: [String], types: [String]) -> StepBatch {
        let eventCount = rows.count
        let buffers = EventBuffers(rows: rows, bytes: bytes, sources: sources, models: models, types: types)
        let finished = steps.map { step, range in
            var step = step
            switch step.content {
            case .applied(var block):
                block.events = StepEvents(buffers, range)
                step.content = .applied(block)
            case .floating(var batch):
                batch.events = StepEvents(buffers, range)
                step.content = .floating(batch)
            case .undone: break
            }
            return step
        }
        return StepBatch(steps: finished, cursor: cursor, eventCount: eventCount)
    }
}
