/// What is wrong with a JSON text, and at which offset of it.
@usableFromInline
package enum JSONError: Error, Hashable, Sendable {
    /// The text ends in the middle of a value.
    case cutOff(at: Int)
    /// The bytes are not JSON.
    case malformed(at: Int, JSONProblem)
    /// A field has a value of another kind than it must have.
    case wrongType(at: Int, field: String, expected: String)
    /// An integer is outside of what its field can hold.
    case outOfRange(at: Int, field: String, allowed: ClosedRange<Int64>)

    /// The offset where it goes wrong.
    package var offset: Int {
        switch self {
        case .cutOff(let offset), .malformed(let offset, _), .wrongType(let offset, _, _),
            .outOfRange(let offset, _, _):
            offset
        }
    }
}

/// What is wrong with bytes that are not JSON.
@usableFromInline
package enum JSONProblem: Hashable, Sendable {
    /// Another byte stands where one of a few must stand.
    case expected(String, found: UInt8)
    /// Something follows the value that makes up the line.
    case trailingBytes
    /// A control character stands unescaped in a string.
    case controlCharacter(UInt8)
    /// A backslash is followed by something that is no escape.
    case badEscape
    /// A UTF-16 surrogate stands without its other half.
    case loneSurrogate
    /// Bytes in a string are not UTF-8.
    case invalidUTF8
    /// A number starts with a superfluous zero.
    case leadingZero
    /// A number misses a digit where one must stand.
    case missingDigit
    /// Arrays and objects are nested deeper than the limit.
    case tooDeep(limit: Int)
}

extension JSONProblem: CustomStringConvertible {
    @usableFromInline package var description: String {
        switch self {
        case .expected(let what, let found): "expected \(what), found \(Self.name(found))"
        case .trailingBytes: "something follows the end of the object; put it on a line of its own or remove it"
        case .controlCharacter(let byte): "control character \(Self.name(byte)) in a string; escape it"
        case .badEscape: "a backslash in a string that starts no escape; double it"
        case .loneSurrogate: "half of a UTF-16 surrogate pair; write both halves or the character itself"
        case .invalidUTF8: "bytes that are not UTF-8; the input must be UTF-8"
        case .leadingZero: "a number with a leading zero; remove it"
        case .missingDigit: "a number that misses a digit"
        case .tooDeep(let limit): "arrays and objects nested deeper than \(limit)"
        }
    }

    private static func name(_ byte: UInt8) -> String {
        guard byte > 0x20, byte < 0x7F else { return "byte 0x" + String(byte, radix: 16) }
        return "`\(Character(Unicode.Scalar(byte)))`"
    }
}
