/// The chain value: 64 bits that continue the previous commit's; see `format-spec/checksums.md`.
package enum ChainValue {
    private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15

    @inline(__always)
    package static func fold(_ value: UInt64, _ word: UInt64) -> UInt64 {
        let mixed = (value ^ word) &* factor
        return mixed ^ (mixed >> 32)
    }

    /// The value before commit 1.
    package static func origin(of store: StoreID) -> UInt64 {
        fold(fold(0, store.high), store.low)
    }

    /// Folds in all words of `bytes`, whose count must be a multiple of 8.
    package static func fold(_ value: UInt64, _ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var value = value
        var offset = 0
        while offset < bytes.count {
            value = fold(value, UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            offset += 8
        }
        return value
    }

    /// The value before `word` was folded in and gave `value`: every step of `fold` can be undone.
    package static func unfold(_ value: UInt64, _ word: UInt64) -> UInt64 {
        ((value ^ (value >> 32)) &* inverse) ^ word
    }

    /// The value before the words of `bytes`, of which there are a multiple of 8, were folded in and gave `value`.
    package static func unfold(_ value: UInt64, _ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var value = value
        var offset = bytes.count - 8
        while offset >= 0 {
            value = unfold(value, UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            offset -= 8
        }
        return value
    }

    /// 1 / `factor` modulo 2⁶⁴: each of Newton's steps doubles the bits that are right.
    private static let inverse: UInt64 = {
        var inverse = factor
        for _ in 0..<6 { inverse = inverse &* (2 &- factor &* inverse) }
        return inverse
    }()
}
