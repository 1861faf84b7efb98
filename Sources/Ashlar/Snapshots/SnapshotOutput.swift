import AshlarFormat

/// The bytes of a state on their way into a snapshot.
///
/// A model's `encode` appends to it what its `decode` reads again from a `SnapshotInput`, in the same order. Bytes are gathered in buffers of
/// 1 MiB, which other threads compress and write meanwhile: a state of any size takes a few MiB beyond itself. All of it throws
/// `SnapshotError.inputOutput` once writing has failed. Complexity: O(bytes), no allocation.
public struct SnapshotOutput: ~Copyable {
    /// Where the next byte goes. Invariant: `cursor <= end`; both are in the buffer that `sink` gave last.
    @usableFromInline var cursor: UnsafeMutableRawPointer
    @usableFromInline var end: UnsafeMutableRawPointer
    let sink: SnapshotChunkWriter

    init(_ sink: SnapshotChunkWriter) {
        self.sink = sink
        (cursor, end) = sink.start
    }

    /// Bytes appended so far.
    public var byteCount: Int { sink.bytesBeforeCurrent + (cursor - sink.start.cursor) }

    /// Appends an integer in the bytes it has in memory, little-endian (`Int` has 8).
    @inlinable
    @inline(__always)
    public mutating func append<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) throws(SnapshotError) {
        let size = MemoryLayout<T>.size
        if end - cursor >= size {
            cursor.storeBytes(of: value.littleEndian, as: T.self)
            cursor += size
        } else {
            try appendInParts(value)
        }
    }

    /// Appends an integer in 1–10 bytes, the fewer the smaller it is: 7 bits a byte, lowest first.
    @inlinable
    @inline(__always)
    public mutating func append(varint value: UInt64) throws(SnapshotError) {
        if value < 0x80, cursor < end {
            cursor.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
            cursor += 1
        } else {
            try appendLong(varint: value)
        }
    }

    /// Appends a signed integer as a varint, the fewer bytes the closer it is to zero.
    @inlinable
    @inline(__always)
    public mutating func append(varint value: Int64) throws(SnapshotError) {
        try append(varint: UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    /// Appends a truth value in one byte.
    @inlinable
    public mutating func append(_ value: Bool) throws(SnapshotError) { try append(UInt8(value ? 1 : 0)) }

    /// Appends the 8 bytes of a floating-point number.
    @inlinable
    public mutating func append(_ value: Double) throws(SnapshotError) { try append(value.bitPattern) }

    /// Appends bytes as they are; what reads them must know how many there are.
    @inlinable
    @inline(__always)
    public mutating func append(bytes: RawSpan) throws(SnapshotError) {
        let count = bytes.byteCount
        if end - cursor >= count {
            bytes.withUnsafeBytes { raw in
                UnsafeMutableRawBufferPointer(start: cursor, count: count).copyMemory(from: raw)
            }
            cursor += count
        } else {
            try appendInParts(bytes)
        }
    }

    /// Appends bytes with their number, a varint, in front.
    @inlinable
    public mutating func append(sized bytes: RawSpan) throws(SnapshotError) {
        try append(varint: UInt64(bytes.byteCount))
        try append(bytes: bytes)
    }

    /// Appends bytes with their number, a varint, in front.
    @inlinable
    public mutating func append(sized bytes: [UInt8]) throws(SnapshotError) { try append(sized: bytes.span.bytes) }

    /// Appends the UTF-8 of a text with its number of bytes, a varint, in front.
    @inlinable
    public mutating func append(sized text: String) throws(SnapshotError) {
        try append(sized: text.utf8.span.bytes)
    }
}

// What is too long for the inlined paths, or crosses from one buffer to the next.
extension SnapshotOutput {
    @usableFromInline
    @inline(never)
    mutating func appendInParts<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) throws(SnapshotError) {
        var value = value.littleEndian
        var failure: SnapshotError?
        withUnsafeBytes(of: &value) { raw in
            do throws(SnapshotError) {
                try appendInParts(RawSpan(_unsafeBytes: raw))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    @usableFromInline
    @inline(never)
    mutating func appendLong(varint value: UInt64) throws(SnapshotError) {
        var rest = value
        while rest >= 0x80 {
            try append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        try append(UInt8(truncatingIfNeeded: rest))
    }

    @usableFromInline
    @inline(never)
    mutating func appendInParts(_ bytes: RawSpan) throws(SnapshotError) {
        var offset = 0
        while offset < bytes.byteCount {
            if cursor == end { try turnPage() }
            let count = min(end - cursor, bytes.byteCount - offset)
            try append(bytes: bytes.extracting(offset..<offset + count))
            offset += count
        }
    }

    /// Hands the full buffer on and goes on in another one.
    private mutating func turnPage() throws(SnapshotError) {
        do throws(SnapshotError) {
            (cursor, end) = try sink.next(filled: cursor)
        } catch {
            // Every append from now on comes here and gets the error again.
            end = cursor
            throw error
        }
    }

    /// Hands on what the last buffer holds.
    mutating func finish() throws(SnapshotError) {
        try sink.finish(filled: cursor)
    }
}
