import AshlarFormat
import AshlarStorage

/// Reads a file in large chunks into one reused buffer.
///
/// Invariant: the buffer holds the `loaded` bytes of `file` from `start` on, all of them below the limit that was given when they were read.
struct ChunkReader: ~Copyable {
    private var buffer: UnsafeMutableRawPointer
    private var capacity: Int
    private var file: (any StorageFile)?
    private var start = 0
    private var loaded = 0

    init(chunkBytes: Int = 1 << 20) {
        capacity = chunkBytes
        buffer = .allocate(byteCount: chunkBytes, alignment: 4_096)
    }

    deinit { buffer.deallocate() }

    /// Forgets what was read and turns to another file.
    mutating func reset(to file: any StorageFile) {
        self.file = file
        loaded = 0
    }

    /// Exactly `count` bytes at `offset`, or nil if they pass `limit` or the end of the file. The pointer is good until the next call.
    ///
    /// On a miss it reads ahead `readAhead` bytes (at least `count`), never past `limit`. A buffer grown for a huge commit shrinks again.
    @inline(__always)
    mutating func load(
        at offset: Int, count: Int, limit: Int, readAhead: Int = 1 << 20
    ) throws(StorageError) -> UnsafeRawPointer? {
        if offset >= start, offset + count <= start + loaded, offset + count <= limit {
            return UnsafeRawPointer(buffer + (offset - start))
        }
        return try refill(at: offset, count: count, limit: limit, readAhead: readAhead)
    }

    @inline(never)
    private mutating func refill(
        at offset: Int, count: Int, limit: Int, readAhead: Int
    ) throws(StorageError) -> UnsafeRawPointer? {
        guard let file, offset >= 0, count <= limit - offset else { return nil }
        let wanted = min(max(count, readAhead), limit - offset)
        let retained = 1 << 20
        if wanted > capacity || (capacity > 4 * retained && wanted <= retained) {
            buffer.deallocate()
            capacity = max(wanted, retained)
            buffer = .allocate(byteCount: capacity, alignment: 4_096)
        }
        loaded = 0
        start = offset
        loaded = try file.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: wanted), at: offset)
        return loaded >= count ? UnsafeRawPointer(buffer) : nil
    }
}
