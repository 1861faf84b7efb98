import AshlarBitcoin
import AshlarTestSupport
import Testing

@Suite("Bitcoin blocks")
struct BlockTests {
    /// What is wrong with a block, or nil.
    private func problem(_ bytes: [UInt8], _ network: Network = .regtest) -> BlockProblem? {
        var block = ParsedBlock()
        do throws(BlockProblem) {
            try block.parse(bytes, of: network)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "work is what nodes reckon",
        arguments: [
            (0x1D00_FFFF, 0x1_0001_0001), (0x207F_FFFF, 2), (0x1B04_04CB, 0x3FB3_AB76_4C00),
            (0x1703_71B1, 0x4A54_71CB_7FA6_B791_5010),
        ] as [(UInt32, UInt128)])
    func work(bits: UInt32, work: UInt128) {
        #expect(Target(bits: bits)?.work == work)
    }

    @Test(
        "impossible targets are none",
        arguments: [0, 0x1D80_FFFF, 0x1D00_0000, 0x0300_0001, 0x2100_FFFF, 0xFF7F_FFFF, 0x1380_0000] as [UInt32])
    func impossible(bits: UInt32) {
        #expect(Target(bits: bits) == nil)
    }

    @Test("the first blocks of the networks are theirs")
    func genesis() {
        #expect("\(BlockMaker.genesis.hash)" == Network.regtest.genesis)
        #expect(problem(BlockMaker.genesis.bytes) == nil)
        #expect(problem(Array(Fixtures.mainnet[8..<293]), .mainnet) == nil)
    }

    @Test("proof of work is checked, and that the target is not easier than the network allows")
    func proofOfWork() {
        var maker = BlockMaker()
        var bytes = maker.block(on: BlockMaker.genesis).bytes
        #expect(problem(bytes, .mainnet) == .badTarget(bits: 0x207F_FFFF))
        while true {
            bytes[76] &+= 1
            guard let found = problem(bytes) else { continue }
            guard case .noProofOfWork = found else {
                Issue.record("\(found)")
                return
            }
            return
        }
    }

    @Test("counts that lie are found before they cost anything, wherever they stand")
    func lyingCounts() {
        let coinbase = Array(BlockMaker.genesis.bytes[81...])
        let huge: [[UInt8]] = [
            [0xFE, 0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0xFE, 0x00, 0x00, 0x10, 0x00], [0xFD, 0xFF, 0xFF],
        ]
        // The transactions, the inputs, the script of the input, the outputs, the script of the output.
        for place in [-1, 4, 4 + 1 + 36, 4 + 1 + 36 + 1 + 77 + 4, 4 + 1 + 36 + 1 + 77 + 4 + 1 + 8] {
            for count in huge {
                var body = [1] + coinbase
                body.replaceSubrange(place + 1...place + 1, with: count)
                let block = BlockMaker.mine(Array(BlockMaker.genesis.bytes[..<80]) + body, height: 0)
                switch problem(block.bytes) {
                case .cutOff, .badCount: break
                case let other: Issue.record("\(place), \(count): \(String(describing: other))")
                }
            }
        }
    }

    @Test("counts must be as short as they can be")
    func shortCounts() {
        let header = Array(BlockMaker.genesis.bytes[..<80])
        for count: [UInt8] in [[0xFD, 1, 0], [0xFE, 1, 0, 0, 0], [0xFF, 1, 0, 0, 0, 0, 0, 0, 0]] {
            let block = BlockMaker.mine(header + count + BlockMaker.genesis.bytes[81...], height: 0)
            #expect(problem(block.bytes) == .badCount(offset: 80))
        }
    }

    @Test("what stands behind the last transaction, or is missing from it, makes it no block")
    func ends() {
        let bytes = BlockMaker.genesis.bytes
        #expect(problem(bytes + [0]) == .surplus(bytes: 1))
        for length in 0..<bytes.count {
            if case .cutOff = problem(Array(bytes[..<length])) { continue }
            Issue.record("\(length)")
        }
        let empty = BlockMaker.mine(Array(bytes[..<80]) + [0], height: 0)
        #expect(problem(empty.bytes) == .noTransactions)
    }

    @Test("a block with its last transactions doubled has the same root, and is another block")
    func doubled() throws {
        var maker = BlockMaker()
        let genesis = BlockMaker.genesis
        let coinbase = Array(maker.block(on: genesis).bytes[81...])
        let spend = BlockMaker.transaction(
            inputs: [([UInt8](repeating: 9, count: 36), [])], outputs: [(1, [0x51])])
        let three = [coinbase, spend, spend]
        // Three transactions whose last one is doubled for the root: adding it for real gives four with the same root.
        let two = BlockMaker.assemble([coinbase, spend], on: genesis)
        #expect(problem(two.bytes) == nil)
        let doubled = Array(two.bytes[..<80]) + [3] + three.joined()
        #expect(problem(doubled) == .badMerkleRoot)
        let one = BlockMaker.assemble([coinbase], on: genesis)
        #expect(problem(Array(one.bytes[..<80]) + [2] + coinbase + coinbase) == .badMerkleRoot)
    }

    @Test("witnesses are no part of the hash, and unknown forms of transactions are refused")
    func witnesses() {
        var maker = BlockMaker()
        let block = maker.block(on: BlockMaker.genesis, witnesses: true)
        #expect(problem(block.bytes) == nil)
        var bytes = block.bytes
        bytes[bytes.count - 7] ^= 1  // within the first item of the witness
        #expect(problem(bytes) == nil)
        bytes[bytes.count - 1] ^= 1  // the lock time, which is in the hash
        #expect(problem(bytes) == .badMerkleRoot)
        let coinbase = Array(BlockMaker.genesis.bytes[81...])
        for flag: UInt8 in [0, 2, 3, 0xFF] {
            let strange = Array(coinbase[..<4]) + [0, flag] + coinbase[4...]
            let block = BlockMaker.mine(Array(BlockMaker.genesis.bytes[..<80]) + [1] + strange, height: 0)
            #expect(problem(block.bytes) == .badWitnessFlag(offset: 81))
        }
    }

    @Test("random bytes behind a sound header never crash")
    func random() {
        for seed in 0..<2_000 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var bytes = BlockMaker.genesis.bytes
            if seed.isMultiple(of: 2) {
                bytes = Array(bytes[..<80]) + [UInt8(1 + random.below(3))] + random.bytes(random.below(400))
            } else {
                for _ in 0..<1 + random.below(4) {
                    bytes[80 + random.below(bytes.count - 80)] = UInt8(random.below(256))
                }
            }
            if bytes != BlockMaker.genesis.bytes { #expect(problem(bytes) != nil) }
        }
    }
}
