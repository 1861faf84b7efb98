// A strict RFC 8259 scanner that copies nothing. It walks a text once, checks every byte of it, and gives values as
// ranges into the text: what must be kept byte for byte is never decoded.
//
// What runs once for every token or byte is inlinable: other modules walk texts as fast as this one could. What runs for
// escapes, multibyte characters and errors is called. The compiler takes a body into another module only if the types
// and all that the body uses are @usableFromInline, even where everything is `package`.
//
// Invariants:
// - 0 <= position <= bytes.byteCount. Every unchecked load below is guarded by a comparison with `end`.
// - Whatever a method returns was checked completely; a method that throws leaves a position of no meaning.

/// A string in a JSON text: where its content stands, and whether it must be decoded.
@usableFromInline
package struct JSONString: Hashable, Sendable {
    /// The bytes between the quotation marks.
    @usableFromInline package var range: Range<Int>
    /// True if there are escapes in it; otherwise its bytes are its value.
    @usableFromInline package var isEscaped: Bool

    /// Makes a string from the range of its content.
    @inlinable package init(range: Range<Int>, isEscaped: Bool) {
        self.range = range
        self.isEscaped = isEscaped
    }
}

/// A strict scanner over the bytes of one JSON text; it allocates nothing.
@usableFromInline
package struct JSONScanner: ~Escapable {
    /// The text.
    @usableFromInline package let bytes: RawSpan
    /// How deep arrays and objects may nest.
    @usableFromInline package let maximumDepth: Int
    /// The offset of the next byte to look at.
    @usableFromInline package var position: Int
    /// How many arrays and objects are open.
    @usableFromInline package var depth: Int

    /// Makes a scanner over `bytes` that starts at an offset.
    @_lifetime(copy bytes)
    @inlinable package init(_ bytes: RawSpan, at position: Int = 0, maximumDepth: Int = 512) {
        precondition(position >= 0 && position <= bytes.byteCount)
        self.bytes = bytes
        self.maximumDepth = maximumDepth
        self.position = position
        self.depth = 0
    }

    /// The offset after the last byte.
    @inlinable @inline(__always)
    package var end: Int { bytes.byteCount }

    /// The byte at an offset below `end`.
    @inlinable @inline(__always)
    package func byte(_ offset: Int) -> UInt8 {
        bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    /// The error for a byte that must be something else, or for the end of the text.
    @usableFromInline package func unexpected(_ expected: String, at offset: Int) -> JSONError {
        guard offset < end else { return .cutOff(at: end) }
        return .malformed(at: offset, .expected(expected, found: byte(offset)))
    }

    /// The error for a string or number that is wrong at an offset.
    @usableFromInline package func malformed(_ problem: JSONProblem, at offset: Int) -> JSONError {
        .malformed(at: offset, problem)
    }
}

extension JSONScanner {
    /// Skips blanks, tabs and line ends.
    @inlinable @inline(__always)
    package mutating func skipWhitespace() {
        while position < end {
            let next = byte(position)
            guard next <= 0x20, next == 0x20 || next == 0x09 || next == 0x0A || next == 0x0D else { return }
            position += 1
        }
    }

    /// Skips white space and gives the first byte of what comes next, without consuming it.
    @inlinable @inline(__always)
    package mutating func peek(_ expected: String = "a value") throws(JSONError) -> UInt8 {
        skipWhitespace()
        guard position < end else { throw .cutOff(at: end) }
        return byte(position)
    }

    /// Consumes `{`, or fails if the next value is not an object.
    @inlinable package mutating func openObject(_ field: String) throws(JSONError) {
        try open(UInt8(ascii: "{"), field, "an object")
    }

    /// Consumes `[`, or fails if the next value is not an array.
    @inlinable package mutating func openArray(_ field: String) throws(JSONError) {
        try open(UInt8(ascii: "["), field, "an array")
    }

    /// Consumes an opening bracket, or fails if the next value is of another kind.
    @inlinable package mutating func open(_ bracket: UInt8, _ field: String, _ expected: String) throws(JSONError) {
        guard try peek() == bracket else { throw try wrongType(field, expected) }
        try enter()
    }

    /// Consumes an opening bracket and counts it.
    @inlinable @inline(__always)
    package mutating func enter() throws(JSONError) {
        guard depth < maximumDepth else { throw malformed(.tooDeep(limit: maximumDepth), at: position) }
        depth += 1
        position += 1
    }

    /// Consumes a closing bracket.
    @inlinable @inline(__always)
    package mutating func leave() {
        depth -= 1
        position += 1
    }

    /// Goes to the next member of the open object: its key, with the colon consumed, or nil at the closing brace.
    ///
    /// `isFirst` starts as true for each object.
    @inlinable @inline(__always)
    package mutating func nextKey(_ isFirst: inout Bool) throws(JSONError) -> JSONString? {
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
    @inlinable @inline(__always)
    package mutating func nextElement(_ isFirst: inout Bool) throws(JSONError) -> Bool {
        try nextItem(closing: UInt8(ascii: "]"), &isFirst)
    }

    /// Goes to the next member or element; false at the closing bracket, which is then consumed.
    @inlinable @inline(__always)
    package mutating func nextItem(closing: UInt8, _ isFirst: inout Bool) throws(JSONError) -> Bool {
        let next = try peek()
        if next == closing {
            leave()
            return false
        }
        if isFirst {
            isFirst = false
        } else {
            guard next == UInt8(ascii: ",") else {
                throw missingComma(or: closing)
            }
            position += 1
            // A comma promises another item, so a bracket may not follow it.
            guard try peek() != closing else { throw unexpected("a value after `,`", at: position) }
        }
        return true
    }

    /// The error for something else than a comma or the closing bracket.
    @usableFromInline package func missingComma(or closing: UInt8) -> JSONError {
        unexpected("`,` or `\(Character(Unicode.Scalar(closing)))`", at: position)
    }

    /// Checks that nothing but white space follows.
    @inlinable package mutating func finish() throws(JSONError) {
        skipWhitespace()
        guard position == end else { throw malformed(.trailingBytes, at: position) }
    }

    /// The error for a value of the wrong kind, or for bytes that are no value at all.
    @usableFromInline
    package mutating func wrongType(_ field: String, _ expected: String) throws(JSONError) -> JSONError {
        let start = position
        _ = try skipValue()
        return .wrongType(at: start, field: field, expected: expected)
    }
}
