/// Memory that rows are encoded into, used again for each chunk; integers stand in it as PostgreSQL wants them, big end first.
struct CopyBuffer: ~Copyable {
    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    /// Number of bytes in it.
    private(set) var count = 0

    init(capacity: Int) {
        self.capacity = capacity
        base = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { base.deallocate() }

    /// What is in it.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    /// Empties it and keeps the memory.
    mutating func removeAll() { count = 0 }

    /// Makes room for some more bytes.
    @inline(__always)
    mutating func reserve(_ size: Int) {
        if capacity - count < size { grow(size) }
    }

    @inline(never)
    private mutating func grow(_ size: Int) {
        capacity = max(capacity * 2, count + size)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        larger.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = larger
    }

    /// Appends an integer, for which there is room.
    @inline(__always)
    mutating func put(_ value: some FixedWidthInteger) {
        let value = value.bigEndian
        precondition(capacity - count >= MemoryLayout.size(ofValue: value))
        base.storeBytes(of: value, toByteOffset: count, as: type(of: value))
        count += MemoryLayout.size(ofValue: value)
    }

    /// Appends bytes, for which there is room.
    @inline(__always)
    mutating func put(_ bytes: UnsafeRawBufferPointer) {
        precondition(capacity - count >= bytes.count)
        if let start = bytes.baseAddress { (base + count).copyMemory(from: start, byteCount: bytes.count) }
        count += bytes.count
    }
}
