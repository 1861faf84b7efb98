import AshlarFormat

/// The bytes of a state as they come out of a snapshot, in the order in which a `SnapshotOutput` took them.
///
/// Every byte was checked before it is given out. All of it throws `SnapshotError.malformed` for what cannot be (reading on behind the end, a
/// length greater than what is left), and `damaged` or `inputOutput` where the file fails; never does it trap or allocate beyond what is left.
/// Complexity: O(bytes), no allocation but for what is returned.
public struct SnapshotInput: ~Copyable {
    /// Where the next byte stands. Invariant: `cursor <= end`; both are in the chunk that `source` gave last.
    @usableFromInline var cursor: UnsafeRawPointer
    @usableFromInline var end: UnsafeRawPointer
    /// Bytes in the chunks behind the present one.
    @usableFromInline var behind: Int
    /// Runs of bytes that cross from one chunk to the next are put together here.
    private var spill = ByteBuffer()
    let source: any SnapshotByteSource

    init(_ source: any SnapshotByteSource) {
        self.source = source
        cursor = source.nothing
        end = cursor
        behind = source.rawBytes
    }

    /// Bytes left to read.
    @inlinable
    public var remaining: Int { end - cursor + behind }

    /// Whether everything has been read.
    @inlinable
    public var isAtEnd: Bool { cursor == end && behind == 0 }

    /// Reads an integer as `append` wrote it: in the bytes it has in memory, little-endian.
    @inlinable
    @inline(__always)
    public mutating func read<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) throws(SnapshotError) -> T {
        let size = MemoryLayout<T>.size
        if end - cursor >= size {
            let value = cursor.loadUnaligned(as: T.self)
            cursor += size
            return T(littleEndian: value)
        }
        return try readInParts(T.self)
    }

    /// Reads an unsigned varint.
    @inlinable
    @inline(__always)
    public mutating func readVarint() throws(SnapshotError) -> UInt64 {
        if cursor < end {
            let byte = cursor.load(as: UInt8.self)
            if byte < 0x80 {
                cursor += 1
                return UInt64(byte)
            }
        }
        return try readLongVarint()
    }

    /// Reads a signed varint.
    @inlinable
    @inline(__always)
    public mutating func readSignedVarint() throws(SnapshotError) -> Int64 {
        let value = try readVarint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// Reads a varint that counts things of at least `bytesEach` bytes, and checks that so many can follow: it is safe to reserve room by it.
    @inlinable
    public mutating func readCount(bytesEach: Int = 1) throws(SnapshotError) -> Int {
        let count = try readVarint()
        guard count <= UInt64(remaining / max(bytesEach, 1)) else { throw Self.tooLong(count, remaining) }
        return Int(count)
    }

    /// Reads a truth value.
    @inlinable
    public mutating func readBool() throws(SnapshotError) -> Bool {
        let byte = try read(UInt8.self)
        guard byte <= 1 else { throw .malformed("a truth value is neither 0 nor 1") }
        return byte == 1
    }

    /// Reads a floating-point number.
    @inlinable
    public mutating func readDouble() throws(SnapshotError) -> Double { Double(bitPattern: try read(UInt64.self)) }

    /// Reads exactly `count` bytes; they are good until the next read.
    @inlinable
    @inline(__always)
    @_lifetime(&self)
    public mutating func readBytes(count: Int) throws(SnapshotError) -> RawSpan {
        if count >= 0, end - cursor >= count {
            let start = cursor
            cursor += count
            return unsafe _overrideLifetime(RawSpan(_unsafeStart: start, byteCount: count), mutating: &self)
        }
        return try readBytesInParts(count: count)
    }

    /// Reads bytes with their number in front; they are good until the next read.
    @inlinable
    @_lifetime(&self)
    public mutating func readSizedBytes() throws(SnapshotError) -> RawSpan {
        let count = try readCount()
        return try readBytes(count: count)
    }

    /// Reads bytes with their number in front, as an array.
    @inlinable
    public mutating func readSizedArray() throws(SnapshotError) -> [UInt8] {
        try readSizedBytes().withUnsafeBytes { [UInt8]($0) }
    }

    /// Reads a text with its number of bytes in front; it must be UTF-8.
    public mutating func readSizedString() throws(SnapshotError) -> String {
        let text = try readSizedBytes().withUnsafeBytes { String(validating: $0, as: UTF8.self) }
        guard let text else { throw .malformed("a text is not UTF-8") }
        return text
    }
}

// What is too long for the inlined paths, or crosses from one chunk to the next.
extension SnapshotInput {
    @usableFromInline
    static func tooLong(_ count: UInt64, _ remaining: Int) -> SnapshotError {
        .malformed("a length of \(count) where \(remaining) bytes are left")
    }

    @usableFromInline
    @inline(never)
    mutating func readInParts<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) throws(SnapshotError) -> T {
        let bytes = try readBytesInParts(count: MemoryLayout<T>.size)
        return T(littleEndian: bytes.unsafeLoadUnaligned(as: T.self))
    }

    @usableFromInline
    @inline(never)
    mutating func readLongVarint() throws(SnapshotError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try read(UInt8.self)
            let bits = UInt64(byte & 0x7F)
            guard shift < 63 || shift == 63 && bits <= 1 else { throw .malformed("a varint is longer than 64 bits") }
            value |= bits << shift
            if byte < 0x80 {
                guard byte != 0 || shift == 0 else { throw .malformed("a varint has more bytes than it needs") }
                return value
            }
            shift += 7
        }
    }

    @usableFromInline
    @inline(never)
    @_lifetime(&self)
    mutating func readBytesInParts(count: Int) throws(SnapshotError) -> RawSpan {
        guard count >= 0, count <= remaining else { throw Self.tooLong(UInt64(clamping: count), remaining) }
        spill.clear(keeping: 1 << 20)
        if count > 0, cursor == end {
            try turnPage()
            if end - cursor >= count { return try readBytes(count: count) }
        }
        while spill.count < count {
            if cursor == end { try turnPage() }
            let part = min(end - cursor, count - spill.count)
            spill.append(UnsafeRawBufferPointer(start: cursor, count: part))
            cursor += part
        }
        let bytes = RawSpan(_unsafeBytes: spill.bytes)
        return _overrideLifetime(bytes, mutating: &self)
    }

    /// Goes on in the next chunk.
    private mutating func turnPage() throws(SnapshotError) {
        let chunk = try source.next()
        cursor = chunk.start
        end = chunk.start + chunk.count
        behind -= chunk.count
    }
}

/// Where an input gets its bytes from: chunk after chunk.
protocol SnapshotByteSource: AnyObject {
    /// The bytes of all chunks together.
    var rawBytes: Int { get }
    /// An address at which nothing stands.
    var nothing: UnsafeRawPointer { get }
    /// The next chunk, checked; good until the call after. Asked only while there is one.
    func next() throws(SnapshotError) -> (start: UnsafeRawPointer, count: Int)
}
