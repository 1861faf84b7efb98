import Ashlar
import AshlarBitcoin
import AshlarTestSupport
import Testing

@Suite("Bitcoin block files")
struct BlockFileTests {
    /// The first block and five on top of each other.
    private static let chain: [BlockMaker.Made] = {
        var maker = BlockMaker()
        var blocks = [BlockMaker.genesis]
        for index in 0..<5 { blocks.append(maker.block(on: blocks[index], padding: index * 37)) }
        return blocks
    }()

    private static let records = chain.map { $0.record() }
    private static let hashes = chain.map(\.hash)

    private static func obfuscate(_ bytes: [UInt8], _ key: [UInt8], from offset: Int = 0) -> [UInt8] {
        bytes.enumerated().map { $1 ^ key[($0 + offset) % 8] }
    }

    @Test("zeros between records are passed over without a word")
    func padding() throws {
        for zeros in [1, 3, 4, 5, 8, 100, 70_000] {
            let directory = TemporaryDirectory()
            let gap = [UInt8](repeating: 0, count: zeros)
            directory.file("blk00000.dat", Self.records.joined(separator: gap) + gap)
            let summary = try index(directory).get()
            #expect(summary.blocks == 6 && summary.notes.isEmpty, "\(zeros) zeros: \(summary.json)")
        }
    }

    @Test("files are deobfuscated by their offsets, and zeros in them are no part of that")
    func obfuscation() throws {
        var random = SplitMix64(seed: 1)
        // In some of the keys a byte of the magic meets the byte of the key that makes it zero in the file.
        let magic = BlockMaker.magic(.regtest)
        var keys = (0..<8).map { _ in random.bytes(8) }
        keys += (0..<4).map { [UInt8](repeating: magic[$0], count: 8) }
        keys.append(magic + magic)
        for key in keys {
            for zeros in [0, 1, 5, 8, 4_099] {
                let directory = TemporaryDirectory()
                directory.file("xor.dat", key)
                let gap = [UInt8](repeating: 0, count: zeros)
                var file: [UInt8] = []
                for record in Self.records { file += Self.obfuscate(record, key, from: file.count) + gap }
                directory.file("blk00000.dat", file)
                let summary = try index(directory).get()
                #expect(summary.blocks == 6 && summary.notes.isEmpty, "key \(key), \(zeros) zeros: \(summary.notes)")
                #expect(try canonical(directory) == Self.hashes)
            }
        }
    }

    @Test("files that need a key, and have none or a wrong one, are refused with a word about it")
    func missingKey() throws {
        let key: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
        let directory = TemporaryDirectory()
        directory.file("blk00000.dat", Self.obfuscate(Array(Self.records.joined()), key))
        #expect(index(directory).message.contains("xor.dat"))
        directory.file("xor.dat", key.reversed())
        #expect(index(directory).message.contains("is xor.dat the key"))
        directory.file("xor.dat", [1, 2, 3])
        #expect(index(directory).message.contains("8 bytes"))
        directory.file("xor.dat", key)
        #expect(try index(directory).get().blocks == 6)
    }

    @Test("a file cut anywhere gives the whole records; the rest is taken when it is there")
    func cut() throws {
        let file = Array(Self.records.joined())
        var random = SplitMix64(seed: 2)
        for _ in 0..<20 {
            let length = 1 + random.below(file.count)
            let directory = TemporaryDirectory()
            directory.file("blk00000.dat", Array(file[..<length]))
            var ends: [Int] = []
            for record in Self.records { ends.append((ends.last ?? 0) + record.count) }
            let whole = ends.count { $0 <= length }
            let summary = try index(directory).get()
            #expect(summary.blocks == whole && (summary.notes.isEmpty == (ends.contains(length))))
            directory.file("blk00000.dat", file)
            #expect(try index(directory).get().blocks == 6 - whole)
            #expect(try canonical(directory) == Self.hashes)
            #expect(try appended(directory).values.allSatisfy { $0 == 1 })
        }
    }

    @Test("a record in set aside space, of which a part is still zeros, waits for the rest")
    func halfWritten() throws {
        let directory = TemporaryDirectory()
        let last = Self.records[5]
        let start = Self.records[..<5].joined().count
        let space = [UInt8](repeating: 0, count: 10_000)
        directory.file("blk00000.dat", Self.records[..<5].joined() + last.prefix(60) + space)
        let summary = try index(directory).get()
        #expect(summary.blocks == 5 && summary.damagedRecords == 0 && summary.notes.count == 1)
        directory.overwrite("blk00000.dat", at: start, last)
        #expect(try index(directory).get().blocks == 1)
        #expect(try canonical(directory) == Self.hashes)
    }

