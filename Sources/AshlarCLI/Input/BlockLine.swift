/// What one line of input says.
///
/// The events of a block or of a floating line stand in the parser that read the line, until it reads the next.
package enum InputLine: Hashable, Sendable {
    /// A block and its events.
    case block(BlockLine)
    /// Events of no block.
    case floating(FloatingLine)
    /// Undo every canonical block above a height; -1 undoes all.
    case rollback(toHeight: Int64, requestId: TextSlice?)
}

/// A block as a line gives it; its events are those of the parser.
package struct BlockLine: Hashable, Sendable {
    /// Its height.
    package var height: Int64
    /// Its hash, decoded.
    package var hash: [UInt8]
    /// The hash of its parent, decoded.
    package var parent: [UInt8]
    /// Its time in microseconds since 1970 UTC.
    package var timestamp: Int64
    /// The request id of those events that have none of their own.
    package var requestId: TextSlice?

    /// What the fork choice has to know of it.
    package var header: BlockHeader { BlockHeader(hash: hash, parent: parent, height: height) }
}

/// What a line of floating events says beside the events; those are in the parser.
package struct FloatingLine: Hashable, Sendable {
    /// The idempotency key of the batch.
    package var key: TextSlice?
    /// The batch's time in microseconds since 1970 UTC, if the line gives one.
    package var timestamp: Int64?
    /// The request id of those events that have none of their own.
    package var requestId: TextSlice?
}

/// One event of a line: places in the line's bytes, nothing copied.
package struct EventLine: Hashable, Sendable {
    /// The model's name.
    package var model: TextSlice
    /// The name of the event's type.
    package var type: TextSlice
    /// The event's own time in microseconds since 1970 UTC.
    package var timestamp: Int64?
    /// The event's own request id.
    package var requestId: TextSlice?
    /// Where the payload stands; 32 bits, because there are many events.
    var payloadStart: UInt32
    var payloadEnd: UInt32

    /// The exact bytes of the payload in the line.
    package var payload: Range<Int> { Int(payloadStart)..<Int(payloadEnd) }
}

/// A text of a line: a range of the line's bytes, or of the parser's own if it had escapes to decode.
///
/// `LineParser.bytes(of:in:)` gives the bytes.
package struct TextSlice: Hashable, Sendable {
    var start: UInt32
    var count: UInt32
    var isDecoded: Bool

    init(_ range: Range<Int>, isDecoded: Bool) {
        start = UInt32(range.lowerBound)
        count = UInt32(range.count)
        self.isDecoded = isDecoded
    }

    var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
}

/// How much a line may hold; the defaults are those of a store's writer.
package struct LineLimits: Hashable, Sendable {
    /// The most bytes of one payload.
    package var payload: Int
    /// The most events of one line.
    package var events: Int
    /// The most bytes of a name, a request id and an idempotency key.
    package var text: Int

    /// Makes limits.
    package init(payload: Int = 64 << 20, events: Int = 1 << 24, text: Int = 255) {
        self.payload = payload
        self.events = events
        self.text = text
    }
}
