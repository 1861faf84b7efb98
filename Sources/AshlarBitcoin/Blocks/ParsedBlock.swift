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
    package init(_ block: [UInt8]) throws(BlockProblem) {
        guard block.count >= Self.size else { throw .cutOff(offset: block.count) }
        version = block.integer(at: 0)
        previous = Hash256(block, at: 4)
        merkleRoot = Hash256(block, at: 36)
        time = block.integer(at: 68)
        bits = block.integer(at: 72)
        nonce = block.integer(at: 76)
        hash = block[..<Self.size].withUnsafeBytes { Hash256(ofBytes: $0) }
    }
}

/// A transaction: its name, and which of its block's inputs and outputs are its own.
package struct Transaction: Sendable {
    /// The double SHA-256 of the transaction without its witnesses.
    package var txid: Hash256
    package var inputs: Range<Int>
    package var outputs: Range<Int>
}

/// A block that was found sound: parsed to its last byte, with proof of work, and with the transactions its header commits to.
///
/// A value is filled again and again; it keeps its memory, which is bounded by the largest block.
package struct ParsedBlock: Sendable {
    /// The bytes of the block, witnesses included.
    package private(set) var bytes: [UInt8] = []
    /// The header, once a block was parsed.
    package private(set) var header: BlockHeader?
    /// The work of the block.
    package private(set) var work: UInt128 = 0
    package private(set) var transactions: [Transaction] = []
    /// Where each input begins: with the output that it spends.
    private(set) var inputs: [Int] = []
    /// What each output pays in satoshi, and where its script stands.
    private(set) var outputs: [(value: Int64, script: Range<Int>)] = []
    private var merkleLevel: [Hash256] = []

    package init() {}

    /// Parses and checks the bytes of one block; the header of it may have been parsed before.
    package mutating func parse(_ bytes: [UInt8], header: BlockHeader? = nil, of network: Network) throws(BlockProblem)
    {
        self.header = nil
        let header = if let header { header } else { try BlockHeader(bytes) }
        guard let target = Target(bits: header.bits), let easiest = Target(bits: network.easiestBits),
            target.high <= easiest.high
        else { throw .badTarget(bits: header.bits) }
        guard target.isMet(by: header.hash) else { throw .noProofOfWork(hash: header.hash) }
        transactions.removeAll(keepingCapacity: true)
        inputs.removeAll(keepingCapacity: true)
        outputs.removeAll(keepingCapacity: true)
        var reader = ByteReader(bytes, at: BlockHeader.size)
        // The smallest thing that is parsed as a transaction has 10 bytes: so a lying count is found before it costs anything.
        for _ in 0..<(try reader.count(ofThings: 10)) { try readTransaction(&reader) }
        guard reader.left == 0 else { throw .surplus(bytes: reader.left) }
        guard !transactions.isEmpty else { throw .noTransactions }
        guard merkleRoot() == header.merkleRoot else { throw .badMerkleRoot }
        (self.bytes, self.header, work) = (bytes, header, target.work)
    }

    private mutating func readTransaction(_ reader: inout ByteReader) throws(BlockProblem) {
        let (start, firstInput, firstOutput) = (try reader.skip(4), inputs.count, outputs.count)
        // No inputs, then a flag: how a transaction with witnesses begins.
        let hasWitnesses = reader.left >= 2 && reader.bytes[reader.offset] == 0
        if hasWitnesses {
            try reader.skip(1)
            guard try reader.integer(UInt8.self) == 1 else { throw .badWitnessFlag(offset: start) }
        }
        let body = reader.offset
        for _ in 0..<(try reader.count(ofThings: 41)) {
            inputs.append(try reader.skip(36))
            try reader.skip(reader.count())
            try reader.skip(4)
        }
        for _ in 0..<(try reader.count(ofThings: 9)) {
            let value = try reader.integer(Int64.self)
            let size = try reader.count()
            let script = try reader.skip(size)
            outputs.append((value, script..<script + size))
        }
        let bodyEnd = reader.offset
        for _ in firstInput..<(hasWitnesses ? inputs.count : firstInput) {
            for _ in 0..<(try reader.count()) { try reader.skip(reader.count()) }
        }
        let lockTime = try reader.skip(4)
        let txid = reader.bytes.withUnsafeBytes { bytes in
            var hasher = SHA256()
            for part in [start..<start + 4, body..<bodyEnd, lockTime..<lockTime + 4] {
                hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[part]))
            }
            return Hash256(finishing: hasher)
        }
        transactions.append(
            Transaction(txid: txid, inputs: firstInput..<inputs.count, outputs: firstOutput..<outputs.count))
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

extension ParsedBlock {
    /// Whether a transaction is a coinbase: its only input names no output.
    func isCoinbase(_ transaction: Transaction) -> Bool {
        guard transaction.inputs.count == 1 else { return false }
        let input = inputs[transaction.inputs.lowerBound]
        return Hash256(bytes, at: input) == .zero && bytes.integer(at: input + 32) == UInt32.max
    }

    /// The height that a coinbase begins with (BIP 34), which blocks of mainnet have from 227,931 on; nil if it begins otherwise.
    package var coinbaseHeight: Int64? {
        guard let coinbase = transactions.first, coinbase.inputs.count == 1 else { return nil }
        var reader = ByteReader(bytes, at: inputs[coinbase.inputs.lowerBound] + 36)
        guard let size = try? reader.count(), let digits = try? reader.integer(UInt8.self), digits < size,
            (1...4).contains(digits)
        else { return nil }
        return (0..<Int64(digits)).reduce(0) { $0 | Int64(bytes[reader.offset + Int($1)]) << (8 * $1) }
    }
}
