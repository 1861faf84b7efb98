/// A growable run of bytes that is reused from commit to commit.
///
/// Invariants: `count <= capacity`; bytes at and behind `count` are undefined. Growth at least doubles, so appending is amortised O(1).
package struct ByteBuffer: ~Copyable {
    package private(set) var base: UnsafeMutableRawPointer
    package private(set) var capacity: Int
    package private(set) var count = 0

    package init(capacity: Int = 0) {
        self.capacity = Swift.max(capacity, 64)
        base = .allocate(byteCount: self.capacity, alignment: 64)
    }

    deinit { base.deallocate() }

    /// Makes room for `extra` more bytes.
    @inline(__always)
    package mutating func reserve(_ extra: Int) {
        if count &+ extra > capacity { grow(to: count + extra) }
    }

    @inline(never)
    private mutating func grow(to needed: Int) {
        let larger = Swift.max(needed, capacity * 2)
        let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 64)
        moved.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = moved
        capacity = larger
    }

    /// Appends `extra` bytes of undefined content and returns where they start; the caller fills them.
    @inline(__always)
    package mutating func extend(_ extra: Int) -> UnsafeMutableRawPointer {
        reserve(extra)
        defer { count &+= extra }
        return base + count
    }

    /// Appends `extra` zero bytes.
    package mutating func appendZeros(_ extra: Int) {
        guard extra > 0 else { return }
        extend(extra).initializeMemory(as: UInt8.self, repeating: 0, count: extra)
    }

    /// Appends a little-endian integer.
    @inline(__always)
    package mutating func append<T: FixedWidthInteger>(_ value: T) {
        extend(MemoryLayout<T>.size).storeBytes(of: value.littleEndian, as: T.self)
    }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        extend(bytes.count).copyMemory(from: source, byteCount: bytes.count)
    }

    package mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Pads with zeros so that the bytes since `start` are a multiple of 8.
    package mutating func padTo8(since start: Int) {
        appendZeros(paddedTo8(count - start) - (count - start))
    }

    /// Forgets everything from `newCount` on.
    package mutating func truncate(to newCount: Int) {
        precondition(newCount <= count)
        count = newCount
    }

    /// Forgets the content, and gives memory back if a huge commit blew the buffer up.
    package mutating func clear(keeping limit: Int = .max) {
        count = 0
        if capacity > limit {
            base.deallocate()
            capacity = limit
            base = .allocate(byteCount: limit, alignment: 64)
        }
    }

    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    package var mutableBytes: UnsafeMutableRawBufferPointer { .init(start: base, count: count) }

    package var span: RawSpan {
        @_lifetime(borrow self)
        get {
            _overrideLifetime(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: base, count: count)), borrowing: self)
        }
    }
}

extension UnsafeMutableRawPointer {
    /// Stores a little-endian integer at `offset`.
    @inline(__always)
    package func put<T: FixedWidthInteger>(_ value: T, at offset: Int) {
        storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
    }
}

extension Array where Element == UInt8 {
    /// Appends a little-endian integer.
    package mutating func appendInteger<T: FixedWidthInteger>(_ value: T) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
