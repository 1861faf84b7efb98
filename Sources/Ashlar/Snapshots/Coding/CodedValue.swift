/// Where a coded value stands among the bytes: its tag, and the range of what the tag announces.
struct CodedValue {
    let tag: CodedTag
    let start: Int
    let end: Int
}

/// The bytes of a coded value, with the checks that make reading any bytes safe.
///
/// Invariant: no range given out reaches beyond `bytes`, and none inside a container beyond that container.
final class CodedBytes {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    static func damaged(_ what: String, _ path: [any CodingKey]) -> DecodingError {
        .dataCorrupted(.init(codingPath: path, debugDescription: what))
    }

    /// The value that starts at `offset`, which is before `limit`.
    func value(at offset: Int, limit: Int, _ path: [any CodingKey]) throws(DecodingError) -> CodedValue {
        guard offset < limit, let tag = CodedTag(rawValue: bytes[offset]) else {
            throw Self.damaged(offset < limit ? "unknown tag \(bytes[offset])" : "a value is missing", path)
        }
        var position = offset + 1
        let length: Int
        switch tag {
        case .null, .no, .yes: length = 0
        case .float: length = 4
        case .double: length = 8
        case .wide, .unsignedWide: length = 16
        case .positive, .negative:
            let start = position
            _ = try varint(&position, limit, path)
            return CodedValue(tag: tag, start: start, end: position)
        case .text, .bytes, .array, .map:
            length = try count(&position, limit, path)
        }
        guard length <= limit - position else { throw Self.damaged("a value ends too early", path) }
        return CodedValue(tag: tag, start: position, end: position + length)
    }

    func varint(_ position: inout Int, _ limit: Int, _ path: [any CodingKey]) throws(DecodingError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < limit {
            let byte = bytes[position]
            position += 1
            let bits = UInt64(byte & 0x7F)
            guard shift < 63 || shift == 63 && bits <= 1 else { break }
            value |= bits << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw Self.damaged("a varint is too long or ends too early", path)
    }

    /// A varint that counts bytes, or things of at least one byte, up to `limit`.
    func count(_ position: inout Int, _ limit: Int, _ path: [any CodingKey]) throws(DecodingError) -> Int {
        let value = try varint(&position, limit, path)
        guard value <= UInt64(limit - position) else { throw Self.damaged("a length of \(value) is too great", path) }
        return Int(value)
    }

    func text(_ range: Range<Int>, _ path: [any CodingKey]) throws(DecodingError) -> String {
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw Self.damaged("a text is not UTF-8", path)
        }
        return text
    }

    private func fixed<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type, at offset: Int) -> T {
        T(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: T.self) })
    }
}

// The values of single types. They give nil where the value is of another type.
extension CodedBytes {
    func bool(_ value: CodedValue) -> Bool? {
        switch value.tag {
        case .no: false
        case .yes: true
        default: nil
        }
    }

    func float(_ value: CodedValue) -> Float? {
        value.tag == .float ? Float(bitPattern: fixed(UInt32.self, at: value.start)) : nil
    }

    func double(_ value: CodedValue) -> Double? {
        value.tag == .double ? Double(bitPattern: fixed(UInt64.self, at: value.start)) : nil
    }

    func string(_ value: CodedValue, _ path: [any CodingKey]) throws(DecodingError) -> String? {
        value.tag == .text ? try text(value.start..<value.end, path) : nil
    }

    /// Throws if the number does not fit the type.
    func integer<T: FixedWidthInteger>(
        _: T.Type, _ value: CodedValue, _ path: [any CodingKey]
    ) throws(DecodingError) -> T? {
        var position = value.start
        let number: T?
        switch value.tag {
        case .positive:
            number = T(exactly: try varint(&position, value.end, path))
        case .negative:
            let magnitude = try varint(&position, value.end, path)
            guard magnitude <= UInt64(Int64.max) else { throw Self.damaged("a number is out of range", path) }
            number = T(exactly: ~Int64(magnitude))
        case .wide: number = T(exactly: fixed(Int128.self, at: value.start))
        case .unsignedWide: number = T(exactly: fixed(UInt128.self, at: value.start))
        default: return nil
        }
        guard let number else { throw Self.damaged("a number does not fit \(T.self)", path) }
        return number
    }
}
