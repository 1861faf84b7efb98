import AshlarCLI
import AshlarFormat

/// A small generator with a seed, so that a failure comes again (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// One event of a parsed line, copied out of it.
struct PlainEvent: Hashable {
    var model: String
    var type: String
    var payload: String
    var timestamp: Int64?
    var requestId: String?
}

/// A parsed line, copied out of its parser; or the error.
struct PlainLine {
    var line: InputLine?
    var error: InputError?
    var events: [PlainEvent] = []
    var requestId: String?
    var key: String?
    var notation: HashNotation?
}

/// Parses one line and copies everything out.
func parseLine(
    _ text: String, number: Int = 1, notation: HashNotation? = .hex, limits: LineLimits = LineLimits()
) -> PlainLine {
    parseLine(Array(text.utf8), number: number, notation: notation, limits: limits)
}

func parseLine(
    _ bytes: [UInt8], number: Int = 1, notation: HashNotation? = .hex, limits: LineLimits = LineLimits()
) -> PlainLine {
    var parser = LineParser(notation: notation, limits: limits)
    var result = PlainLine()
    let span = bytes.span.bytes
    do {
        let line = try parser.parse(span, lineNumber: number)
        result.line = line
        switch line {
        case .block(let block): result.requestId = copy(block.requestId, parser, span)
        case .floating(let floating):
            result.requestId = copy(floating.requestId, parser, span)
            result.key = copy(floating.key, parser, span)
        case .rollback(_, let requestId): result.requestId = copy(requestId, parser, span)
        }
        result.events = parser.events.map { PlainEvent($0, bytes) }
        for index in result.events.indices {
            result.events[index].model = parser.string(of: parser.events[index].model, in: span)
            result.events[index].type = parser.string(of: parser.events[index].type, in: span)
            result.events[index].requestId = copy(parser.events[index].requestId, parser, span)
        }
    } catch {
        result.error = error
    }
    result.notation = parser.notation
    return result
}

private func copy(_ text: TextSlice?, _ parser: borrowing LineParser, _ line: RawSpan) -> String? {
    guard let text else { return nil }
    return parser.string(of: text, in: line)
}

extension PlainEvent {
    fileprivate init(_ event: EventLine, _ line: [UInt8]) {
        model = ""
        type = ""
        payload = String(decoding: line[event.payload], as: UTF8.self)
        timestamp = event.timestamp
        requestId = nil
    }
}
