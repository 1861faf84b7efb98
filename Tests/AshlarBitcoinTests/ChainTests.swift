import Ashlar
import AshlarBitcoin
import AshlarTestSupport
import Testing

@Suite("Bitcoin chain: order, forks, resuming")
struct ChainTests {
    /// A tree of blocks as they arrive, and what a node would make of it.
    struct Arrivals {
        var blocks: [BlockMaker.Made] = []
        var parents: [Hash256: Hash256] = [:]
        /// The height of the chain, and its tip, after each arrival.
        var tips: [BlockMaker.Made] = []

        /// A random tree; blocks arrive up to `disorder` places from their own.
        init(_ random: inout SplitMix64, count: Int, forks: Int, disorder: Int) {
            var maker = BlockMaker()
            blocks = [BlockMaker.genesis]
            for _ in 1..<count {
                let back = random.chance(forks) ? random.below(min(6, blocks.count)) : 0
                let parent = blocks[blocks.count - 1 - back]
                let block = maker.block(on: parent, padding: random.below(60), witnesses: random.chance(20))
                parents[block.hash] = parent.hash
                blocks.append(block)
            }
            let order = blocks.indices.map { ($0 + random.below(disorder + 1), $0) }.sorted { $0 < $1 }
            blocks = order.map { blocks[$0.1] }
            reckon()
        }

        /// The rule, the plain way: of all linked blocks the highest; of several the one that stood there first.
        private mutating func reckon() {
            var linked: Set<Hash256> = []
            var seen: [BlockMaker.Made] = []
            var tip: BlockMaker.Made?
            for block in blocks {
                seen.append(block)
                var isGrowing = true
                while isGrowing {
                    isGrowing = false
                    for block in seen where !linked.contains(block.hash) {
                        guard block.height == 0 || parents[block.hash].map(linked.contains) == true else { continue }
                        linked.insert(block.hash)
                        isGrowing = true
                    }
                }
                for block in seen where linked.contains(block.hash) && block.height > tip?.height ?? -1 {
                    if seen.contains(where: { $0.height > block.height && linked.contains($0.hash) }) { continue }
                    tip = block
                }
                if let tip { tips.append(tip) }
            }
        }

        /// The chain below a block, from the first block on.
        func chain(to tip: BlockMaker.Made) -> [Hash256] {
            var chain = [tip.hash]
            while let parent = parents[chain[chain.count - 1]] { chain.append(parent) }
            return chain.reversed()
        }

        /// Writes the first `count` blocks into files of about `perFile` blocks.
        func write(_ count: Int, perFile: Int, to directory: borrowing TemporaryDirectory) {
            for (number, start) in stride(from: 0, to: count, by: perFile).enumerated() {
                let records = blocks[start..<min(count, start + perFile)].map { $0.record() }
                let digits = String(number)
                directory.file(
                    "blk" + String(repeating: "0", count: 5 - digits.count) + digits + ".dat", Array(records.joined()))
            }
        }
    }

    @Test(
        "blocks in any order, with forks, give the chain with the most work; of equals the first seen",
        arguments: 0..<30)
    func order(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let arrivals = Arrivals(&random, count: 80, forks: 25, disorder: [0, 3, 20, 80][random.below(4)])
        let directory = TemporaryDirectory()
        arrivals.write(80, perFile: 1 + random.below(80), to: directory)
        let summary = try index(directory).get()
        let tip = try #require(arrivals.tips.last)
        #expect(try canonical(directory) == arrivals.chain(to: tip), "seed \(seed)")
        #expect(try appended(directory).values.allSatisfy { $0 == 1 })
        #expect(summary.waitingBlocks == 0 && summary.tip?.height == Int64(tip.height))
        // Again: nothing to do, not even a mark.
        let sequence = try Store.open(at: directory.store).sequence
        #expect(try index(directory).get().blocks == 0)
        #expect(try Store.open(at: directory.store).sequence == sequence)
    }

    @Test("blocks one by one, a run each, give the chain that a node would have after each of them", arguments: 0..<6)
    func oneByOne(seed: UInt64) throws {
        var random = SplitMix64(seed: 100 + seed)
        let arrivals = Arrivals(&random, count: 40, forks: 30, disorder: [0, 4, 40][random.below(3)])
        let directory = TemporaryDirectory()
        let perFile = 1 + random.below(40)
        for (tip, count) in zip(arrivals.tips, (arrivals.blocks.count - arrivals.tips.count + 1)...) {
            arrivals.write(count, perFile: perFile, to: directory)
            _ = try index(directory).get()
            let chain = try canonical(directory)
            #expect(chain == arrivals.chain(to: tip), "seed \(seed), \(count) blocks")
        }
        #expect(try appended(directory).values.allSatisfy { $0 == 1 })
    }

