extension JSONScanner {
    /// Checks the next value, whatever it is, and gives the exact range of its bytes.
    ///
    /// - Complexity: O(*n*) in the length of the value; nothing is allocated.
    @usableFromInline package mutating func skipValue() throws(JSONError) -> Range<Int> {
        _ = try peek()
        let start = position
        try checkValue()
        return start..<position
    }

    /// Checks the value that starts at `position`; recursion is bounded by `maximumDepth`.
    private mutating func checkValue() throws(JSONError) {
        switch byte(position) {
        case UInt8(ascii: "\""): _ = try scanString()
        case UInt8(ascii: "{"): try checkObject()
        case UInt8(ascii: "["): try checkArray()
        case UInt8(ascii: "t"): try checkWord("true")
        case UInt8(ascii: "f"): try checkWord("false")
        case UInt8(ascii: "n"): try checkWord("null")
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): _ = try scanNumber()
        default: throw unexpected("a value", at: position)
        }
    }

    private mutating func checkObject() throws(JSONError) {
        try enter()
        var isFirst = true
        while try nextKey(&isFirst) != nil {
            _ = try peek()
            try checkValue()
        }
    }

    private mutating func checkArray() throws(JSONError) {
        try enter()
        var isFirst = true
        while try nextElement(&isFirst) {
            _ = try peek()
            try checkValue()
        }
    }

    /// Consumes a literal that must stand at `position`.
    @inlinable package mutating func checkWord(_ word: StaticString) throws(JSONError) {
        for index in 0..<word.utf8CodeUnitCount {
            guard position < end, byte(position) == word.utf8Start[index] else {
                throw missingWord(word)
            }
            position += 1
        }
    }

    /// The error for something else than a literal.
    @usableFromInline
    package func missingWord(_ word: StaticString) -> JSONError { unexpected("`\(word)`", at: position) }

    /// True if the next value is `null`, which is then consumed: an optional field that is null is not there.
    @inlinable package mutating func skipNull() throws(JSONError) -> Bool {
        guard try peek() == UInt8(ascii: "n") else { return false }
        try checkWord("null")
        return true
    }

    /// Reads a string, or fails if the next value is of another kind.
    @inlinable package mutating func string(_ field: String) throws(JSONError) -> JSONString {
        guard try peek() == UInt8(ascii: "\"") else { throw try wrongType(field, "a string") }
        return try scanString()
    }

    /// Reads an integer exactly, or fails if the next value is of another kind or outside of `allowed`.
    package mutating func integer(_ field: String, in allowed: ClosedRange<Int64>) throws(JSONError) -> Int64 {
        let expected = "an integer"
        let first = try peek()
        guard first == UInt8(ascii: "-") || isDigit(first) else { throw try wrongType(field, expected) }
        let start = position
        let isInteger = try scanNumber()
        guard isInteger else { throw .wrongType(at: start, field: field, expected: expected) }
        guard let value = integerValue(start..<position), allowed.contains(value) else {
            throw .outOfRange(at: start, field: field, allowed: allowed)
        }
        return value
    }

    /// The value of checked digits, or nil if 64 bits do not hold it.
    private func integerValue(_ range: Range<Int>) -> Int64? {
        let isNegative = byte(range.lowerBound) == UInt8(ascii: "-")
        var value: Int64 = 0
        for offset in (range.lowerBound + (isNegative ? 1 : 0))..<range.upperBound {
            let digit = Int64(byte(offset) - UInt8(ascii: "0"))
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            // Digits are subtracted from negative numbers, because -2^63 has no positive counterpart.
            let (next, carry) =
                isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            guard !overflow, !carry else { return nil }
            value = next
        }
        return value
    }

    /// Checks the number at `position`; true if it is written as an integer.
    @inlinable package mutating func scanNumber() throws(JSONError) -> Bool {
        if byte(position) == UInt8(ascii: "-") { position += 1 }
        let first = position
        try scanDigits()
        guard byte(first) != UInt8(ascii: "0") || position == first + 1 else {
            throw malformed(.leadingZero, at: first)
        }
        var isInteger = true
        if position < end, byte(position) == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            try scanDigits()
        }
        if position < end, byte(position) | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position += 1
            if position < end, byte(position) == UInt8(ascii: "+") || byte(position) == UInt8(ascii: "-") {
                position += 1
            }
            try scanDigits()
        }
        return isInteger
    }

    /// Consumes digits, of which there must be one.
    @inlinable @inline(__always)
    package mutating func scanDigits() throws(JSONError) {
        let start = position
        while position < end, isDigit(byte(position)) { position += 1 }
        guard position > start else {
            throw position < end ? malformed(.missingDigit, at: position) : .cutOff(at: end)
        }
    }

    /// Whether a byte is a decimal digit.
    @inlinable @inline(__always)
    package func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}
