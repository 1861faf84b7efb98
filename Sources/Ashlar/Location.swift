/// Where a commit starts: segment number in the upper 24 bits, offset divided by 8 in the lower 40.
///
/// The height index keeps one of these a block, which is what bounds it to 8 bytes.
struct Location: Hashable, Sendable {
    let bits: UInt64

    init(bits: UInt64) { self.bits = bits }

    init(segment: UInt64, offset: Int) {
        bits = segment << 40 | UInt64(offset) >> 3
    }

    var segment: UInt64 { bits >> 40 }
    var offset: Int { Int((bits & ((1 << 40) - 1)) << 3) }
}
