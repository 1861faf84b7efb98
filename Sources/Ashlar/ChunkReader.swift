import AshlarFormat
import AshlarStorage

/// Reads a file in chunks into one reused buffer.
///
/// A first read is small; as long as reads follow each other, each chunk is twice as long as the one before, up to 1 MiB. So a look at
/// a single commit costs no more than the commit, and a walk few system calls. Invariants: the buffer holds the `loaded` bytes of `file`
/// from `start` on, all of them below the limit that was given when they were read; `capacity` is 0 until something is read.
struct ChunkReader: ~Copyable {
    private static let largest = 1 << 20

    private var buffer: UnsafeMutableRawPointer?
    private var capacity = 0
    private var file: (any StorageFile)?
    private var start = 0
    private var loaded = 0
    /// How much the next read takes if it follows the one before.
    private var ahead = 0

    init() {}

    deinit { buffer?.deallocate() }

    /// Forgets what was read and turns to another file.
    mutating func reset(to file: any StorageFile) {
        self.file = file
        loaded = 0
    }

    /// Whether whoever reads the file is to have `bug`.
    @inline(__always)
    func isSeeded(_ bug: SeededBug) -> Bool {
        #if SEEDED_BUGS
            file?.isSeeded(bug) ?? false
        #else
            false
        #endif
    }

    /// Exactly `count` bytes at `offset`, or nil if they pass `limit` or the end of the file. The pointer is good until the next call.
    ///
    /// On a miss it reads on for `first` bytes, or as many as the reads before suggest if this one follows them, and with `alone` none; never
    /// past `limit`. A buffer grown for a huge commit shrinks again.
    @inline(__always)
    mutating func load(
        at offset: Int, count: Int, limit: Int, first: Int = 1 << 14, alone: Bool = false
    ) throws(StorageError) -> UnsafeRawPointer? {
        if offset >= start, offset + count <= start + loaded, offset + count <= limit, let buffer {
            return UnsafeRawPointer(buffer + (offset - start))
        }
        return try refill(at: offset, count: count, limit: limit, first, alone)
    }

    @inline(never)
    private mutating func refill(
        at offset: Int, count: Int, limit: Int, _ first: Int, _ alone: Bool
    ) throws(StorageError) -> UnsafeRawPointer? {
        guard let file, offset >= 0, count <= limit - offset else { return nil }
        let follows = loaded > 0 && offset >= start && offset <= start + loaded
        let kept = follows ? start + loaded - offset : 0
        // The rest of a commit whose header was read is not the next chunk of a walk.
        let isRest = follows && offset == start
        if alone {
            ahead = first / 2
        } else if !follows {
            ahead = first
        } else if !isRest {
            ahead = min(2 * ahead, Self.largest)
        }
        let wanted = min(max(count, alone || isRest ? count : ahead), limit - offset)
        let target = makeRoom(wanted, keeping: kept, from: offset - start)
        loaded = 0
        start = offset
        let rest = UnsafeMutableRawBufferPointer(start: target + kept, count: wanted - kept)
        loaded = kept + (try file.read(into: rest, at: offset + kept))
        return loaded >= count ? UnsafeRawPointer(target) : nil
    }

    /// A buffer of at least `wanted` bytes that starts with the `kept` bytes at `from` of the present one.
    private mutating func makeRoom(_ wanted: Int, keeping kept: Int, from: Int) -> UnsafeMutableRawPointer {
        let isTooLarge = capacity > 4 * Self.largest && wanted <= Self.largest
        if let buffer, wanted <= capacity, !isTooLarge {
            if kept > 0, from > 0 { buffer.copyMemory(from: buffer + from, byteCount: kept) }
            return buffer
        }
        capacity = max(wanted, isTooLarge ? Self.largest : min(2 * capacity, Self.largest), 1 << 12)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
        if let buffer {
            if kept > 0 { larger.copyMemory(from: buffer + from, byteCount: kept) }
            buffer.deallocate()
        }
        buffer = larger
        return larger
    }
}
