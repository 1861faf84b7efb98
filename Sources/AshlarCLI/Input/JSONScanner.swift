// A strict RFC 8259 scanner that copies nothing. It walks a line once, checks every byte of it, and gives values as
// ranges into the line: a payload must reach the store byte for byte as it was written, so it is never decoded.
//
// Invariants:
// - 0 <= position <= bytes.byteCount. Every unchecked load below is guarded by a comparison with `end`.
// - Whatever a method returns was checked completely; a method that throws leaves a position of no meaning.

/// A string in a JSON text: where its content stands, and whether it must be decoded.
package struct JSONString: Hashable, Sendable {
    /// The bytes between the quotation marks.
    package var range: Range<Int>
    /// True if there are escapes in it; otherwise its bytes are its value.
    package var isEscaped: Bool

    /// Makes a string from the range of its content.
    package init(range: Range<Int>, isEscaped: Bool) {
        self.range = range
        self.isEscaped = isEscaped
    }
}

/// A strict scanner over the bytes of one JSON text; it allocates nothing.
package struct JSONScanner: ~Escapable {
    /// The text.
    package let bytes: RawSpan
    /// The number of the line that the text is, for errors.
    package let line: Int
    /// How deep arrays and objects may nest.
    package let maximumDepth: Int
    /// The offset of the next byte to look at.
    package internal(set) var position: Int
    /// How many arrays and objects are open.
    package internal(set) var depth: Int

    /// Makes a scanner over `bytes` that starts at an offset.
    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan, line: Int = 1, at position: Int = 0, maximumDepth: Int = 512) {
        precondition(position >= 0 && position <= bytes.byteCount)
        self.bytes = bytes
        self.line = line
        self.maximumDepth = maximumDepth
        self.position = position
        self.depth = 0
    }

    /// The offset after the last byte.
    @inline(__always)
    var end: Int { bytes.byteCount }

    /// The byte at an offset below `end`.
    @inline(__always)
    func byte(_ offset: Int) -> UInt8 {
        bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    /// Where an offset is, as people count.
    package func place(_ offset: Int) -> InputPosition {
        InputPosition(line: line, column: offset + 1)
    }

    /// The error for a byte that must be something else, or for the end of the text.
    func unexpected(_ expected: String, at offset: Int) -> InputError {
        guard offset < end else { return .cutOff(place(end)) }
        return .malformed(place(offset), .expected(expected, found: byte(offset)))
    }

    /// The error for a string or number that is wrong at an offset.
    func malformed(_ problem: JSONProblem, at offset: Int) -> InputError {
        .malformed(place(offset), problem)
    }
}

extension JSONScanner {
    /// Skips blanks, tabs and line ends.
    @inline(__always)
    package mutating func skipWhitespace() {
        while position < end {
            let next = byte(position)
            guard next <= 0x20, next == 0x20 || next == 0x09 || next == 0x0A || next == 0x0D else { return }
            position += 1
        }
    }

    /// Skips white space and gives the first byte of what comes next, without consuming it.
    @inline(__always)
    package mutating func peek(_ expected: String = "a value") throws(InputError) -> UInt8 {
        skipWhitespace()
        guard position < end else { throw .cutOff(place(end)) }
        return byte(position)
    }

    /// Consumes `{`, or fails if the next value is not an object.
    package mutating func openObject(_ field: String) throws(InputError) {
        try open(UInt8(ascii: "{"), field, "an object")
    }

    /// Consumes `[`, or fails if the next value is not an array.
    package mutating func openArray(_ field: String) throws(InputError) {
        try open(UInt8(ascii: "["), field, "an array")
    }

    private mutating func open(_ bracket: UInt8, _ field: String, _ expected: String) throws(InputError) {
        guard try peek() == bracket else { throw try wrongType(field, expected) }
        try enter()
    }

    /// Consumes an opening bracket and counts it.
    @inline(__always)
    mutating func enter() throws(InputError) {
        guard depth < maximumDepth else { throw malformed(.tooDeep(limit: maximumDepth), at: position) }
        depth += 1
        position += 1
    }

    /// Consumes a closing bracket.
    @inline(__always)
    mutating func leave() {
        depth -= 1
        position += 1
    }

    /// Goes to the next member of the open object: its key, with the colon consumed, or nil at the closing brace.
    ///
    /// `isFirst` starts as true for each object.
    @inline(__always)
    package mutating func nextKey(_ isFirst: inout Bool) throws(InputError) -> JSONString? {
        guard try nextItem(closing: UInt8(ascii: "}"), &isFirst) else { return nil }
        guard try peek() == UInt8(ascii: "\"") else {
            throw unexpected("a member's name in quotation marks", at: position)
        }
        let key = try scanString()
        guard try peek() == UInt8(ascii: ":") else { throw unexpected("`:`", at: position) }
        position += 1
        skipWhitespace()
        return key
    }

    /// Goes to the next element of the open array; false at the closing bracket.
    ///
    /// `isFirst` starts as true for each array.
    @inline(__always)
    package mutating func nextElement(_ isFirst: inout Bool) throws(InputError) -> Bool {
        try nextItem(closing: UInt8(ascii: "]"), &isFirst)
    }

    @inline(__always)
    private mutating func nextItem(closing: UInt8, _ isFirst: inout Bool) throws(InputError) -> Bool {
        let next = try peek()
        if next == closing {
            leave()
            return false
        }
        if isFirst {
            isFirst = false
        } else {
            guard next == UInt8(ascii: ",") else {
                throw unexpected("`,` or `\(Character(Unicode.Scalar(closing)))`", at: position)
            }
            position += 1
            // A comma promises another item, so a bracket may not follow it.
            guard try peek() != closing else { throw unexpected("a value after `,`", at: position) }
        }
        return true
    }

    /// Checks that nothing but white space follows.
    package mutating func finish() throws(InputError) {
        skipWhitespace()
        guard position == end else { throw malformed(.trailingBytes, at: position) }
    }

    /// The error for a value of the wrong kind, or for bytes that are no value at all.
    mutating func wrongType(_ field: String, _ expected: String) throws(InputError) -> InputError {
        let start = position
        _ = try skipValue()
        return .wrongType(place(start), field: field, expected: expected)
    }
}
