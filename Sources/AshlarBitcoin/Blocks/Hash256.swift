package import Ashlar
import AshlarCLI
import AshlarJSON
import Crypto

/// A double SHA-256, in the order of its bytes in blocks; Bitcoin prints it backwards.
package struct Hash256: Hashable, Sendable, Codable, BitwiseCopyable {
    // The memory of a value is the 32 bytes themselves: arrays of hashes are hashed in place.
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    private var third: UInt64 = 0
    private var fourth: UInt64 = 0

    package static let zero = Hash256()

    private init() {}

    /// The hash that stands at an offset of `bytes`, which must reach that far.
    package init(_ bytes: [UInt8], at offset: Int) {
        self = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Hash256.self) }
    }

    /// The hash that is printed like this, or nil if it is none.
    package init?(printed text: some Collection<UInt8>) {
        guard text.count == 64, let bytes = [UInt8](hex: text) else { return nil }
        self.init(printedBytes: bytes)
    }

    /// The hash that a store keeps, or nil if it has not 32 bytes.
    package init?(stored hash: BlockHash) {
        guard hash.count == 32 else { return nil }
        self.init(printedBytes: hash.bytes)
    }

    /// The hash whose 32 bytes are printed in this order.
    init(printedBytes bytes: [UInt8]) { self = Hash256(bytes, at: 0).reversed }

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

    /// The hash with its bytes in the order in which they are printed.
    var reversed: Hash256 {
        var result = Hash256.zero
        (result.first, result.second) = (fourth.byteSwapped, third.byteSwapped)
        (result.third, result.fourth) = (second.byteSwapped, first.byteSwapped)
        return result
    }

    /// The bytes as they are printed, and as the store keeps them: last first.
    package var printedBytes: [UInt8] { withUnsafeBytes(of: reversed) { Array($0) } }

    /// The hash as the store keeps it.
    package func stored() throws(StoreError) -> BlockHash { try BlockHash(validating: printedBytes) }
}

extension Hash256: CustomStringConvertible {
    /// What Bitcoin prints.
    package var description: String { HashText.encode(printedBytes, as: .hex) }
}

extension Hash256: SnapshotCodable {
    package func encode(to output: inout SnapshotOutput) throws(SnapshotError) {
        for word in [first, second, third, fourth] { try output.append(UInt64(littleEndian: word)) }
    }

    package static func decode(from input: inout SnapshotInput) throws(SnapshotError) -> Hash256 {
        try input.readBytes(count: 32).unsafeLoadUnaligned(as: Hash256.self)
    }
}
