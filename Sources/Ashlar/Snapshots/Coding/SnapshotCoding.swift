/// The bytes in which `Codable` states stand in a snapshot; see "Coded values" in `format-spec/snapshot.md`.
///
/// A value is a tag and what the tag says. Arrays and maps give their length in bytes, so that what is not asked for is stepped over.
enum CodedTag: UInt8 {
    case null = 0
    case no = 1
    case yes = 2
    /// A varint.
    case positive = 3
    /// The varint of −1 − value.
    case negative = 4
    case float = 5
    case double = 6
    /// Length and UTF-8.
    case text = 7
    /// Length, count, values.
    case array = 8
    /// Length, count, keys (as texts without the tag) and values in turn.
    case map = 9
    /// Length and bytes: an array of `UInt8`.
    case bytes = 10
    /// 16 bytes, two's complement.
    case wide = 11
    /// 16 bytes, unsigned.
    case unsignedWide = 12

    /// How deep values may be nested.
    static let depthLimit = 256
}

/// A key that is not the type's own: "super", or the index of an element.
struct CodedKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init?(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(intValue: Int) {
        stringValue = "\(intValue)"
        self.intValue = intValue
    }

    init(_ text: String) {
        stringValue = text
        intValue = nil
    }

    static var `super`: CodedKey { CodedKey("super") }
}

extension SnapshotOutput {
    /// Appends a value in a compact self-describing form, for states (or parts of them) that are small enough to stand in memory twice.
    ///
    /// Throws what the value's own encoding throws, and `EncodingError` for one that is nested more than 256 deep. Complexity: O(bytes × depth).
    public mutating func encode(_ value: some Encodable) throws {
        let bytes = try CodedEncoder.bytes(of: value)
        try append(sized: bytes)
    }
}

extension SnapshotInput {
    /// Reads a value that `encode` appended.
    ///
    /// Throws `DecodingError` where the bytes are not those of such a value. Complexity: O(bytes).
    public mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
        let bytes = try readSizedArray()
        return try CodedDecoder.value(of: type, in: bytes)
    }
}
