import Ashlar
import AshlarBitcoin
import Testing

@Suite("Bitcoin events")
struct EventTests {
    @Test("the first 4,313 blocks of mainnet give the recorded events, byte for byte")
    func mainnet() throws {
        let directory = TemporaryDirectory()
        directory.file("blk00000.dat", Fixtures.mainnet)
        let summary = try index(directory, .mainnet).get()
        #expect(summary.blocks == 4_313 && summary.events == 8_957 && summary.notes.isEmpty)
        let expected = Fixtures.lines("mainnet-0-4312.events.jsonl.gz")
        let view = try Store.open(at: directory.store).view()
        var count = 0
        for result in view.blocks() {
            let block = try result.get()
            let found = line(block, try view.events(height: block.block.height) ?? [])
            try #require(found == expected[count], "block \(count)")
            count += 1
        }
        #expect(count == expected.count)
        #expect(try Outputs(view) == Outputs(created: 4_397, spent: 247, spentWithin: 247))
    }

    @Test("a fork with blocks on both branches: two are undone, three are new, and all stay in the log")
    func fork() throws {
        let directory = TemporaryDirectory()
        directory.file("blk00000.dat", Fixtures.fork)
        let summary = try index(directory, .mainnet).get()
        #expect(summary.blocks == 8 && summary.events == 31 && summary.rollbacks == 1 && summary.undoneBlocks == 2)
        let store = try Store.open(at: directory.store)
        var lines: [[UInt8]] = []
        var query = EventQuery()
        query.scope = .log
        let events = try store.view().events(query)
        for result in store.commits() {
            let commit = try result.get()
            guard case .block(let block, let rollback) = commit.content else { continue }
            lines.append(line(block, events.filter { $0.sequence == commit.sequence }))
            #expect(rollback?.undoneBlocks == (commit.sequence == 6 ? 2 : nil))
            // The switch is atomic: its first two commits continue.
            #expect(commit.continues == (6...7).contains(commit.sequence))
        }
        #expect(lines == Fixtures.lines("reorg-btcd-8.events.jsonl"))
        #expect(try canonical(directory).last?.description.hasSuffix("1a38f71ed79f044e") == true)
    }

    @Test(
        "all recorded blocks give the recorded events, byte for byte",
        .enabled(if: SharedData.directory != nil, "the recorded chains are not at hand; set ASHLAR_SHARED_DATA"),
        arguments: [
            ("mainnet-0-4312", 4_313), ("mainnet-831328-831331", 4), ("mainnet-singles-363703-574200", 6),
            ("reorg-btcd-8", 8), ("stale-branch-656477-656478", 2),
        ])
    func recorded(_ name: String, _ count: Int) throws {
        let expected = SharedData.lines(name + ".events.jsonl.zst")
        var found = 0
        try forEachBlock(in: name + ".blk") { block in
            let line = expected[found]
            // The height is the only thing that a block alone does not tell (or, from BIP 34 on, does).
            let height = try #require(Int32(String(decoding: line.dropFirst(10).prefix { $0 != 0x2C }, as: UTF8.self)))
            let told = block.coinbaseHeight
            if height > 227_931 { #expect(told == Int64(height)) }
            let encoded = try encode(block, height: height)
            try #require(Fixtures.bytes(encoded, begin: line, isWhole: true), "block \(found) of \(name)")
            found += 1
        }
        #expect(found == count && expected.count == count)
    }

    @Test(
        "seven blocks that lost give the events recorded among those of the winners",
        .enabled(if: SharedData.directory != nil, "the recorded chains are not at hand; set ASHLAR_SHARED_DATA"))
    func stale() throws {
        var expected: [[UInt8]] = []
        for line in SharedData.lines("mainnet-tips-777617-799999.jsonl.zst") where line.count > 100_000 {
            let start = try #require(line.firstIndex(of: UInt8(ascii: "[")))
            expected.append(Array(line[start...]))
        }
        var heights: [Int64?] = []
        try forEachBlock(in: "stale-blocks-777617-799999.blk") { block in
            let told = block.coinbaseHeight
            let height = try #require(told)
            heights.append(height)
            let line = try encode(block, height: Int32(height))
            let start = try #require(line.firstIndex(of: UInt8(ascii: "[")))
            let found = Array(line[start..<line.count - 1])
            let isThere = expected.contains { Fixtures.bytes($0, begin: found) }
            #expect(isThere, "height \(height)")
        }
        #expect(heights == [781_277, 781_487, 783_478, 783_830, 788_837, 789_603, 792_379])
    }

    @Test(
        "four blocks of 2024 are indexed from a first block on, and have the outputs that are known of them",
        .enabled(if: SharedData.directory != nil, "the recorded chains are not at hand; set ASHLAR_SHARED_DATA"))
    func fullBlocks() throws {
        let directory = TemporaryDirectory()
        let first = "00000000000000000002460ebd4c84e75627a5c4c07e5b1d6b91325c4e4558d6"
        let summary = try index(directory, .mainnet) {
            $0.blocks = SharedData.path("mainnet-831328-831331.blk")
            $0.firstBlock = Hash256(printed: first.utf8)
        }.get()
        #expect(summary.blocks == 4 && summary.events == 64_698 && summary.tip?.height == 831_331)
        let view = try Store.open(at: directory.store).view()
        #expect(try Outputs(view) == Outputs(created: 40_092, spent: 24_602, spentWithin: 5_465))
    }

    @Test("a block with witnesses is told by its hash without them, and its spends come before its outputs")
    func witnesses() throws {
        var maker = BlockMaker()
        let block = maker.block(on: BlockMaker.genesis, witnesses: true)
        let directory = TemporaryDirectory()
        directory.file("blk00000.dat", BlockMaker.genesis.record() + block.record())
        #expect(try index(directory).get().blocks == 2)
        let events = try Store.open(at: directory.store).view().events(height: 1)
        #expect(
            events?.map(\.type)
                == ["block.added", "output.created", "output.created", "output.spent", "output.created"])
    }