    @Test("runs that end anywhere are gone on with: nothing is missing, nothing comes twice", arguments: 0..<20)
    func resume(seed: UInt64) throws {
        var random = SplitMix64(seed: 200 + seed)
        let arrivals = Arrivals(&random, count: 60, forks: 20, disorder: [0, 3, 20, 60][random.below(4)])
        let directory = TemporaryDirectory()
        arrivals.write(60, perFile: 1 + random.below(60), to: directory)
        for _ in 0..<12 { _ = try index(directory, stopAfter: random.below(40)).get() }
        let summary = try index(directory).get()
        #expect(summary.tip.map { Int($0.height) } == arrivals.tips.last?.height, "seed \(seed)")
        let chain = try canonical(directory)
        for (block, parent) in zip(chain.dropFirst(), chain) { #expect(arrivals.parents[block] == parent) }
        #expect(try appended(directory).values.allSatisfy { $0 == 1 })
    }

    @Test("a run ends at the height it is to stop at, and the next one goes on from there")
    func stopAt() throws {
        let directory = TemporaryDirectory()
        directory.file("blk00000.dat", Fixtures.fork)
        for height: Int32 in [0, 2, 3, 3, 5] {
            let summary = try index(directory, .mainnet) { $0.stopAt = height }.get()
            #expect(summary.tip?.height == Int64(height))
        }
        #expect(try canonical(directory).count == 6)
    }

    @Test("blocks that were rolled back by hand come back by reference")
    func rolledBack() throws {
        let directory = TemporaryDirectory()
        directory.file("blk00000.dat", Fixtures.fork)
        _ = try index(directory, .mainnet).get()
        let chain = try canonical(directory)
        var writer = try Writer.open(at: directory.store)
        try writer.rollback(toHeight: 1)
        try writer.close()
        let summary = try index(directory, .mainnet).get()
        #expect(summary.blocks == 0 && summary.readopted == 4)
        #expect(try canonical(directory) == chain)
    }

    @Test(
        "the same blocks in other files change nothing, old ones neither; new ones among them are taken",
        arguments: [8_192, 2])
    func otherFiles(window: Int64) throws {
        var maker = BlockMaker()
        var blocks = [BlockMaker.genesis]
        for index in 0..<20 { blocks.append(maker.block(on: blocks[index])) }
        let directory = TemporaryDirectory()
        directory.file("blk00000.dat", Array(blocks[..<15].map { $0.record() }.joined()))
        func run() throws -> IndexSummary {
            try index(directory) { ($0.window, $0.writer.finalityDepth) = (window, 3) }.get()
        }
        #expect(try run().blocks == 15)
        _ = AshlarBitcoinTests.run("rm '\(directory.blocks)/blk00000.dat'")
        directory.file("blk00000.dat", Array(blocks[..<9].map { $0.record() }.joined()))
        directory.file("blk00007.dat", Array(blocks[9...].reversed().map { $0.record() }.joined()))
        let summary = try run()
        #expect(summary.blocks == 6 && summary.waitingBlocks == 0 && summary.sideBlocks == 0 && summary.duplicates == 0)
        #expect(try canonical(directory) == blocks.map(\.hash))
        #expect(try appended(directory).values.allSatisfy { $0 == 1 })
    }

    @Test("a store made from the recorded events is gone on with: its blocks are known again")
    func foreignMark() throws {
        let directory = TemporaryDirectory()
        directory.file("blk00000.dat", Fixtures.fork)
        _ = try index(directory, .mainnet) { $0.stopAt = 2 }.get()
        var writer = try Writer.open(at: directory.store)
        try writer.note(mark: Array("another program".utf8))
        try writer.close()
        #expect(try index(directory, .mainnet).get().blocks == 5)
        #expect(try appended(directory).values.allSatisfy { $0 == 1 })
    }

    @Test("a branch that leaves the chain below the final height is refused, and says so")
    func finality() throws {
        var maker = BlockMaker()
        var (first, second) = ([BlockMaker.genesis], [BlockMaker.genesis])
        for index in 0..<12 { first.append(maker.block(on: first[index])) }
        for index in 0..<14 { second.append(maker.block(on: second[index])) }
        let directory = TemporaryDirectory()
        directory.file("blk00000.dat", Array((first + second[1...]).map { $0.record() }.joined()))
        let result = index(directory) { $0.writer.finalityDepth = 4 }
        #expect(result.message.contains("below the final height"))
        #expect(try canonical(directory) == first.map(\.hash))
    }

    @Test("a known block takes 64 bytes, and as many or a few more to be found by its hash")
    func memory() {
        #expect(MemoryLayout<ChainNode>.stride == 64)
    }

    @Test("the line of progress tells height, speed, and the time left from what this run has read")
    func progress() {
        var summary = IndexSummary()
        (summary.blocks, summary.events) = (3_000, 70_000)
        let line = summary.line(tip: 2_999, seconds: 2, first: 100, done: 300, of: 1_100)
        #expect(line == "height 2,999  1,500 blocks/s  35,000 events/s  27%  0 min 8 s left")
        let none = IndexSummary().line(tip: nil, seconds: 0, first: 0, done: 0, of: 0)
        #expect(none == "0 blocks/s  0 events/s")
    }

    @Test("marks are read as they were written, and nobody else's")
    func marks() {
        var mark = InputMark()
        mark.fileCount = 3
        mark.doneBytes = 1_000
        mark.taken = ["blk00002.dat": 8]
        #expect(InputMark(decoding: mark.encoded) == mark)
        #expect(InputMark(decoding: InputMark().encoded) == InputMark())
        for other in [
            "", "ai1", "ashlar-bitcoin 2/3", "ashlar-bitcoin 1/0/0", "ashlar-bitcoin 2/1/1/a",
            "ashlar-bitcoin 2/1/1/a/-1",
            "ashlar-bitcoin 2/-1/0",
        ] {
            #expect(InputMark(decoding: Array(other.utf8)) == nil)
        }
    }
}
