/// Why bytes are not a block.
package enum BlockProblem: Error, Hashable, Sendable {
    /// They end too early, or a count in them lies.
    case cutOff(offset: Int)
    /// A count is longer than it need be, or larger than any block.
    case badCount(offset: Int)
    /// A transaction has neither inputs nor a witness flag that is known.
    case badWitnessFlag(offset: Int)
    /// Something stands behind the last transaction.
    case surplus(bytes: Int)
    /// There is not even a coinbase transaction.
    case noTransactions
    /// The target is none, or easier than the network allows.
    case badTarget(bits: UInt32)
    /// The hash does not meet the target.
    case noProofOfWork(hash: Hash256)
    /// The transactions are not those that the header commits to.
    case badMerkleRoot
}

extension BlockProblem: CustomStringConvertible {
    /// What is wrong.
    package var description: String {
        switch self {
        case .cutOff(let offset): "it ends too early, at its byte \(offset)"
        case .badCount(let offset): "the count at its byte \(offset) is not possible"
        case .badWitnessFlag(let offset): "the transaction at its byte \(offset) has an unknown form"
        case .surplus(let bytes): "\(bytes) bytes follow its last transaction"
        case .noTransactions: "it has no transactions"
        case .badTarget: "its target is not possible on this network"
        case .noProofOfWork(let hash): "its hash \(hash) does not meet its target"
        case .badMerkleRoot: "its transactions are not those that its header commits to"
        }
    }
}

/// Reads the parts of a serialised block in their order, and never beyond its end.
///
/// Invariant: 0 ≤ `offset` ≤ `bytes.count`.
struct ByteReader {
    let bytes: [UInt8]
    private(set) var offset: Int

    /// A reader that starts at an offset, which is within the bytes.
    init(_ bytes: [UInt8], at offset: Int) { (self.bytes, self.offset) = (bytes, offset) }

    /// How many bytes are left.
    var left: Int { bytes.count - offset }

    /// Passes over some bytes, and gives where they begin.
    @discardableResult
    @inline(__always)
    mutating func skip(_ count: Int) throws(BlockProblem) -> Int {
        guard left >= count else { throw .cutOff(offset: offset) }
        offset += count
        return offset - count
    }

    /// The next integer.
    @inline(__always)
    mutating func integer<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type) throws(BlockProblem) -> Number {
        bytes.integer(at: try skip(MemoryLayout<Number>.size))
    }

    /// The next count: of bytes, or of things that take at least `size` bytes each, for which there must be room.
    @inline(__always)
    mutating func count(ofThings size: Int = 1) throws(BlockProblem) -> Int {
        let start = offset
        var value = Int(try integer(UInt8.self))
        switch value {
        case 0xFD:
            value = Int(try integer(UInt16.self))
            guard value >= 0xFD else { throw .badCount(offset: start) }
        case 0xFE:
            value = Int(try integer(UInt32.self))
            guard value > 0xFFFF else { throw .badCount(offset: start) }
        case 0xFF: throw .badCount(offset: start)
        default: break
        }
        guard value <= left / size else { throw .cutOff(offset: bytes.count) }
        return value
    }
}

extension [UInt8] {
    /// The integer at an offset, lowest byte first; the array must reach that far.
    @inline(__always)
    func integer<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Number {
        precondition(offset >= 0 && offset <= count - MemoryLayout<Number>.size)
        return withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Number.self)) }
    }
}