    private func forEachBlock(
        in file: String, _ body: (ParsedBlock) throws -> Void
    ) throws {
        let path = SharedData.path(file)
        let reader = try BlockFile(path: path, name: file)
        var block = ParsedBlock()
        var offset: Int64 = 0
        while case .record(let record, let garbage) = try reader.nextRecord(from: offset, of: .mainnet) {
            #expect(garbage == 0)
            try block.parse(try reader.block(record), of: .mainnet)
            try body(block)
            offset = record.end
        }
    }

    private func encode(_ block: ParsedBlock, height: Int32) throws -> [UInt8] {
        let header = try #require(block.header)
        var line = Array(
            (#"{"height":\#(height),"hash":"\#(header.hash)","parent":"\#(header.previous)","#
                + #""timestamp":\#(header.time),"events":["#).utf8)
        var encoder = EventEncoder()
        var separator = ""
        try encoder.encode(block, height: height) { (kind, payload) throws(StoreError) in
            let (model, type) = kind.names
            line += Array(#"\#(separator){"model":"\#(model)","type":"\#(type)","payload":"#.utf8)
            payload.withUnsafeBytes { line.append(contentsOf: $0) }
            line += Array("}".utf8)
            separator = ","
        }
        return line + Array("]}".utf8)
    }
}

/// How many outputs a chain creates and spends.
struct Outputs: Hashable {
    var created = 0
    var spent = 0
    /// Those among the spent ones that were created in it.
    var spentWithin = 0

    init(created: Int, spent: Int, spentWithin: Int) {
        (self.created, self.spent, self.spentWithin) = (created, spent, spentWithin)
    }

    init(_ view: View) throws {
        var outputs: Set<String> = []
        var query = EventQuery()
        query.models = ["utxo"]
        for event in try view.events(query) {
            // {"txid":"…","vout":0,… and {"prev_txid":"…","prev_vout":0,…: the digits and the number name the output.
            let isCreated = event.type == "output.created"
            let digits = isCreated ? 9 : 14
            let number = digits + 64 + (isCreated ? 9 : 14)
            var end = number
            while event.payload[end] != UInt8(ascii: ",") { end += 1 }
            let name = String(
                decoding: event.payload[digits..<digits + 64] + event.payload[number..<end], as: UTF8.self)
            if isCreated {
                created += 1
                outputs.insert(name)
            } else {
                spent += 1
                if outputs.remove(name) != nil { spentWithin += 1 }
            }
        }
    }
}
