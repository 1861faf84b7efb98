import AshlarBitcoin
import AshlarTestSupport

/// Makes blocks of the regression test network, whose proof of work takes two tries.
struct BlockMaker {
    /// A block that was made, with its bytes.
    struct Made: Hashable {
        var bytes: [UInt8]
        var hash: Hash256
        var height: Int

        /// The record of the block in a file.
        func record(_ network: Network = .regtest) -> [UInt8] {
            BlockMaker.magic(network) + BlockMaker.little(UInt32(bytes.count)) + bytes
        }
    }

    private var count: UInt32 = 0

    /// The first block of the network: mainnet's, with another time, target and nonce.
    static let genesis: Made = {
        var bytes = Array(Fixtures.mainnet[8..<8 + 285])
        bytes.replaceSubrange(
            68..<80, with: little(UInt32(1_296_688_602)) + little(UInt32(0x207F_FFFF)) + little(UInt32(2)))
        return made(bytes, height: 0)
    }()

    static func magic(_ network: Network) -> [UInt8] { little(network.magic).reversed() }

    static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    private static func made(_ bytes: [UInt8], height: Int) -> Made {
        Made(bytes: bytes, hash: bytes[..<80].withUnsafeBytes { Hash256(ofBytes: $0) }, height: height)
    }

    /// A block on another one; `padding` makes it so many bytes longer, `witnesses` gives it a transaction that has some.
    mutating func block(on parent: Made, padding: Int = 0, witnesses: Bool = false) -> Made {
        count += 1
        let height = UInt32(parent.height + 1)
        // Each block's coinbase is another, as BIP 34 has it.
        let script: [UInt8] = [4] + Self.little(height) + [4] + Self.little(count)
        let coinbase = Self.transaction(
            inputs: [([UInt8](repeating: 0, count: 32) + Self.little(UInt32.max), script)],
            outputs: [(5_000_000_000, [0x51]), (0, [0x6A] + [UInt8](repeating: 7, count: padding))])
        var transactions = [coinbase]
        if witnesses {
            let spent = [UInt8](repeating: UInt8(truncatingIfNeeded: count), count: 32) + Self.little(UInt32(1))
            transactions.append(
                Self.transaction(inputs: [(spent, [])], outputs: [(1, [])], witnesses: [[1, 2, 3], []]))
        }
        return Self.assemble(transactions, on: parent)
    }

    /// A block of these transactions; one alone, or two without their witnesses' bytes in the root.
    static func assemble(_ transactions: [[UInt8]], on parent: Made) -> Made {
        let ids = transactions.map { Array(hash(withoutWitnesses($0))) }
        let root = ids.count == 1 ? ids[0] : hash(ids[0] + ids[1])
        var bytes = little(Int32(0x2000_0000)) + Array(parent.hash.printedBytes.reversed()) + root
        bytes += little(UInt32(1_300_000_000 + parent.height)) + little(UInt32(0x207F_FFFF)) + little(UInt32(0))
        bytes += [UInt8(transactions.count)] + transactions.joined()
        return mine(bytes, height: parent.height + 1)
    }

    /// Tries nonces until the hash meets the target.
    static func mine(_ block: [UInt8], height: Int) -> Made {
        var bytes = block
        for nonce in 0..<UInt32.max {
            bytes.replaceSubrange(76..<80, with: little(nonce))
            let made = made(bytes, height: height)
            if Target(bits: 0x207F_FFFF)?.isMet(by: made.hash) == true { return made }
        }
        fatalError("no nonce")
    }

    static func transaction(
        inputs: [([UInt8], [UInt8])], outputs: [(Int64, [UInt8])], witnesses: [[UInt8]]? = nil
    ) -> [UInt8] {
        var bytes = little(Int32(1)) + (witnesses == nil ? [] : [0, 1])
        bytes += size(inputs.count)
        for (outpoint, script) in inputs { bytes += outpoint + size(script.count) + script + little(UInt32.max) }
        bytes += size(outputs.count)
        for (value, script) in outputs { bytes += little(value) + size(script.count) + script }
        for _ in witnesses == nil ? [] : inputs {
            bytes += size(witnesses?.count ?? 0)
            for item in witnesses ?? [] { bytes += size(item.count) + item }
        }
        return bytes + little(UInt32(0))
    }

    static func size(_ count: Int) -> [UInt8] {
        if count < 0xFD { return [UInt8(count)] }
        return count <= 0xFFFF ? [0xFD] + little(UInt16(count)) : [0xFE] + little(UInt32(count))
    }

    /// Strips marker, flag and witnesses of a transaction made here: those of one input with items of 3 and 0 bytes.
    private static func withoutWitnesses(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes[4] == 0 else { return bytes }
        return Array(bytes[..<4] + bytes[6..<bytes.count - 10] + bytes.suffix(4))
    }

    private static func hash(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { Hash256(ofBytes: $0) }.printedBytes.reversed()
    }
}
