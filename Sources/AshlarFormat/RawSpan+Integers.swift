// Little-endian loads. Every load is bounds-checked by the span; callers check lengths first so that hostile bytes end in an
// error and not in a trap.

extension RawSpan {
    @inline(__always)
    package func u8(_ offset: Int) -> UInt8 { unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self) }

    @inline(__always)
    package func u16(_ offset: Int) -> UInt16 {
        UInt16(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    @inline(__always)
    package func u32(_ offset: Int) -> UInt32 {
        UInt32(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    @inline(__always)
    package func u64(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    @inline(__always)
    package func i64(_ offset: Int) -> Int64 { Int64(bitPattern: u64(offset)) }

    /// The bytes of `range` as an array.
    package func bytes(_ range: Range<Int>) -> [UInt8] {
        extracting(range).withUnsafeBytes { [UInt8]($0) }
    }

    /// Whether every byte of `range` is zero. Complexity: O(*n*), a word at a time.
    package func isZero(_ range: Range<Int>) -> Bool {
        extracting(range).withUnsafeBytes { bytes in
            var offset = 0
            while offset + 8 <= bytes.count {
                if bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) != 0 { return false }
                offset += 8
            }
            while offset < bytes.count {
                if bytes[offset] != 0 { return false }
                offset += 1
            }
            return true
        }
    }
}

/// `count` rounded up to a multiple of 8.
@inline(__always)
package func paddedTo8(_ count: Int) -> Int { (count + 7) & ~7 }
