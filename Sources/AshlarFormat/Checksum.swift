import CAshlarChecksum

/// CRC-32 as `format-spec/checksums.md` defines it.
package enum Checksum {
    /// The CRC of `bytes`, continued from `seed`. Complexity: O(*n*), no allocation.
    @inline(__always)
    package static func crc(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
        ashlar_crc32(seed, bytes.baseAddress, bytes.count)
    }

    @inline(__always)
    package static func crc(_ span: borrowing RawSpan, seed: UInt32 = 0) -> UInt32 {
        span.withUnsafeBytes { crc($0, seed: seed) }
    }

    /// The CRC with which a commit header in `segment` of `store` starts ([CRC-2]).
    package static func headerSeed(store: StoreID, segment: UInt64) -> UInt32 {
        var bytes = store.bytes
        bytes.appendInteger(segment)
        return bytes.withUnsafeBytes { crc($0) }
    }

    /// The CRC of a record: its length, then its content ([CRC-1]).
    @inline(__always)
    package static func record(_ content: UnsafeRawBufferPointer) -> UInt32 {
        ashlar_crc32(ashlar_crc32_length(UInt32(truncatingIfNeeded: content.count)), content.baseAddress, content.count)
    }
}
