import AshlarJSON

/// A 64-bit hash of a text, taken in words of eight bytes.
///
/// Each word is mixed in by steps that can be undone (an exclusive or, a multiplication by an odd number, a shift), so no
/// state is ever lost; the end mixes in the length and spreads every bit over all others. It is not meant to withstand
/// somebody who looks for two texts of one hash: whoever uses it says what such a pair would do.
struct TextHash {
    private var state: UInt64
    private var word: UInt64 = 0
    private var count: UInt64 = 0

    /// The hash of no bytes yet; different seeds give unrelated hashes.
    @inline(__always)
    init(seed: UInt64) { state = seed }

    /// Takes in one word more.
    @inline(__always)
    static func mix(_ state: UInt64, _ word: UInt64) -> UInt64 {
        let product = (state ^ word) &* 0x9E37_79B9_7F4A_7C15
        return product ^ (product &>> 32)
    }

    /// Spreads every bit of a state over all others.
    @inline(__always)
    static func finish(_ state: UInt64) -> UInt64 {
        var mixed = (state ^ (state &>> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed &>> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed &>> 31)
    }

    /// Takes in one byte.
    @inline(__always)
    mutating func add(_ byte: UInt8) {
        word |= UInt64(byte) &<< (8 &* (count & 7))
        count &+= 1
        guard count & 7 == 0 else { return }
        state = Self.mix(state, word)
        word = 0
    }

    /// The hash of all bytes taken in.
    @inline(__always)
    var value: UInt64 { Self.finish(Self.mix(Self.mix(state, word), count)) }

    /// The hash of some bytes: what adding one after the other gives, at the speed of words.
    @inline(__always)
    static func hash(_ bytes: RawSpan, _ range: Range<Int>, seed: UInt64) -> UInt64 {
        var state = seed
        var offset = range.lowerBound
        while offset &+ 8 <= range.upperBound {
            state = mix(state, load(bytes, offset))
            offset &+= 8
        }
        let rest = range.upperBound &- offset
        var word: UInt64 = 0
        if rest > 0, offset &+ 8 <= bytes.byteCount {
            word = load(bytes, offset) & (UInt64.max &>> UInt64(64 &- 8 &* rest))
        } else {
            for index in 0..<rest {
                word |= UInt64(bytes.unsafeLoad(fromByteOffset: offset + index, as: UInt8.self)) << UInt64(8 * index)
            }
        }
        return finish(mix(mix(state, word), UInt64(range.count)))
    }

    /// Eight bytes that are known to be there.
    @inline(__always)
    private static func load(_ bytes: RawSpan, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    }
}

extension TextHash {
    /// The hash of a string's value, whether it is written with escapes or without. A surrogate that has no other half counts
    /// as the three bytes that UTF-8 would have for it.
    @inline(__always)
    static func hash(_ string: JSONString, _ scanner: borrowing JSONScanner, seed: UInt64) -> UInt64 {
        guard string.isEscaped else { return hash(scanner.bytes, string.range, seed: seed) }
        return hashEscaped(string, scanner, seed: seed)
    }

    private static func hashEscaped(
        _ string: JSONString, _ scanner: borrowing JSONScanner, seed: UInt64
    ) -> UInt64 {
        var hash = TextHash(seed: seed)
        scanner.forEachByte(of: string) { hash.add($0) }
        return hash.value
    }
}
