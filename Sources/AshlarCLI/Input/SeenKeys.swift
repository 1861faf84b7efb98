import AshlarJSON
import Glibc

/// The members that an object has named so far.
struct SeenKeys {
    /// Up to here, comparing each with each is the fastest; a hostile line has more.
    private static let few = 24

    private var known: UInt16 = 0
    private var unknown: [TextSlice] = []
    private var many: Set<[UInt8]> = []

    /// Forgets everything, for the next object.
    mutating func reset() {
        known = 0
        if !unknown.isEmpty { unknown.removeAll(keepingCapacity: true) }
        if !many.isEmpty { many = [] }
    }

    /// True if the object has named this member.
    func contains(_ field: LineField) -> Bool { known & (1 << field.rawValue) != 0 }

    /// Finds out which member a key is, and that the object has not named it before; nil if it means nothing.
    @inline(__always)
    mutating func identify(
        _ key: JSONString, _ scanner: borrowing LineScanner, _ decoded: inout [UInt8]
    ) throws(InputError) -> LineField? {
        if !key.isEscaped, let field = LineField.named(scanner.bytes.extracting(key.range)) {
            guard !contains(field) else { throw try duplicate(key, scanner) }
            known |= 1 << field.rawValue
            return field
        }
        return try identifyRare(key, scanner, &decoded)
    }

    /// Finds out which member a key is that has escapes or means nothing.
    private mutating func identifyRare(
        _ key: JSONString, _ scanner: borrowing LineScanner, _ decoded: inout [UInt8]
    ) throws(InputError) -> LineField? {
        let name = try TextSlice(key, scanner, &decoded)
        let field = name.isDecoded ? LineField.named(name.bytes(line: scanner.bytes, decoded: decoded.span.bytes)) : nil
        if let field {
            guard !contains(field) else { throw try duplicate(key, scanner) }
            known |= 1 << field.rawValue
        } else if !insertUnknown(name, line: scanner.bytes, decoded: decoded.span.bytes) {
            throw try duplicate(key, scanner)
        }
        return field
    }

    private func duplicate(_ key: JSONString, _ scanner: borrowing LineScanner) throws(InputError) -> InputError {
        .duplicateKey(scanner.place(key.range.lowerBound - 1), key: try scanner.text(key))
    }

    /// Notes a member that means nothing here; false if it was there before.
    private mutating func insertUnknown(_ name: TextSlice, line: RawSpan, decoded: RawSpan) -> Bool {
        let new = name.bytes(line: line, decoded: decoded)
        guard unknown.count >= Self.few else {
            for old in unknown where Self.areEqual(old.bytes(line: line, decoded: decoded), new) { return false }
            unknown.append(name)
            return true
        }
        if many.isEmpty {
            for old in unknown { many.insert(Array(old.bytes(line: line, decoded: decoded))) }
        }
        return many.insert(Array(new)).inserted
    }

    private static func areEqual(_ first: RawSpan, _ second: RawSpan) -> Bool {
        guard first.byteCount == second.byteCount else { return false }
        return first.withUnsafeBytes { one in
            second.withUnsafeBytes { two in
                guard let left = one.baseAddress, let right = two.baseAddress else { return true }
                return memcmp(left, right, one.count) == 0
            }
        }
    }
}

extension TextSlice {
    /// Where the value of a string stands: in the line as it is, or appended to `decoded` if it has escapes.
    init(
        _ string: JSONString, _ scanner: borrowing LineScanner, _ decoded: inout [UInt8]
    ) throws(InputError) {
        guard string.isEscaped else {
            self.init(string.range, isDecoded: false)
            return
        }
        let start = decoded.count
        try scanner.decode(string, into: &decoded)
        self.init(start..<decoded.count, isDecoded: true)
    }
}

extension TextSlice {
    /// The bytes of the text, out of its line or out of the decoded texts.
    @_lifetime(copy line, copy decoded)
    func bytes(line: RawSpan, decoded: RawSpan) -> RawSpan {
        isDecoded ? decoded.extracting(range) : line.extracting(range)
    }
}

extension [UInt8] {
    /// Copies bytes.
    init(_ bytes: RawSpan) {
        self = bytes.withUnsafeBytes { Array($0) }
    }
}
