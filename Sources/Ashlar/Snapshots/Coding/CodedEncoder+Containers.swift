struct CodedMapWriter<Key: CodingKey>: KeyedEncodingContainerProtocol, CodedWriter {
    let node: CodedNode
    let session: CodedEncoder.Session
    let codingPath: [any CodingKey]

    private func add(_ key: any CodingKey) {
        node.count += 1
        node.bytes.append(sized: key.stringValue)
    }

    func encodeNil(forKey key: Key) {
        add(key)
        node.bytes.append(CodedTag.null)
    }

    func encode(_ value: Bool, forKey key: Key) {
        add(key)
        node.bytes.append(tagged: value)
    }

    func encode(_ value: String, forKey key: Key) {
        add(key)
        node.bytes.append(tagged: value)
    }

    func encode(_ value: Double, forKey key: Key) {
        add(key)
        node.bytes.append(tagged: value)
    }

    func encode(_ value: Float, forKey key: Key) {
        add(key)
        node.bytes.append(tagged: value)
    }

    func encode(_ value: Int, forKey key: Key) { encode(integer: value, key) }
    func encode(_ value: Int8, forKey key: Key) { encode(integer: value, key) }
    func encode(_ value: Int16, forKey key: Key) { encode(integer: value, key) }
    func encode(_ value: Int32, forKey key: Key) { encode(integer: value, key) }
    func encode(_ value: Int64, forKey key: Key) { encode(integer: value, key) }
    func encode(_ value: Int128, forKey key: Key) { encode(integer: value, key) }
    func encode(_ value: UInt, forKey key: Key) { encode(integer: value, key) }
    func encode(_ value: UInt8, forKey key: Key) { encode(integer: value, key) }
    func encode(_ value: UInt16, forKey key: Key) { encode(integer: value, key) }
    func encode(_ value: UInt32, forKey key: Key) { encode(integer: value, key) }
    func encode(_ value: UInt64, forKey key: Key) { encode(integer: value, key) }
    func encode(_ value: UInt128, forKey key: Key) { encode(integer: value, key) }

    private func encode(integer: some FixedWidthInteger, _ key: Key) {
        add(key)
        node.bytes.append(tagged: integer)
    }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        add(key)
        try CodedEncoder.append(value, to: node, session, codingPath + [key])
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<
        Nested
    > {
        superEncoder(at: key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        superEncoder(at: key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { superEncoder(at: CodedKey.super) }
    func superEncoder(forKey key: Key) -> any Encoder { superEncoder(at: key) }

    private func superEncoder(at key: any CodingKey) -> CodedEncoder {
        add(key)
        return open(codingPath + [key])
    }
}

struct CodedArrayWriter: UnkeyedEncodingContainer, CodedWriter {
    let node: CodedNode
    let session: CodedEncoder.Session
    let codingPath: [any CodingKey]

    var count: Int { node.count }

    func encodeNil() {
        node.count += 1
        node.bytes.append(CodedTag.null)
    }

    func encode(_ value: Bool) {
        node.count += 1
        node.bytes.append(tagged: value)
    }

    func encode(_ value: String) {
        node.count += 1
        node.bytes.append(tagged: value)
    }

    func encode(_ value: Double) {
        node.count += 1
        node.bytes.append(tagged: value)
    }

    func encode(_ value: Float) {
        node.count += 1
        node.bytes.append(tagged: value)
    }

    func encode(_ value: Int) { encode(integer: value) }
    func encode(_ value: Int8) { encode(integer: value) }
    func encode(_ value: Int16) { encode(integer: value) }
    func encode(_ value: Int32) { encode(integer: value) }
    func encode(_ value: Int64) { encode(integer: value) }
    func encode(_ value: Int128) { encode(integer: value) }
    func encode(_ value: UInt) { encode(integer: value) }
    func encode(_ value: UInt8) { encode(integer: value) }
    func encode(_ value: UInt16) { encode(integer: value) }
    func encode(_ value: UInt32) { encode(integer: value) }
    func encode(_ value: UInt64) { encode(integer: value) }
    func encode(_ value: UInt128) { encode(integer: value) }

    private func encode(integer: some FixedWidthInteger) {
        node.count += 1
        node.bytes.append(tagged: integer)
    }

    func encode<T: Encodable>(_ value: T) throws {
        node.count += 1
        try CodedEncoder.append(value, to: node, session, codingPath + [CodedKey(intValue: count - 1)])
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        next().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { next().unkeyedContainer() }

    func superEncoder() -> any Encoder { next() }

    private func next() -> CodedEncoder {
        node.count += 1
        return open(codingPath + [CodedKey(intValue: count - 1)])
    }
}

struct CodedValueWriter: SingleValueEncodingContainer, CodedWriter {
    let node: CodedNode
    let session: CodedEncoder.Session
    let codingPath: [any CodingKey]

    /// Marks the node as written; a second value would not be read again.
    private func take(_ value: Any) throws {
        guard !node.isValue, node.kind == nil else {
            throw EncodingError.invalidValue(
                value, .init(codingPath: codingPath, debugDescription: "a second value in the place of one"))
        }
        node.isValue = true
    }

    func encodeNil() throws {
        try take(())
        node.bytes.append(CodedTag.null)
    }

    func encode(_ value: Bool) throws {
        try take(value)
        node.bytes.append(tagged: value)
    }

    func encode(_ value: String) throws {
        try take(value)
        node.bytes.append(tagged: value)
    }

    func encode(_ value: Double) throws {
        try take(value)
        node.bytes.append(tagged: value)
    }

    func encode(_ value: Float) throws {
        try take(value)
        node.bytes.append(tagged: value)
    }

    func encode(_ value: Int) throws { try encode(integer: value) }
    func encode(_ value: Int8) throws { try encode(integer: value) }
    func encode(_ value: Int16) throws { try encode(integer: value) }
    func encode(_ value: Int32) throws { try encode(integer: value) }
    func encode(_ value: Int64) throws { try encode(integer: value) }
    func encode(_ value: Int128) throws { try encode(integer: value) }
    func encode(_ value: UInt) throws { try encode(integer: value) }
    func encode(_ value: UInt8) throws { try encode(integer: value) }
    func encode(_ value: UInt16) throws { try encode(integer: value) }
    func encode(_ value: UInt32) throws { try encode(integer: value) }
    func encode(_ value: UInt64) throws { try encode(integer: value) }
    func encode(_ value: UInt128) throws { try encode(integer: value) }

    private func encode(integer: some FixedWidthInteger) throws {
        try take(integer)
        node.bytes.append(tagged: integer)
    }

    func encode<T: Encodable>(_ value: T) throws {
        try take(value)
        try CodedEncoder.append(value, to: node, session, codingPath)
    }
}
