/// Makes `Decodable` values of the bytes of a snapshot.
struct CodedDecoder: Decoder {
    let source: CodedBytes
    let value: CodedValue
    let depth: Int
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    static func value<T: Decodable>(of type: T.Type, in bytes: [UInt8]) throws -> T {
        let source = CodedBytes(bytes)
        let value = try source.value(at: 0, limit: bytes.count, [])
        guard value.end == bytes.count else { throw CodedBytes.damaged("bytes behind the value", []) }
        return try decode(type, value, source, depth: 0, [])
    }

    /// Makes a value of type `T`; those of the commonest types without a decoder of their own.
    static func decode<T: Decodable>(
        _: T.Type, _ value: CodedValue, _ source: CodedBytes, depth: Int, _ path: @autoclosure () -> [any CodingKey]
    ) throws -> T {
        if let scalar = try scalar(T.self, value, source, path()) { return scalar }
        let path = path()
        guard depth < CodedTag.depthLimit else {
            throw CodedBytes.damaged("nested more than \(CodedTag.depthLimit) deep", path)
        }
        return try T(from: CodedDecoder(source: source, value: value, depth: depth, codingPath: path))
    }

    private static func scalar<T>(
        _: T.Type, _ value: CodedValue, _ source: CodedBytes, _ path: @autoclosure () -> [any CodingKey]
    ) throws -> T? {
        switch value.tag {
        case .positive, .negative:
            if T.self == Int.self { return try source.integer(Int.self, value, path()) as? T }
            if T.self == UInt64.self { return try source.integer(UInt64.self, value, path()) as? T }
            if T.self == Int64.self { return try source.integer(Int64.self, value, path()) as? T }
        case .text:
            if T.self == String.self { return try source.string(value, path()) as? T }
        case .double:
            if T.self == Double.self { return source.double(value) as? T }
        case .bytes:
            if T.self == [UInt8].self { return Array(source.bytes[value.start..<value.end]) as? T }
        default: break
        }
        return nil
    }

    func container<Key: CodingKey>(keyedBy _: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard value.tag == .map else { throw mismatch([String: Any].self) }
        return KeyedDecodingContainer(
            CodedMapReader<Key>(
                map: try CodedMap(source, value, codingPath), source: source, depth: depth, codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard value.tag == .array || value.tag == .bytes else { throw mismatch([Any].self) }
        return try CodedArrayReader(source, value, depth: depth, codingPath)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

    private func mismatch(_ type: Any.Type) -> DecodingError { Self.mismatch(type, value, codingPath) }

    static func mismatch(_ type: Any.Type, _ value: CodedValue, _ path: [any CodingKey]) -> DecodingError {
        let context = DecodingError.Context(codingPath: path, debugDescription: "found \(value.tag)")
        return value.tag == .null ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }
}

/// The one value, whatever type it is asked for as.
extension CodedDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { value.tag == .null }

    func decode(_ type: Bool.Type) throws -> Bool { try expect(source.bool(value), type) }
    func decode(_ type: String.Type) throws -> String { try expect(source.string(value, codingPath), type) }
    func decode(_ type: Double.Type) throws -> Double { try expect(source.double(value), type) }
    func decode(_ type: Float.Type) throws -> Float { try expect(source.float(value), type) }
    func decode(_ type: Int.Type) throws -> Int { try integer(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
    func decode(_ type: Int128.Type) throws -> Int128 { try integer(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }
    func decode(_ type: UInt128.Type) throws -> UInt128 { try integer(type) }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        try CodedDecoder.decode(type, value, source, depth: depth + 1, codingPath)
    }

    private func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
        try expect(source.integer(type, value, codingPath), type)
    }

    private func expect<T>(_ found: T?, _ type: T.Type) throws -> T {
        guard let found else { throw mismatch(type) }
        return found
    }
}
