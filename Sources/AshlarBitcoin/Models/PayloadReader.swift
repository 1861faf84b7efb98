import Ashlar
import Glibc

/// Why a payload is not one of this indexer's.
package enum PayloadProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// It is no flat JSON object.
    case malformed(offset: Int)
    /// A member is missing, or its value is of another kind.
    case missing(String)
    /// It spends an output that is not there.
    case unknownOutput(Outpoint)

    /// What is wrong.
    package var description: String {
        switch self {
        case .malformed(let offset): "its payload is no flat JSON object (byte \(offset))"
        case .missing(let name): "its payload has no `\(name)` as it should be"
        case .unknownOutput(let outpoint): "it spends \(outpoint), which does not exist"
        }
    }
}

/// Reads the members of a flat JSON object one by one: texts without escapes, integers, true and false.
///
/// It copies nothing. Blanks and the order of the members do not matter, so that payloads may come by way of another tool.
struct PayloadReader: ~Escapable {
    private let bytes: RawSpan
    private var offset = 0
    /// The name of the member, and its value: without quotation marks.
    private(set) var name = 0..<0
    private(set) var value = 0..<0

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) { self.bytes = bytes }

    /// Goes to the next member; false behind the last.
    @_lifetime(self: copy self)
    mutating func next() throws(PayloadProblem) -> Bool {
        skipBlanks()
        if offset == 0 || name.isEmpty, take(UInt8(ascii: "{")) {
            skipBlanks()
            if take(UInt8(ascii: "}")) { return false }
        } else if take(UInt8(ascii: "}")) {
            return false
        } else {
            guard take(UInt8(ascii: ",")) else { throw .malformed(offset: offset) }
            skipBlanks()
        }
        name = try text()
        guard !name.isEmpty else { throw .malformed(offset: offset) }
        skipBlanks()
        guard take(UInt8(ascii: ":")) else { throw .malformed(offset: offset) }
        skipBlanks()
        value = try peek() == UInt8(ascii: "\"") ? text() : word()
        return true
    }

    /// Whether the member has a name.
    func isNamed(_ text: StaticString) -> Bool {
        guard text.utf8CodeUnitCount == name.count else { return false }
        return bytes.extracting(name).withUnsafeBytes { bytes in
            bytes.baseAddress.map { memcmp($0, text.utf8Start, bytes.count) == 0 } ?? true
        }
    }

    /// The value as an integer.
    func integer<Number: FixedWidthInteger>() throws(PayloadProblem) -> Number {
        var result: Number = 0
        guard !value.isEmpty else { throw .malformed(offset: value.lowerBound) }
        for index in value {
            let digit = byte(index) &- UInt8(ascii: "0")
            let (scaled, isLarge) = result.multipliedReportingOverflow(by: 10)
            let (sum, isLarger) = scaled.addingReportingOverflow(Number(truncatingIfNeeded: digit))
            guard digit < 10, !isLarge, !isLarger else { throw .malformed(offset: index) }
            result = sum
        }
        return result
    }

    /// The value as the 32 bytes of a hash.
    func hash() throws(PayloadProblem) -> Hash256 {
        let hash = bytes.extracting(value).withUnsafeBytes { Hash256(printed: $0) }
        guard let hash else { throw .malformed(offset: value.lowerBound) }
        return hash
    }

    /// The value as bytes that are written in hexadecimal digits.
    func script() throws(PayloadProblem) -> Script {
        let script = bytes.extracting(value).withUnsafeBytes { Script(hex: $0) }
        guard let script else { throw .malformed(offset: value.lowerBound) }
        return script
    }

    /// The value as a number of eight hexadecimal digits.
    func bits() throws(PayloadProblem) -> UInt32 {
        var result: UInt32 = 0
        guard value.count == 8 else { throw .malformed(offset: value.lowerBound) }
        for index in value {
            guard let digit = Hex.value(of: byte(index)) else { throw .malformed(offset: index) }
            result = result << 4 | UInt32(digit)
        }
        return result
    }

    /// The value as true or false.
    func bool() -> Bool { value.count == 4 && byte(value.lowerBound) == UInt8(ascii: "t") }
}

extension PayloadReader {
    @inline(__always)
    private func byte(_ index: Int) -> UInt8 { bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) }

    private func peek() throws(PayloadProblem) -> UInt8 {
        guard offset < bytes.byteCount else { throw .malformed(offset: offset) }
        return byte(offset)
    }

    @_lifetime(self: copy self)
    private mutating func take(_ expected: UInt8) -> Bool {
        guard offset < bytes.byteCount, byte(offset) == expected else { return false }
        offset += 1
        return true
    }

    @_lifetime(self: copy self)
    private mutating func skipBlanks() {
        while offset < bytes.byteCount, [0x20, 0x09, 0x0A, 0x0D].contains(byte(offset)) { offset += 1 }
    }

    @_lifetime(self: copy self)
    private mutating func text() throws(PayloadProblem) -> Range<Int> {
        guard take(UInt8(ascii: "\"")) else { throw .malformed(offset: offset) }
        let start = offset
        while try peek() != UInt8(ascii: "\"") {
            guard byte(offset) != UInt8(ascii: "\\") else { throw .malformed(offset: offset) }
            offset += 1
        }
        offset += 1
        return start..<offset - 1
    }

    @_lifetime(self: copy self)
    private mutating func word() throws(PayloadProblem) -> Range<Int> {
        let start = offset
        while offset < bytes.byteCount {
            let byte = byte(offset)
            guard
                byte >= UInt8(ascii: "a") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "-")
            else { break }
            guard byte < UInt8(ascii: "{") else { break }
            offset += 1
        }
        guard offset > start else { throw .malformed(offset: offset) }
        return start..<offset
    }
}
