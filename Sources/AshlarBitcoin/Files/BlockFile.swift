import Glibc

/// The key that newer nodes obfuscate their files with, byte by byte by the offset in the file; all zeros for none.
package struct ObfuscationKey: Hashable, Sendable {
    /// How many bytes it has.
    static let size = 8
    /// Its bytes, the first one lowest.
    package var bits: UInt64 = 0

    package init() {}

    /// The byte that belongs to an offset.
    @inline(__always)
    func byte(at offset: Int64) -> UInt8 { UInt8(truncatingIfNeeded: bits >> (8 * UInt64(offset & 7))) }
}

/// An open block file, of which a window is in memory, as it was before obfuscation.
///
/// Invariant: the window is never larger than the largest record and one chunk, whatever the file says.
package struct BlockFile: ~Copyable {
    private static let chunk = 1 << 20

    /// What messages call the file.
    package let name: String
    private let path: String
    private let descriptor: Int32
    private let key: ObfuscationKey
    private var window: [UInt8] = []
    private var start: Int64 = 0
    /// How large the file is, in bytes: as of the last look.
    package private(set) var size: Int64 = 0

    /// Opens the file at `path` for reading.
    package init(path: String, name: String, key: ObfuscationKey) throws(InputProblem) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        self.name = name
        self.path = path
        self.key = key
        guard descriptor >= 0 else { throw .system(operation: "open", path: path, code: errno) }
        try refresh()
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Looks anew how large the file is, and forgets what may have been overwritten.
    package mutating func refresh() throws(InputProblem) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(operation: "examine", path: path, code: errno) }
        size = Int64(status.st_size)
        window.removeAll(keepingCapacity: true)
    }

    /// Brings `count` bytes from `offset` on into the window; false if the file has not so many.
    package mutating func load(_ count: Int, at offset: Int64) throws(InputProblem) -> Bool {
        if offset >= start, offset + Int64(count) <= start + Int64(window.count) { return true }
        guard offset >= 0, Int64(count) <= size - offset else { return false }
        let wanted = Int(min(Int64(max(count, Self.chunk)), size - offset))
        var done = 0
        var failure: Int32 = 0
        if window.capacity < wanted { window = [] }
        window.removeAll(keepingCapacity: true)
        window.append(contentsOf: repeatElement(0, count: wanted))
        window.withUnsafeMutableBytes { bytes in
            while done < wanted, let base = bytes.baseAddress {
                let result = pread(descriptor, base + done, wanted - done, off_t(offset) + off_t(done))
                if result > 0 {
                    done += result
                } else if result == 0 {
                    break
                } else if errno != EINTR {
                    failure = errno
                    break
                }
            }
        }
        guard failure == 0 else { throw .system(operation: "read", path: path, code: failure) }
        window.removeLast(wanted - done)
        start = offset
        if key.bits != 0 { deobfuscate() }
        return done >= count
    }

    private mutating func deobfuscate() {
        // Where the window starts decides which byte of the key comes first.
        let turn = 8 * UInt64(start & 7)
        let word = turn == 0 ? key.bits : key.bits >> turn | key.bits << (64 - turn)
        window.withUnsafeMutableBytes { bytes in
            var index = 0
            while index + 8 <= bytes.count {
                let value = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ word.littleEndian
                bytes.storeBytes(of: value, toByteOffset: index, as: UInt64.self)
                index += 8
            }
            while index < bytes.count {
                bytes[index] ^= UInt8(truncatingIfNeeded: word >> (8 * UInt64(index & 7)))
                index += 1
            }
        }
    }

    /// Bytes that were loaded.
    @_lifetime(borrow self)
    package borrowing func bytes(_ count: Int, at offset: Int64) -> RawSpan {
        let first = Int(offset - start)
        return _overrideLifetime(window.span.bytes.extracting(first..<first + count), borrowing: self)
    }

    /// How many of the bytes from `offset` on are in the window.
    package func loaded(from offset: Int64) -> Int { max(0, Int(start) + window.count - Int(offset)) }

    /// The four bytes at a loaded offset, the first one highest.
    @inline(__always)
    package func magic(at offset: Int64) -> UInt32 {
        window.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: Int(offset - start), as: UInt32.self).bigEndian }
    }

    /// Where a magic stands first in what is loaded from `offset` on; nil if it does not.
    func firstMagic(_ magic: UInt32, from offset: Int64) -> Int64? {
        window.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            var index = Int(offset - start)
            while index + 4 <= bytes.count {
                if bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self).bigEndian == magic {
                    return start + Int64(index)
                }
                guard let next = memchr(base + index + 1, Int32(magic >> 24), bytes.count - index - 1) else {
                    return nil
                }
                index = UnsafeRawPointer(next) - base
            }
            return nil
        }
    }

    /// The first byte that is no padding in a range that is loaded; nil if there is none. Padding is zero in the file itself, as space that a
    /// node has set aside: obfuscation leaves it out.
    func firstDirt(in range: Range<Int64>) -> Int64? {
        window.withUnsafeBytes { bytes in
            for index in Int(range.lowerBound - start)..<Int(range.upperBound - start)
            where bytes[index] != key.byte(at: start + Int64(index)) { return start + Int64(index) }
            return nil
        }
    }

    /// The length that a record's head at a loaded offset gives.
    @inline(__always)
    package func length(at offset: Int64) -> Int {
        window.withUnsafeBytes {
            Int($0.loadUnaligned(fromByteOffset: Int(offset - start) + 4, as: UInt32.self).littleEndian)
        }
    }
}
