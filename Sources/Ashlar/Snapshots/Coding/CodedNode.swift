/// A value while it is being encoded.
///
/// What is complete stands in `bytes`; containers that are still open hang in `open`, each at the place where its bytes go. So a state costs
/// its bytes and not an object for each of its values.
final class CodedNode {
    enum Kind {
        case array
        case map
    }

    /// Nil until a container is asked for, or the one value is written.
    var kind: Kind?
    var isValue = false
    var bytes: [UInt8] = []
    var count = 0
    var open: [(at: Int, node: CodedNode)] = []
    let depth: Int

    init(depth: Int) { self.depth = depth }

    /// Appends the whole value to `target`.
    func flatten(into target: inout [UInt8]) {
        if isValue {
            return flattenContent(into: &target)
        }
        // A value that encoded nothing is a map without entries.
        target.append((kind == .array ? CodedTag.array : .map).rawValue)
        var content: [UInt8] = []
        content.append(varint: UInt64(count))
        flattenContent(into: &content)
        target.append(varint: UInt64(content.count))
        target.append(contentsOf: content)
    }

    private func flattenContent(into target: inout [UInt8]) {
        var start = 0
        for (place, node) in open {
            target.append(contentsOf: bytes[start..<place])
            node.flatten(into: &target)
            start = place
        }
        target.append(contentsOf: bytes[start...])
    }

    func addChild() -> CodedNode {
        let child = CodedNode(depth: depth + 1)
        open.append((bytes.count, child))
        return child
    }
}

extension [UInt8] {
    mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func append(_ tag: CodedTag) { append(tag.rawValue) }

    mutating func append(sized text: String) {
        append(varint: UInt64(text.utf8.count))
        append(contentsOf: text.utf8)
    }

    mutating func append(tagged value: Bool) { append(value ? CodedTag.yes : .no) }

    mutating func append(tagged value: String) {
        append(CodedTag.text)
        append(sized: value)
    }

    mutating func append(tagged value: Float) {
        append(CodedTag.float)
        appendFixed(value.bitPattern)
    }

    mutating func append(tagged value: Double) {
        append(CodedTag.double)
        appendFixed(value.bitPattern)
    }

    /// The shortest form that the number fits.
    mutating func append(tagged value: some FixedWidthInteger) {
        if let small = UInt64(exactly: value) {
            append(CodedTag.positive)
            append(varint: small)
        } else if let small = Int64(exactly: value) {
            append(CodedTag.negative)
            append(varint: UInt64(bitPattern: ~small))
        } else if let wide = Int128(exactly: value) {
            append(CodedTag.wide)
            appendFixed(wide)
        } else {
            append(CodedTag.unsignedWide)
            appendFixed(UInt128(truncatingIfNeeded: value))
        }
    }

    private mutating func appendFixed(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
