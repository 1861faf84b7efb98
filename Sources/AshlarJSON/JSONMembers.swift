/// The values of some members of a JSON object, by the numbers of their names: what a model reads of an event's payload.
///
/// The whole text is checked, and nothing copied. Blanks, the order of the members, and others beside them do not matter; of a name that comes
/// twice the last value counts. Names and values are compared as they are written, without escapes.
@usableFromInline
package struct JSONMembers<let count: Int>: ~Escapable {
    @usableFromInline let bytes: RawSpan
    @usableFromInline let names: InlineArray<count, StaticString>
    /// Where the values stand, texts without their quotation marks; empty and at 0 for what is not there.
    @usableFromInline var places = InlineArray<count, Range<Int>>(repeating: 0..<0)

    /// Finds the members with these names.
    @_lifetime(copy bytes)
    @inlinable
    package init(_ bytes: RawSpan, _ names: InlineArray<count, StaticString>) throws(JSONError) {
        self.bytes = bytes
        self.names = names
        var scanner = JSONScanner(bytes)
        var isFirst = true
        try scanner.openObject("the text")
        while let key = try scanner.nextKey(&isFirst) {
            let isText = try scanner.peek() == UInt8(ascii: "\"")
            let value = isText ? try scanner.scanString().range : try scanner.skipValue()
            for index in 0..<count where Self.isNamed(names[index], bytes, key.range) { places[index] = value }
        }
        try scanner.finish()
    }

    @inlinable @inline(__always)
    static func isNamed(_ name: StaticString, _ bytes: RawSpan, _ range: Range<Int>) -> Bool {
        guard name.utf8CodeUnitCount == range.count else { return false }
        for index in 0..<range.count
        where bytes.unsafeLoad(fromByteOffset: range.lowerBound + index, as: UInt8.self) != name.utf8Start[index] {
            return false
        }
        return true
    }

    /// The error for a value that is missing, or not what it should be.
    @usableFromInline
    package func wrong(_ index: Int, _ expected: String) -> JSONError {
        .wrongType(at: places[index].lowerBound, field: "\(names[index])", expected: expected)
    }

    /// A value that is an integer, not negative and not more than `most`.
    @inlinable
    package func integer(_ index: Int, most: Int64 = .max) throws(JSONError) -> Int64 {
        var result: Int64 = 0
        guard !places[index].isEmpty else { throw wrong(index, "an integer") }
        for offset in places[index] {
            let digit = bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self) &- UInt8(ascii: "0")
            guard digit < 10 else { throw wrong(index, "an integer") }
            let (scaled, isLarge) = result.multipliedReportingOverflow(by: 10)
            let (sum, isLarger) = scaled.addingReportingOverflow(Int64(digit))
            guard !isLarge, !isLarger, sum <= most else {
                throw .outOfRange(at: places[index].lowerBound, field: "\(names[index])", allowed: 0...most)
            }
            result = sum
        }
        return result
    }

    /// A value that is bytes in hexadecimal digits; so many, if a number is given.
    @inlinable
    package func hexadecimal(_ index: Int, count: Int? = nil) throws(JSONError) -> [UInt8] {
        // What is not there is at 0, where the object begins.
        guard places[index].lowerBound > 0, places[index].count == count.map({ 2 * $0 }) ?? places[index].count,
            let found = bytes.extracting(places[index]).withUnsafeBytes({ [UInt8](hex: $0) })
        else { throw wrong(index, count.map { "\(2 * $0) hexadecimal digits" } ?? "hexadecimal digits") }
        return found
    }

    /// Whether a value is true.
    @inlinable
    package func isTrue(_ index: Int) -> Bool {
        places[index].count == 4
            && bytes.unsafeLoad(fromByteOffset: places[index].lowerBound, as: UInt8.self) == UInt8(ascii: "t")
    }
}

extension JSONError: CustomStringConvertible {
    /// What is wrong, and at which byte.
    @usableFromInline package var description: String {
        switch self {
        case .cutOff(let offset): "the JSON ends too early, at byte \(offset)"
        case .malformed(let offset, let problem): "no JSON at byte \(offset): \(problem)"
        case .wrongType(_, let field, let expected): "`\(field)` is missing or not \(expected)"
        case .outOfRange(_, let field, let allowed): "`\(field)` must be \(allowed.lowerBound) to \(allowed.upperBound)"
        }
    }
}

extension [UInt8] {
    /// The bytes that hexadecimal digits of either case stand for, or nil if they are none.
    @inlinable
    package init?(hex digits: some Collection<UInt8>) {
        self = []
        reserveCapacity(digits.count / 2)
        var high: UInt8?
        for digit in digits {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit - UInt8(ascii: "A") + 10
            default: return nil
            }
            if let first = high { append(first << 4 | value) }
            high = high == nil ? value : nil
        }
        if high != nil { return nil }
    }
}
