public import AshlarFormat

/// The events of one part of a step.
///
/// All events of a batch share a few buffers: their payloads were copied once, and going through them allocates nothing.
public struct StepEvents: Sendable, RandomAccessCollection {
    static let none = StepEvents(EventBuffers(), 0..<0)

    private let buffers: EventBuffers
    private let range: Range<Int>

    init(_ buffers: EventBuffers, _ range: Range<Int>) {
        self.buffers = buffers
        self.range = range
    }

    /// 0.
    public var startIndex: Int { 0 }
    /// The number of events.
    public var endIndex: Int { range.count }

    /// The event at a position.
    @inline(__always)
    public subscript(position: Int) -> StepEvent {
        precondition(position >= 0 && position < range.count, "no event at this position")
        return StepEvent(buffers, range.lowerBound + position)
    }
}

/// An event that is delivered with its step.
public struct StepEvent: Sendable {
    private let buffers: EventBuffers
    private let index: Int

    init(_ buffers: EventBuffers, _ index: Int) {
        self.buffers = buffers
        self.index = index
    }

    private var row: EventBuffers.Row {
        @inline(__always) get { buffers.rows[index] }
    }

    private var source: EventBuffers.Source {
        @inline(__always) get { buffers.sources[Int(row.source)] }
    }

    /// The same wherever and whenever the event is delivered.
    public var id: EventID {
        EventID(chainValue: buffers.sources[Int(row.source)].chainValue, ordinal: ordinal)
    }

    /// The sequence of the commit that holds it.
    public var sequence: UInt64 { buffers.sources[Int(row.source)].sequence }

    /// Its place in its commit, from 0.
    public var ordinal: Int { Int(row.ordinal) }

    /// Height of its block; nil for a floating event.
    public var height: Int64? { buffers.sources[Int(row.source)].height }

    /// Hash of its block; nil for a floating event.
    public var hash: BlockHash? { source.hash }

    /// The model's name.
    public var model: String { buffers.models[Int(row.model)] }

    /// The type's name.
    public var type: String { buffers.types[Int(row.type)] }

    /// A small number that stands for the model's name, among the events of one follower.
    public var modelIndex: Int { Int(row.model) }

    /// A small number that stands for the type's name, among the events of one follower.
    public var typeIndex: Int { Int(row.type) }

    /// Its number among its model's canonical events, from 1; nil for a floating event.
    public var version: UInt64? { row.version == 0 ? nil : row.version }

    /// Its own time, else that of its block or batch.
    public var timestamp: Timestamp { Timestamp(microseconds: row.timestamp) }

    /// Its own request id, else that of its block or batch, else nil.
    public var requestID: [UInt8]? {
        let row = row
        if row.requestLength == 0 { return source.requestID }
        let end = row.offset
        return Array(buffers.bytes[end - Int(row.requestLength)..<end])
    }

    /// The bytes that were appended, without a copy.
    public var payload: RawSpan {
        @_lifetime(borrow self)
        get {
            let row = row
            // The array's bytes stay where they are: the buffers are immutable, and this event keeps them.
            let bytes = buffers.bytes.withUnsafeBytes {
                UnsafeRawBufferPointer(rebasing: $0[row.offset..<row.offset + row.length])
            }
            return _overrideLifetime(RawSpan(_unsafeBytes: bytes), borrowing: self)
        }
    }

    /// The event by value.
    public var stored: StoredEvent {
        let payload = payload
        return StoredEvent(
            sequence: sequence, ordinal: ordinal, height: height, hash: hash, model: model, type: type,
            version: version, timestamp: timestamp, requestID: requestID, payload: payload.bytes(0..<payload.byteCount))
    }
}

/// What the events of one batch share.
///
/// Invariant: the ranges of rows lie within `bytes`; a row's own request id stands right before its payload.
final class EventBuffers: Sendable {
    /// One event: 64 bytes.
    struct Row {
        var offset: Int
        var length: Int
        var version: UInt64
        var timestamp: Int64
        var ordinal: UInt32
        var source: UInt32
        var model: UInt32
        var type: UInt32
        var requestLength: UInt8
    }

    /// The commit that holds some of the events.
    struct Source {
        var sequence: UInt64
        var chainValue: UInt64
        var height: Int64?
        var hash: BlockHash?
        var requestID: [UInt8]?
    }

    let rows: [Row]
    let bytes: [UInt8]
    let sources: [Source]
    let models: [String]
    let types: [String]

    init(
        rows: [Row] = [], bytes: [UInt8] = [], sources: [Source] = [], models: [String] = [], types: [String] = []
    ) {
        self.rows = rows
        self.bytes = bytes
        self.sources = sources
        self.models = models
        self.types = types
    }
}