    @Test("what is no record is passed over with a note, up to the next magic")
    func garbage() throws {
        let directory = TemporaryDirectory()
        let dirt: [UInt8] = [1, 2, 3, 0, 0, 9]
        // A magic with a length that no block has is dirt too.
        let lies = BlockMaker.magic(.regtest) + BlockMaker.little(UInt32.max)
        let file = Self.records[0] + dirt + Self.records[1] + lies + Self.records[2...].joined() + dirt
        directory.file("blk00000.dat", file)
        let summary = try index(directory).get()
        #expect(summary.blocks == 6 && summary.damagedRecords == 0)
        #expect(summary.notes.count == 3 && summary.notes[0].contains("passed over 6 bytes"))
    }

    @Test("a damaged record is passed over with a note; what stands on its block waits")
    func damage() throws {
        var random = SplitMix64(seed: 3)
        for _ in 0..<20 {
            let directory = TemporaryDirectory()
            var records = Self.records
            // In the transactions: another header may well be that of another sound block on this network.
            records[3][88 + random.below(records[3].count - 88)] ^= UInt8(1 << random.below(8))
            directory.file("blk00000.dat", Array(records.joined()))
            let summary = try index(directory).get()
            #expect(summary.blocks == 3 && summary.damagedRecords == 1 && summary.waitingBlocks == 2)
            // The sound block comes after all, in another file.
            directory.file("blk00001.dat", Self.records[3])
            #expect(try index(directory).get().blocks == 3)
            #expect(try canonical(directory) == Self.hashes)
        }
    }

    @Test("a record whose length lies hides none of those behind it", arguments: [-20, 1, 100, 400])
    func lyingLength(difference: Int) throws {
        let directory = TemporaryDirectory()
        var records = Self.records
        let size = UInt32(Self.chain[2].bytes.count + difference)
        records[2].replaceSubrange(4..<8, with: BlockMaker.little(size))
        directory.file("blk00000.dat", Array(records.joined()))
        directory.file("blk00001.dat", Self.records[2])
        let summary = try index(directory).get()
        #expect(summary.blocks == 6 && summary.damagedRecords == 1)
        #expect(try canonical(directory) == Self.hashes)
    }

    @Test("records of another network are refused: file, offset and network", arguments: Network.allCases)
    func foreign(network: Network) throws {
        guard network != .regtest else { return }
        let directory = TemporaryDirectory()
        directory.file("blk00000.dat", Self.records[0] + [0, 0, 0] + Self.chain[1].record(network) + Self.records[2])
        let offset = Self.records[0].count + 3
        let message = index(directory).message
        #expect(message.hasPrefix("blk00000.dat at offset \(offset): a record of \(network.rawValue), not of regtest"))
    }

    @Test("the blocks of other chains are refused too, and stores of other networks")
    func otherChains() throws {
        let directory = TemporaryDirectory()
        directory.file("blk00000.dat", [0xC0, 0xC0, 0xC0, 0xC0] + Self.records[0].dropFirst(4))
        #expect(index(directory).message.contains("Dogecoin"))
        directory.file("blk00000.dat", Self.records[0])
        #expect(try index(directory).get().blocks == 1)
        directory.file("blk00000.dat", Fixtures.fork)
        #expect(index(directory, .mainnet).message.contains("the store is of another chain"))
    }

    @Test("a path without block files is refused, and leaves no store behind")
    func nothing() throws {
        let directory = TemporaryDirectory()
        #expect(index(directory).message.contains("no block files"))
        #expect(index(directory, file: "blk00000.dat").message.contains("No such file"))
        #expect(run("ls '\(directory.path)'") == Array("blocks\n".utf8))
    }

    @Test("random damage anywhere in real files gives fewer blocks, and never a crash or a block that is not sound")
    func hostile() throws {
        let sound = Set(try hashes(of: Fixtures.fork))
        for seed in 0..<300 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var bytes = Fixtures.fork
            for _ in 0..<1 + random.below(8) { mutate(&bytes, &random) }
            let directory = TemporaryDirectory()
            directory.file("blk00000.dat", bytes)
            guard case .success = index(directory, .mainnet) else { continue }
            let found = Set(try canonical(directory))
            #expect(found.isSubset(of: sound), "seed \(seed)")
        }
    }

    private func hashes(of file: [UInt8]) throws -> [Hash256] {
        let directory = TemporaryDirectory()
        directory.file("blk00000.dat", file)
        _ = try index(directory, .mainnet).get()
        return Array(try appended(directory).keys)
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        let place = random.below(bytes.count - 8)
        switch random.below(6) {
        case 0: bytes[place] ^= UInt8(1 << random.below(8))
        case 1: bytes.replaceSubrange(place..<place + 4, with: BlockMaker.little(UInt32.max))
        case 2: bytes.removeSubrange(place..<min(bytes.count - 8, place + random.below(100)))
        case 3: bytes.insert(contentsOf: random.bytes(random.below(50)), at: place)
        case 4: bytes.insert(contentsOf: BlockMaker.magic(.mainnet) + random.bytes(4), at: place)
        default: bytes[place] = [0xFD, 0xFE, 0xFF, 0][random.below(4)]
        }
    }
}
