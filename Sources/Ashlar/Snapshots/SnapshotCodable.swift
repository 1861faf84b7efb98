/// A value that writes itself into a snapshot and reads itself back, byte by byte as it likes: for states too big for `Codable`.
///
/// What `encode` appends `decode` must read again exactly, in the same schema version of the model. Integers, texts, truth values, arrays,
/// optionals and `StateMap`s of such values conform.
public protocol SnapshotCodable {
    /// Appends the value.
    func encode(to output: inout SnapshotOutput) throws(SnapshotError)

    /// Reads what `encode` appended. Throws `malformed` for what it could not have written.
    static func decode(from input: inout SnapshotInput) throws(SnapshotError) -> Self
}

extension SnapshotCodable where Self: FixedWidthInteger & BitwiseCopyable {
    /// Appends the integer in the bytes it has in memory.
    @inlinable
    public func encode(to output: inout SnapshotOutput) throws(SnapshotError) { try output.append(self) }

    /// Reads the integer.
    @inlinable
    public static func decode(from input: inout SnapshotInput) throws(SnapshotError) -> Self {
        try input.read(Self.self)
    }
}

extension Int: SnapshotCodable {}
extension Int8: SnapshotCodable {}
extension Int16: SnapshotCodable {}
extension Int32: SnapshotCodable {}
extension Int64: SnapshotCodable {}
extension UInt: SnapshotCodable {}
extension UInt8: SnapshotCodable {}
extension UInt16: SnapshotCodable {}
extension UInt32: SnapshotCodable {}
extension UInt64: SnapshotCodable {}

extension Bool: SnapshotCodable {
    /// Appends one byte.
    @inlinable
    public func encode(to output: inout SnapshotOutput) throws(SnapshotError) { try output.append(self) }

    /// Reads one byte, 0 or 1.
    @inlinable
    public static func decode(from input: inout SnapshotInput) throws(SnapshotError) -> Bool { try input.readBool() }
}

extension String: SnapshotCodable {
    /// Appends the UTF-8 with its length in front.
    @inlinable
    public func encode(to output: inout SnapshotOutput) throws(SnapshotError) { try output.append(sized: self) }

    /// Reads a text.
    @inlinable
    public static func decode(from input: inout SnapshotInput) throws(SnapshotError) -> String {
        try input.readSizedString()
    }
}

extension Array: SnapshotCodable where Element: SnapshotCodable {
    /// Appends the elements with their number in front.
    @inlinable
    public func encode(to output: inout SnapshotOutput) throws(SnapshotError) {
        if let bytes = self as? [UInt8] { return try output.append(sized: bytes) }
        try output.append(varint: UInt64(count))
        for element in self { try element.encode(to: &output) }
    }

    /// Reads an array.
    @inlinable
    public static func decode(from input: inout SnapshotInput) throws(SnapshotError) -> [Element] {
        if Element.self == UInt8.self, let bytes = try input.readSizedArray() as? [Element] { return bytes }
        // An element may take no bytes: its number says nothing about memory, so that is not reserved.
        let count = try input.readVarint()
        var elements: [Element] = []
        for _ in 0..<count {
            guard !input.isAtEnd else {
                throw SnapshotError.malformed("an array says it has \(count) elements and ends early")
            }
            elements.append(try Element.decode(from: &input))
        }
        return elements
    }
}

extension Optional: SnapshotCodable where Wrapped: SnapshotCodable {
    /// Appends one byte that tells whether there is a value, then the value.
    @inlinable
    public func encode(to output: inout SnapshotOutput) throws(SnapshotError) {
        try output.append(self != nil)
        try self?.encode(to: &output)
    }

    /// Reads an optional value.
    @inlinable
    public static func decode(from input: inout SnapshotInput) throws(SnapshotError) -> Wrapped? {
        try input.readBool() ? try Wrapped.decode(from: &input) : nil
    }
}

extension StateMap: SnapshotCodable where Key: SnapshotCodable, Value: SnapshotCodable {
    /// Appends the entries, in no order, with their number in front.
    @inlinable
    public func encode(to output: inout SnapshotOutput) throws(SnapshotError) {
        try output.append(varint: UInt64(count))
        try forEachEntry { (entry) throws(SnapshotError) in
            try entry.key.encode(to: &output)
            try entry.value.encode(to: &output)
        }
    }

    /// Reads a map.
    @inlinable
    public static func decode(from input: inout SnapshotInput) throws(SnapshotError) -> StateMap {
        let count = try input.readVarint()
        var map = StateMap()
        // Entries that take less than 8 bytes are worth no reserve, and what a file claims is bounded by what it holds.
        map.reserveCapacity(Int(Swift.min(count, UInt64(input.remaining / 8))))
        var batch: [(key: Key, value: Value, hash: UInt32)] = []
        batch.reserveCapacity(64)
        for _ in 0..<count {
            guard !input.isAtEnd else {
                throw SnapshotError.malformed("a map says it has \(count) entries and ends early")
            }
            let key = try Key.decode(from: &input)
            let value = try Value.decode(from: &input)
            batch.append((key, value, hash(of: key)))
            if batch.count == 64 {
                map.add(batch)
                batch.removeAll(keepingCapacity: true)
            }
        }
        map.add(batch)
        guard map.count == Int(count) else { throw SnapshotError.malformed("a map has the same key twice") }
        return map
    }
}
