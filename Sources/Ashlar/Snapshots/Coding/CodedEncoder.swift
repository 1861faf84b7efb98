/// Turns `Encodable` values into the bytes of a snapshot.
struct CodedEncoder: Encoder {
    let node: CodedNode
    let session: Session
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// What the encoders of one value share.
    ///
    /// Containers cannot throw when they are asked for: what is wrong with asking is kept here until the end.
    final class Session {
        var failure: EncodingError?
    }

    static func bytes(of value: some Encodable) throws -> [UInt8] {
        let session = Session()
        let root = CodedNode(depth: -1)
        try append(value, to: root, session, [])
        if let failure = session.failure { throw failure }
        return root.bytes
    }

    /// Appends the bytes of `value`, complete, to those of its parent.
    static func append<T: Encodable>(
        _ value: T, to parent: CodedNode, _ session: Session, _ path: @autoclosure () -> [any CodingKey]
    ) throws {
        if parent.appendScalar(value) { return }
        let node = CodedNode(depth: parent.depth + 1)
        let path = path()
        guard node.depth < CodedTag.depthLimit else { throw tooDeep(value, path) }
        try value.encode(to: CodedEncoder(node: node, session: session, codingPath: path))
        node.flatten(into: &parent.bytes)
    }

    static func tooDeep(_ value: Any, _ path: [any CodingKey]) -> EncodingError {
        .invalidValue(
            value, .init(codingPath: path, debugDescription: "nested more than \(CodedTag.depthLimit) deep"))
    }

    func container<Key: CodingKey>(keyedBy _: Key.Type) -> KeyedEncodingContainer<Key> {
        take(.map)
        return KeyedEncodingContainer(CodedMapWriter<Key>(node: node, session: session, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        take(.array)
        return CodedArrayWriter(node: node, session: session, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        if node.kind != nil || node.isValue { fail("a second value in the place of one") }
        return CodedValueWriter(node: node, session: session, codingPath: codingPath)
    }

    private func take(_ kind: CodedNode.Kind) {
        if node.isValue || node.kind ?? kind != kind { fail("a container of another kind in the place of one") }
        node.kind = kind
    }

    private func fail(_ what: String) {
        if session.failure == nil {
            session.failure = .invalidValue(node, .init(codingPath: codingPath, debugDescription: what))
        }
    }
}

/// What the three containers have in common: a node to which values are appended.
protocol CodedWriter {
    var node: CodedNode { get }
    var session: CodedEncoder.Session { get }
    var codingPath: [any CodingKey] { get }
}

extension CodedWriter {
    /// An encoder for a value that is filled in later.
    func open(_ path: [any CodingKey]) -> CodedEncoder {
        let child = node.addChild()
        if child.depth >= CodedTag.depthLimit, session.failure == nil {
            session.failure = CodedEncoder.tooDeep(child, path)
        }
        return CodedEncoder(node: child, session: session, codingPath: path)
    }
}

extension CodedNode {
    /// Appends a value of one of the commonest types without an encoder of its own: arrays come here for each of their elements.
    fileprivate func appendScalar<T>(_ value: T) -> Bool {
        if T.self == Int.self, let value = value as? Int {
            bytes.append(tagged: value)
        } else if T.self == String.self, let value = value as? String {
            bytes.append(tagged: value)
        } else if T.self == UInt64.self, let value = value as? UInt64 {
            bytes.append(tagged: value)
        } else if T.self == Int64.self, let value = value as? Int64 {
            bytes.append(tagged: value)
        } else if T.self == Double.self, let value = value as? Double {
            bytes.append(tagged: value)
        } else if T.self == [UInt8].self, let value = value as? [UInt8] {
            bytes.append(CodedTag.bytes)
            bytes.append(varint: UInt64(value.count))
            bytes.append(contentsOf: value)
        } else {
            return false
        }
        return true
    }
}
