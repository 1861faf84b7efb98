package import AshlarFormat
import AshlarJSON

/// Reads lines of input, and keeps the events of the last one.
///
/// One parser reads many lines: it reuses its storage, so a line costs two small allocations (its hashes) and an event
/// none. After an error its events are those read before it.
package struct LineParser: ~Copyable {
    /// The notation of hashes; if nil, the first hash that is read decides.
    package private(set) var notation: HashNotation?
    /// How much a line may hold.
    package let limits: LineLimits
    /// The events of the last line, in order.
    package internal(set) var events: [EventLine] = []

    /// The values of texts with escapes in the last line, one after the other.
    var decoded: [UInt8] = []
    var lineKeys = SeenKeys()
    var eventKeys = SeenKeys()

    /// The values that are in range for a time in seconds, so that it fits 64 bits in microseconds.
    static let seconds = (Int64.min / 1_000_000)...(Int64.max / 1_000_000)
    /// The heights that a block can have.
    static let heights = 0...(Int64.max - 1)

    /// Makes a parser for a store whose hashes are in `notation`, or for a new store.
    package init(notation: HashNotation? = nil, limits: LineLimits = LineLimits()) {
        self.notation = notation
        self.limits = limits
    }

    /// Reads one line, given without its line end.
    ///
    /// - Complexity: O(*n*) in the length of the line.
    package mutating func parse(_ line: RawSpan, lineNumber: Int) throws(InputError) -> InputLine {
        precondition(line.byteCount <= Int(UInt32.max))
        events.removeAll(keepingCapacity: true)
        decoded.removeAll(keepingCapacity: true)
        lineKeys.reset()
        var scanner = LineScanner(line, line: lineNumber)
        var members = LineMembers()
        try scanner.openObject("the line")
        var isFirst = true
        while let key = try scanner.nextKey(&isFirst) {
            try readMember(key, of: &members, &scanner)
        }
        try scanner.finish()
        return try assemble(&members, scanner)
    }

    /// The bytes of a text of the last line; `line` is what was given to `parse`.
    @_lifetime(copy line, borrow self)
    package func bytes(of text: TextSlice, in line: RawSpan) -> RawSpan {
        text.bytes(line: line, decoded: decoded.span.bytes)
    }

    /// A text of the last line; `line` is what was given to `parse`.
    package func string(of text: TextSlice, in line: RawSpan) -> String {
        bytes(of: text, in: line).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}

/// The members of a line as they are read; which of them must be there depends on what the line turns out to be.
struct LineMembers {
    var height: Int64?
    var hash: [UInt8]?
    var parent: [UInt8]?
    var timestamp: Int64?
    var requestId: TextSlice?
    var toHeight: Int64?
    /// Where the value of `key` starts: it means something in floating lines only, and may be anything in others.
    var keyOffset: Int?
}

extension LineParser {
    /// Reads one member of a line.
    private mutating func readMember(
        _ key: JSONString, of members: inout LineMembers, _ scanner: inout LineScanner
    ) throws(InputError) {
        switch try lineKeys.identify(key, scanner, &decoded) {
        case .height: members.height = try scanner.integer("height", in: Self.heights)
        case .hash: members.hash = try readHash("hash", &scanner)
        case .parent: members.parent = try readHash("parent", &scanner)
        case .timestamp: members.timestamp = try readTimestamp(&scanner)
        case .requestId: members.requestId = try readOptionalText("requestId", &scanner)
        case .events:
            try refuseMixture("events", with: "floating", .floating, key, scanner)
            try readEvents("events", &scanner)
        case .floating:
            try refuseMixture("floating", with: "events", .events, key, scanner)
            try readEvents("floating", &scanner)
        case .rollback: members.toHeight = try readRollback(&scanner)
        case .key: members.keyOffset = try scanner.skipValue().lowerBound
        case .toHeight, .model, .type, .payload, nil: _ = try scanner.skipValue()
        }
    }

    private func refuseMixture(
        _ name: String, with other: String, _ field: LineField, _ key: JSONString, _ scanner: borrowing LineScanner
    ) throws(InputError) {
        guard lineKeys.contains(field) else { return }
        throw .mixedLine(scanner.place(key.range.lowerBound - 1), first: other, second: name)
    }
}

extension LineParser {
    /// Sets the notation by the first hash of a new store.
    mutating func settleNotation(_ text: String) -> HashNotation {
        let settled = notation ?? .detect(from: text)
        notation = settled
        return settled
    }
}
