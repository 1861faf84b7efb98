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
/// Invariant: 0 ≤ `offset` ≤ `bytes.byteCount`.
package struct ByteReader: ~Escapable {
    package let bytes: RawSpan
    package private(set) var offset: Int

    /// A reader that starts at an offset, which is within the bytes.
    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan, at offset: Int = 0) {
        precondition(offset >= 0 && offset <= bytes.byteCount)
        self.bytes = bytes
        self.offset = offset
    }

    /// How many bytes are left.
    package var left: Int { bytes.byteCount - offset }

    /// The next integer, lowest byte first.
    @_lifetime(self: copy self)
    @inline(__always)
    package mutating func integer<Number: FixedWidthInteger & BitwiseCopyable>(
        _: Number.Type = Number.self
    ) throws(BlockProblem) -> Number {
        guard left >= MemoryLayout<Number>.size else { throw .cutOff(offset: offset) }
        let value = bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Number.self)
        offset += MemoryLayout<Number>.size
        return Number(littleEndian: value)
    }

    /// The next hash.
    @_lifetime(self: copy self)
    package mutating func hash() throws(BlockProblem) -> Hash256 {
        guard left >= 32 else { throw .cutOff(offset: offset) }
        offset += 32
        return Hash256(bytes, at: offset - 32)
    }

    /// Passes over some bytes, and gives where they begin.
    @_lifetime(self: copy self)
    @discardableResult
    @inline(__always)
    package mutating func skip(_ count: Int) throws(BlockProblem) -> Int {
        guard left >= count else { throw .cutOff(offset: offset) }
        offset += count
        return offset - count
    }

    /// The next count: of bytes, or of things that take at least `size` bytes each, for which there must be room.
    @_lifetime(self: copy self)
    @inline(__always)
    package mutating func count(ofThings size: Int = 1) throws(BlockProblem) -> Int {
        let start = offset
        let first: UInt8 = try integer()
        var value = UInt64(first)
        switch first {
        case 0xFD:
            value = UInt64(try integer(UInt16.self))
            guard value >= 0xFD else { throw .badCount(offset: start) }
        case 0xFE:
            value = UInt64(try integer(UInt32.self))
            guard value > 0xFFFF else { throw .badCount(offset: start) }
        case 0xFF: throw .badCount(offset: start)
        default: break
        }
        guard value <= UInt64(left / size) else { throw .cutOff(offset: bytes.byteCount) }
        return Int(value)
    }
}
