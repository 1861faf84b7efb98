import Crypto

/// The header of a block.
package struct BlockHeader: Hashable, Sendable {
    /// Its size in bytes.
    package static let size = 80

    package var version: Int32
    package var previous: Hash256
    package var merkleRoot: Hash256
    /// Seconds since 1970.
    package var time: UInt32
    package var bits: UInt32
    package var nonce: UInt32
    /// The double SHA-256 of the header: what the block is known by.
    package var hash: Hash256

    /// The header at the beginning of a serialised block.
    package init(_ block: RawSpan) throws(BlockProblem) {
        var reader = ByteReader(block)
        version = try reader.integer()
        previous = try reader.hash()
        merkleRoot = try reader.hash()
        time = try reader.integer()
        bits = try reader.integer()
        nonce = try reader.integer()
        hash = block.extracting(first: Self.size).withUnsafeBytes { Hash256(ofBytes: $0) }
    }
}

/// Where the parts of a transaction stand in its block.
package struct TransactionLayout: Sendable {
    /// The double SHA-256 of the transaction without its witnesses.
    package var txid: Hash256
    /// Where its first input begins.
    package var inputs: Int32
    package var inputCount: Int32
    /// Where its first output begins.
    package var outputs: Int32
    package var outputCount: Int32
}

/// A block that was found sound: parsed to its last byte, with proof of work, and with the transactions its header commits to.
///
/// A value is filled again and again; it keeps its memory, which is bounded by the largest block. The bytes stay with the caller.
package struct ParsedBlock: ~Copyable {
    /// The header, once a block was parsed.
    package private(set) var header: BlockHeader?
    /// The work of the block.
    package private(set) var work: UInt128 = 0
    /// Its transactions.
    package private(set) var transactions: [TransactionLayout] = []
    /// The bytes of the block, witnesses included.
    package private(set) var size = 0
    private var merkleLevel: [Hash256] = []

    package init() {}

    /// Parses and checks the bytes of one block.
    package mutating func parse(_ bytes: RawSpan, of network: Network) throws(BlockProblem) {
        header = nil
        let header = try BlockHeader(bytes)
        guard let target = Target(bits: header.bits), let easiest = Target(bits: network.easiestBits),
            target.high <= easiest.high
        else { throw .badTarget(bits: header.bits) }
        guard target.isMet(by: header.hash) else { throw .noProofOfWork(hash: header.hash) }
        transactions.removeAll(keepingCapacity: true)
        var reader = ByteReader(bytes, at: BlockHeader.size)
        // The smallest thing that is parsed as a transaction has 10 bytes: so a lying count is found before it costs anything.
        for _ in 0..<(try reader.count(ofThings: 10)) { transactions.append(try TransactionLayout(&reader)) }
        guard reader.left == 0 else { throw .surplus(bytes: reader.left) }
        guard !transactions.isEmpty else { throw .noTransactions }
        guard merkleRoot() == header.merkleRoot else { throw .badMerkleRoot }
        self.header = header
        work = target.work
        size = bytes.byteCount
    }

    /// The root of the transactions' tree; nil where two equal hashes were paired, which makes another block of the same root.
    private mutating func merkleRoot() -> Hash256? {
        merkleLevel.removeAll(keepingCapacity: true)
        for transaction in transactions { merkleLevel.append(transaction.txid) }
        while merkleLevel.count > 1 {
            for index in stride(from: 1, to: merkleLevel.count, by: 2)
            where merkleLevel[index] == merkleLevel[index - 1] {
                return nil
            }
            if !merkleLevel.count.isMultiple(of: 2), let last = merkleLevel.last { merkleLevel.append(last) }
            for index in 0..<merkleLevel.count / 2 {
                merkleLevel[index] = merkleLevel.withUnsafeBytes {
                    Hash256(ofBytes: UnsafeRawBufferPointer(rebasing: $0[64 * index..<64 * (index + 1)]))
                }
            }
            merkleLevel.removeLast(merkleLevel.count / 2)
        }
        return merkleLevel.first
    }
}

extension TransactionLayout {
    /// The transaction that begins where the reader is; the reader is behind it then.
    fileprivate init(_ reader: inout ByteReader) throws(BlockProblem) {
        let start = reader.offset
        try reader.skip(4)
        // No inputs, then a flag: how a transaction with witnesses begins.
        let hasWitnesses = reader.left >= 2 && reader.bytes.unsafeLoad(fromByteOffset: start + 4, as: UInt8.self) == 0
        if hasWitnesses {
            try reader.skip(1)
            guard try reader.integer(UInt8.self) == 1 else { throw .badWitnessFlag(offset: start) }
        }
        let body = reader.offset
        let inputCount = try reader.count(ofThings: 41)
        let inputs = reader.offset
        for _ in 0..<inputCount {
            try reader.skip(36)
            try reader.skip(try reader.count())
            try reader.skip(4)
        }
        let outputCount = try reader.count(ofThings: 9)
        let outputs = reader.offset
        for _ in 0..<outputCount {
            try reader.skip(8)
            try reader.skip(try reader.count())
        }
        let bodyEnd = reader.offset
        if hasWitnesses {
            for _ in 0..<inputCount {
                for _ in 0..<(try reader.count()) { try reader.skip(try reader.count()) }
            }
        }
        try reader.skip(4)
        let (end, bytes) = (reader.offset, reader.bytes)
        txid = bytes.withUnsafeBytes { bytes in
            guard hasWitnesses else { return Hash256(ofBytes: UnsafeRawBufferPointer(rebasing: bytes[start..<end])) }
            var hasher = SHA256()
            hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[start..<start + 4]))
            hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[body..<bodyEnd]))
            hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[end - 4..<end]))
            return Hash256(finishing: hasher)
        }
        // A block has fewer than 2³¹ bytes, and so has everything in it.
        self.inputs = Int32(truncatingIfNeeded: inputs)
        self.inputCount = Int32(truncatingIfNeeded: inputCount)
        self.outputs = Int32(truncatingIfNeeded: outputs)
        self.outputCount = Int32(truncatingIfNeeded: outputCount)
    }
}

extension ParsedBlock {
    /// The height that a coinbase begins with (BIP 34), which blocks of mainnet have from 227,931 on; nil if it begins otherwise.
    package func coinbaseHeight(_ bytes: RawSpan) -> Int64? {
        guard let coinbase = transactions.first, coinbase.inputCount == 1 else { return nil }
        var reader = ByteReader(bytes, at: Int(coinbase.inputs) + 36)
        guard let count = try? reader.count(), let length = try? reader.integer(UInt8.self), length < count else {
            return nil
        }
        guard (1...4).contains(length) else { return nil }
        var height: Int64 = 0
        for index in 0..<Int64(length) {
            guard let byte = try? reader.integer(UInt8.self) else { return nil }
            height |= Int64(byte) << (8 * index)
        }
        return height
    }
}
