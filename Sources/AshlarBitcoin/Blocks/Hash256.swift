package import Ashlar
import Crypto

/// A double SHA-256, in the order of its bytes in blocks; Bitcoin prints it backwards.
package struct Hash256: Hashable, Sendable {
    // The memory of a value is the 32 bytes themselves: arrays of hashes are hashed in place.
    private var first: UInt64
    private var second: UInt64
    private var third: UInt64
    private var fourth: UInt64

    package static let zero = Hash256()

    private init() { (first, second, third, fourth) = (0, 0, 0, 0) }

    /// The hash that stands at an offset of `bytes`, which must reach that far.
    package init(_ bytes: RawSpan, at offset: Int) {
        func word(_ index: Int) -> UInt64 {
            bytes.unsafeLoadUnaligned(fromByteOffset: offset + 8 * index, as: UInt64.self)
        }
        (first, second, third, fourth) = (word(0), word(1), word(2), word(3))
    }

    /// The hash that is printed like this, or nil if it is none.
    package init?(printed text: some Collection<UInt8>) {
        guard text.count == 64 else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for character in text {
            guard let digit = Hex.value(of: character) else { return nil }
            if let first = high { bytes.append(first << 4 | digit) }
            high = high == nil ? digit : nil
        }
        bytes.reverse()
        self.init(bytes.span.bytes, at: 0)
    }

    /// The double SHA-256 of some bytes.
    package init(ofBytes bytes: UnsafeRawBufferPointer) {
        var hasher = SHA256()
        hasher.update(bufferPointer: bytes)
        self.init(finishing: hasher)
    }

    /// The double SHA-256 of bytes that were fed into a hasher.
    init(finishing hasher: SHA256) {
        var outer = SHA256()
        hasher.finalize().withUnsafeBytes { outer.update(bufferPointer: $0) }
        self = outer.finalize().withUnsafeBytes { $0.loadUnaligned(as: Hash256.self) }
    }

    /// The hash as a number, which a target bounds: its upper and its lower half.
    package var number: (high: UInt128, low: UInt128) {
        (
            UInt128(_low: UInt64(littleEndian: third), _high: UInt64(littleEndian: fourth)),
            UInt128(_low: UInt64(littleEndian: first), _high: UInt64(littleEndian: second))
        )
    }

    /// Bits that are as good as random, in any chain.
    var randomBits: UInt64 { first }

    /// The bytes as they are printed: last first.
    package var printedBytes: [UInt8] { withUnsafeBytes(of: self) { $0.reversed() } }
}

extension Hash256: CustomStringConvertible {
    /// What Bitcoin prints.
    package var description: String {
        String(decoding: printedBytes.flatMap { [Hex.digit($0 >> 4), Hex.digit($0 & 15)] }, as: UTF8.self)
    }
}

extension Hash256 {
    /// The hash as the store keeps it: its bytes in the order printed.
    package func stored() throws(StoreError) -> BlockHash { try BlockHash(validating: printedBytes) }

    /// The hash that a store keeps, or nil if it has not 32 bytes.
    package init?(stored hash: BlockHash) {
        let bytes: [UInt8] = hash.bytes.reversed()
        guard bytes.count == 32 else { return nil }
        self.init(bytes.span.bytes, at: 0)
    }
}

extension Hash256: SnapshotCodable {
    package func encode(to output: inout SnapshotOutput) throws(SnapshotError) {
        try output.append(UInt64(littleEndian: first))
        try output.append(UInt64(littleEndian: second))
        try output.append(UInt64(littleEndian: third))
        try output.append(UInt64(littleEndian: fourth))
    }

    package static func decode(from input: inout SnapshotInput) throws(SnapshotError) -> Hash256 {
        Hash256(try input.readBytes(count: 32), at: 0)
    }
}

/// Hexadecimal digits.
enum Hex {
    static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
