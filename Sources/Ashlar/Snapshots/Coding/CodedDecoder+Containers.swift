/// The entries of a map, found by key.
///
/// Keys are mostly asked for in the order in which they were written: the place behind the last one found is looked at first.
final class CodedMap {
    private(set) var entries: [(key: String, value: CodedValue)] = []
    private var next = 0
    private var indexes: [String: Int]?

    init(_ source: CodedBytes, _ value: CodedValue, _ path: [any CodingKey]) throws(DecodingError) {
        var position = value.start
        let count = try source.count(&position, value.end, path)
        // A key and its value take at least two bytes.
        entries.reserveCapacity(min(count, (value.end - position) / 2))
        for _ in 0..<count {
            let length = try source.count(&position, value.end, path)
            let key = try source.text(position..<position + length, path)
            let entry = try source.value(at: position + length, limit: value.end, path)
            entries.append((key, entry))
            position = entry.end
        }
        guard position == value.end else { throw CodedBytes.damaged("bytes behind the entries of a map", path) }
    }

    func value(for key: String) -> CodedValue? {
        for index in [next, next - 1] where entries.indices.contains(index) && entries[index].key == key {
            next = index + 1
            return entries[index].value
        }
        guard let index = index(of: key) else { return nil }
        next = index + 1
        return entries[index].value
    }

    private func index(of key: String) -> Int? {
        guard entries.count > 16 else { return entries.firstIndex { $0.key == key } }
        let indexes =
            indexes
            ?? Dictionary(
                entries.enumerated().map { ($0.element.key, $0.offset) }, uniquingKeysWith: { first, _ in first })
        self.indexes = indexes
        return indexes[key]
    }
}

struct CodedMapReader<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let map: CodedMap
    let source: CodedBytes
    let depth: Int
    let codingPath: [any CodingKey]

    var allKeys: [Key] { map.entries.compactMap { Key(stringValue: $0.key) } }

    func contains(_ key: Key) -> Bool { map.value(for: key.stringValue) != nil }

    private func decoder(_ key: any CodingKey) throws -> CodedDecoder {
        CodedDecoder(source: source, value: try value(key), depth: depth + 1, codingPath: codingPath + [key])
    }

    private func value(_ key: any CodingKey) throws -> CodedValue {
        guard let value = map.value(for: key.stringValue) else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: codingPath, debugDescription: "there is no \(key.stringValue)"))
        }
        return value
    }

    func decodeNil(forKey key: Key) throws -> Bool { try value(key).tag == .null }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try decoder(key).decode(type) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try decoder(key).decode(type) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try decoder(key).decode(type) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try decoder(key).decode(type) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try decoder(key).decode(type) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try decoder(key).decode(type) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try decoder(key).decode(type) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try decoder(key).decode(type) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try decoder(key).decode(type) }
    func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 { try decoder(key).decode(type) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try decoder(key).decode(type) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try decoder(key).decode(type) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try decoder(key).decode(type) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try decoder(key).decode(type) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try decoder(key).decode(type) }
    func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 { try decoder(key).decode(type) }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try CodedDecoder.decode(type, value(key), source, depth: depth + 1, codingPath + [key])
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try decoder(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try decoder(CodedKey.super) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
}

struct CodedArrayReader: UnkeyedDecodingContainer {
    private let source: CodedBytes
    private let depth: Int
    private let end: Int
    private let isBytes: Bool
    private let elements: Int
    private var position: Int
    let codingPath: [any CodingKey]
    private(set) var currentIndex = 0

    init(_ source: CodedBytes, _ value: CodedValue, depth: Int, _ path: [any CodingKey]) throws(DecodingError) {
        self.source = source
        self.depth = depth
        end = value.end
        codingPath = path
        isBytes = value.tag == .bytes
        var position = value.start
        elements = isBytes ? value.end - value.start : try source.count(&position, value.end, path)
        self.position = position
    }

    var count: Int? { elements }
    var isAtEnd: Bool { currentIndex == elements }

    private var path: [any CodingKey] { codingPath + [CodedKey(intValue: currentIndex)] }

    /// The next element, without going past it.
    private func peek(_ type: Any.Type) throws -> CodedValue {
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                type, .init(codingPath: path, debugDescription: "there are only \(elements) elements"))
        }
        return try source.value(at: position, limit: end, codingPath)
    }

    private mutating func take<T>(_ type: T.Type, _ body: (CodedDecoder) throws -> T) throws -> T {
        if isBytes { return try takeByte(type, body) }
        let value = try peek(type)
        let result = try body(CodedDecoder(source: source, value: value, depth: depth + 1, codingPath: path))
        position = value.end
        currentIndex += 1
        return result
    }

    /// An array of bytes that is read one by one: each is made a number of its own.
    private mutating func takeByte<T>(_ type: T.Type, _ body: (CodedDecoder) throws -> T) throws -> T {
        guard !isAtEnd else {
            _ = try peek(type)
            throw CodedBytes.damaged("a value is missing", path)
        }
        var bytes: [UInt8] = []
        bytes.append(tagged: source.bytes[position])
        let single = CodedBytes(bytes)
        let value = try single.value(at: 0, limit: bytes.count, path)
        let result = try body(CodedDecoder(source: single, value: value, depth: depth + 1, codingPath: path))
        position += 1
        currentIndex += 1
        return result
    }

    mutating func decodeNil() throws -> Bool {
        if isBytes { return false }
        let value = try peek(Never.self)
        guard value.tag == .null else { return false }
        position = value.end
        currentIndex += 1
        return true
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try take(type) { try $0.decode(type) } }
    mutating func decode(_ type: String.Type) throws -> String { try take(type) { try $0.decode(type) } }
    mutating func decode(_ type: Double.Type) throws -> Double { try take(type) { try $0.decode(type) } }
    mutating func decode(_ type: Float.Type) throws -> Float { try take(type) { try $0.decode(type) } }
    mutating func decode(_ type: Int.Type) throws -> Int { try take(type) { try $0.decode(type) } }
    mutating func decode(_ type: Int8.Type) throws -> Int8 { try take(type) { try $0.decode(type) } }
    mutating func decode(_ type: Int16.Type) throws -> Int16 { try take(type) { try $0.decode(type) } }
    mutating func decode(_ type: Int32.Type) throws -> Int32 { try take(type) { try $0.decode(type) } }
    mutating func decode(_ type: Int64.Type) throws -> Int64 { try take(type) { try $0.decode(type) } }
    mutating func decode(_ type: Int128.Type) throws -> Int128 { try take(type) { try $0.decode(type) } }
    mutating func decode(_ type: UInt.Type) throws -> UInt { try take(type) { try $0.decode(type) } }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try take(type) { try $0.decode(type) } }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try take(type) { try $0.decode(type) } }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try take(type) { try $0.decode(type) } }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try take(type) { try $0.decode(type) } }
    mutating func decode(_ type: UInt128.Type) throws -> UInt128 { try take(type) { try $0.decode(type) } }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
        if isBytes { return try takeByte(type) { try $0.decode(type) } }
        let value = try peek(type)
        let result = try CodedDecoder.decode(type, value, source, depth: depth + 1, path)
        position = value.end
        currentIndex += 1
        return result
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try take(KeyedDecodingContainer<Nested>.self) { try $0.container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try take((any UnkeyedDecodingContainer).self) { try $0.unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder { try take((any Decoder).self) { $0 } }
}
