import Ashlar
import AshlarBitcoin
import AshlarJSON
import Testing

@Suite("Bitcoin models")
struct ModelTests {
    /// The states of a model over an indexed file.
    private func states<M: Model>(
        _ model: M, _ directory: borrowing TemporaryDirectory, _ file: [UInt8]
    ) throws -> Projected<M> {
        directory.file("blk00000.dat", file)
        _ = try index(directory, .mainnet).get()
        let projection = Projection(try Store.open(at: directory.store))
        let projected = try projection.add(model)
        try projection.advance()
        return projected
    }

    @Test(
        "the supply at height 4,312, to the satoshi: 50 bitcoins a block, but for the first one's, which nobody can spend"
    )
    func supply() throws {
        let directory = TemporaryDirectory()
        let projected = try states(UnspentModel(), directory, Fixtures.mainnet)
        let state = try projected.latest().state
        let supply = try #require(Supply(state.sums, height: 4_312, halving: 210_000))
        #expect(supply.allowed == 4_313 * 5_000_000_000)
        // Why it is not all of that. The first block's coinbase is in no node's set of unspent outputs.
        #expect(supply.unspendable == 5_000_000_000)
        // No coinbase came twice yet, and no miner took less than allowed: the fees of the one block with fees, 2.01 bitcoins in block 2,817,
        // came back to its miner, so that they change nothing.
        #expect(supply.overwritten == 0 && supply.unclaimed == 0)
        #expect(supply.unspent == 21_560_000_000_000)
        // 4,397 created and 247 spent, and the one that does not count.
        #expect(state.outputs.count == 4_397 - 247 - 1)
        #expect(state.outputs.reduce(0) { $0 + $1.value.value } == supply.unspent)
        #expect(state.balances.reduce(0) { $0 + $1.value.value } == supply.unspent)
        #expect(state.balances.reduce(0) { $0 + Int($1.value.outputs) } == state.outputs.count)
        let coinbase = try coinbases(directory)
        #expect(coinbase.count == 1 && coinbase[2_817] == 5_201_000_000)
    }

    /// What coinbases create where it is not 50 bitcoins, by height.
    private func coinbases(_ directory: borrowing TemporaryDirectory) throws -> [Int64: Int] {
        var sums: [Int64: Int] = [:]
        for event in try Store.open(at: directory.store).view().events() where event.type == "output.created" {
            let text = String(decoding: event.payload, as: UTF8.self)
            guard text.hasSuffix(#""coinbase":true}"#), let start = text.firstRange(of: #""value":"#)?.upperBound,
                let height = event.height
            else { continue }
            sums[height, default: 0] += Int(text[start...].prefix { $0 != "," }) ?? 0
        }
        return sums.filter { $0.value != 5_000_000_000 }
    }

    @Test("states at any height: the first payment, and the balances before and after it")
    func heights() throws {
        let directory = TemporaryDirectory()
        let projected = try states(UnspentModel(), directory, Fixtures.mainnet)
        // Block 170: 10 of the 50 bitcoins of block 9 go to another key, 40 come back.
        let payer = try #require(
            Script(
                hex: ("410411db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5cb2e0eaddfb84ccf9744464f82e16"
                    + "0bfa9b8b64f9d4c03f999b8643f656b412a3ac").utf8))
        #expect(try projected.state(at: 8).state.balances[payer] == nil)
        #expect(try projected.state(at: 169).state.balances[payer]?.value == 5_000_000_000)
        #expect(try projected.state(at: 170).state.balances[payer]?.value == 4_000_000_000)
        let output = try #require(Outpoint("f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16:0"))
        #expect(try projected.state(at: 169).state.outputs[output] == nil)
        let found = try #require(try projected.state(at: 170).state.outputs[output])
        #expect(found.value == 1_000_000_000 && found.height == 170 && !found.isCoinbase)
        for height in [0, 1, 500, 2_817] as [Int64] {
            #expect(try projected.state(at: height).state.sums.unspent == height * 5_000_000_000)
        }
    }

    @Test("a switch of branches takes balances back and forth; outputs of the same name on both come out right")
    func fork() throws {
        let directory = TemporaryDirectory()
        let projected = try states(UnspentModel(), directory, Fixtures.fork)
        // Before the switch the chain was five blocks high, after it six.
        let before = try projected.state(asOf: 5).state
        let after = try projected.latest().state
        #expect(before.sums.unspent == 4 * 5_000_000_000 && after.sums.unspent == 5 * 5_000_000_000)
        for state in [before, after] {
            #expect(state.outputs.reduce(0) { $0 + $1.value.value } == state.sums.unspent)
            #expect(state.balances.reduce(0) { $0 + $1.value.value } == state.sums.unspent)
        }
        // The same transaction is in blocks 3 and 3A: its output is created on both branches.
        let shared = try #require(Outpoint("d75b0bc6316e0283171228d0b1b9ebf2213b7c884619c750bb2059776b9c1726:0"))
        #expect(before.outputs[shared] == after.outputs[shared] && after.outputs[shared] != nil)
    }

    @Test("the projection follows the indexer through the fork, block by block, and undoes what it undoes")
    func following() throws {
        let directory = TemporaryDirectory()
        directory.file("blk00000.dat", Fixtures.fork)
        _ = try index(directory, .mainnet) { $0.stopAt = 4 }.get()
        let store = try Store.open(at: directory.store)
        let projection = Projection(store)
        let (unspent, headers) = (try projection.add(UnspentModel()), try projection.add(HeadersModel()))
        try projection.advance()
        let tip = try headers.latest().state.tip
        #expect(tip?.height == 4)
        _ = try index(directory, .mainnet).get()
        #expect(try store.refresh())
        try projection.advance()
        let direct = Projection(store)
        let fresh = try direct.add(UnspentModel())
        try direct.advance()
        #expect(try unspent.latest().state.outputs == fresh.latest().state.outputs)
        #expect(try unspent.latest().state.balances == fresh.latest().state.balances)
        let state = try headers.latest().state
        #expect(state.tip?.height == 5 && state.work == 6 * 0x1_0001_0001 && state.blocks == 6)
        #expect(
            HeadersModel().json(state)?.contains(
                #""chainwork":"0000000000000000000000000000000000000000000000000000000600060006""#) == true)
    }

    @Test("indexing leaves snapshots from which queries start, and which give the states the log gives")
    func snapshots() throws {
        let directory = TemporaryDirectory()
        directory.file("blk00000.dat", Fixtures.mainnet)
        for height: Int32 in [3_000, .max] {
            let summary = try index(directory, .mainnet) {
                $0.keepsModels = true
                $0.stopAt = height
            }.get()
            #expect(summary.notes.isEmpty)
            let names = String(decoding: run("ls '\(directory.store)'"), as: UTF8.self)
            #expect(names.contains(height == .max ? "0000000000000004312-" : "0000000000000003000-"))
        }
        let store = try Store.open(at: directory.store)
        let projection = Projection(store)
        let (unspent, headers) = (try projection.add(UnspentModel()), try projection.add(HeadersModel()))
        try projection.advance()
        _ = run("rm '\(directory.store)'/*.snapshot")
        let direct = Projection(store)
        let (plain, plainHeaders) = (try direct.add(UnspentModel()), try direct.add(HeadersModel()))
        try direct.advance()
        let (restored, folded) = (try unspent.latest().state, try plain.latest().state)
        #expect(restored.outputs == folded.outputs && restored.balances == folded.balances)
        #expect(restored.sums == folded.sums)
        #expect(try headers.latest().state == plainHeaders.latest().state)
    }

    /// An event made by hand.
    private func event(_ type: String, _ payload: String, height: Int64) -> ModelEvent {
        ModelEvent(Event(model: "utxo", type: type, payload: Array(payload.utf8)), height: height)
    }

    private let txid = String(repeating: "ab", count: 32)

    private func created(_ value: Int64, script: String, coinbase: Bool = false) -> String {
        #" { "vout" : 0, "txid":"\#(txid)" , "script":"\#(script)", "coinbase":\#(coinbase), "value":\#(value) } "#
    }

    @Test("what nobody can spend is no supply; a coinbase that comes again replaces the first")
    func specialOutputs() throws {
        let model = UnspentModel()
        var state = model.makeState()
        try model.apply(event("output.created", created(50, script: "51", coinbase: true), height: 0), to: &state)
        try model.apply(event("output.created", created(7, script: "6a01"), height: 1), to: &state)
        let long = String(repeating: "51", count: 10_001)
        try model.apply(event("output.created", created(8, script: long), height: 1), to: &state)
        #expect(state.outputs.isEmpty && state.sums.unspendable == 65)
        let allowed = String(repeating: "51", count: 10_000)
        try model.apply(event("output.created", created(9, script: allowed, coinbase: true), height: 2), to: &state)
        try model.apply(event("output.created", created(9, script: "51", coinbase: true), height: 3), to: &state)
        #expect(state.outputs.count == 1 && state.balances.count == 1 && state.sums.overwritten == 9)
        #expect(state.sums.unspent == 9)
        let supply = try #require(Supply(state.sums, height: 210_000, halving: 210_000))
        #expect(supply.allowed == 210_000 * 5_000_000_000 + 2_500_000_000)
    }

    @Test("a spend of an output that is not there stops the model, unless the store begins later")
    func unknownSpend() throws {
        let model = UnspentModel()
        let spend = #"{"prev_txid":"\#(txid)","prev_vout":0,"txid":"\#(txid)","tx_index":1,"vin":0}"#
        var state = model.makeState()
        try model.apply(event("output.created", created(50, script: "51"), height: 0), to: &state)
        #expect(throws: UnknownOutput.self) { try model.apply(event("output.spent", spend, height: 1), to: &state) }
        state = model.makeState()
        try model.apply(event("output.spent", spend, height: 800_000), to: &state)
        #expect(state.sums.unknownSpends == 1 && Supply(state.sums, height: 1, halving: 210_000) == nil)
    }

    @Test(
        "payloads that are none are refused",
        arguments: [
            "", "{", "[]", "{}", #"{"txid":1}"#, #"{"txid":"ab"}"#, #"{"txid":"\u0061"}"#, #"{"vout":-1}"#,
            #"{"vout":4294967296}"#, #"{"value":99999999999999999999}"#, #"{"value":2100000000000001}"#,
            #"{"script":"5"}"#, #"{"script":"xx"}"#, #"{"a":{}}"#, #"{"a":1 "b":2}"#, #"{"a":1,}"#, #"{"":1}"#,
        ])
    func malformed(payload: String) {
        let model = UnspentModel()
        var state = model.makeState()
        #expect(throws: JSONError.self) {
            try model.apply(event("output.created", payload, height: 1), to: &state)
        }
    }

    @Test("scripts of any length keep their bytes")
    func scripts() {
        for count in 0..<80 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 1) }
            let script = Script(bytes)
            #expect(script.bytes == bytes && Script(hex: "\(script)".utf8) == script)
            if count > 0 { #expect(Script(Array(bytes.dropLast()) + [0]) != Script(Array(bytes.dropLast()))) }
        }
        #expect(MemoryLayout<Script>.stride == 40 && MemoryLayout<UnspentOutput>.stride == 56)
    }

    @Test("the queries answer, for people and programs, at the tip and at earlier heights")
    func queries() throws {
        let directory = TemporaryDirectory()
        directory.file("blk00000.dat", Fixtures.fork)
        _ = try index(directory, .mainnet).get()
        func ask(_ arguments: String...) throws -> String {
            let result = try IndexProcess([arguments[0], directory.store] + arguments.dropFirst(), in: directory).end()
            #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
            return result.output
        }
        #expect(
            try ask("supply", "--json")
                == #"{"height":5,"supply":25000000000,"allowed":30000000000,"unspendable":5000000000,"overwritten":0,"unclaimed":0}"#
                + "\n")
        #expect(
            try ask("supply", "--at", "2").contains(
                "supply at height 2                                 100.00000000 BTC"))
        let script = "76a914c522664fb0e55cdc5c0cea73b4aad97ec834323288ac"
        #expect(
            try ask("balance", script, "--json", "--at", "3")
                == #"{"height":3,"script":"\#(script)","balance":4000000000,"outputs":1}"# + "\n")
        #expect(try ask("balance", "51").hasPrefix("0.00000000 BTC in 0 outputs"))
        let output = "d75b0bc6316e0283171228d0b1b9ebf2213b7c884619c750bb2059776b9c1726:0"
        #expect(try ask("utxo", output, "--json", "--at", "2").contains(#""unspent":null"#))
        #expect(try ask("utxo", output).contains("40.00000000 BTC for \(script), created at height 3"))
        #expect(try ask("top", "--limit", "2").split(separator: "\n").count == 2)
        #expect(try ask("headers", "--json").contains(#""height":5"#))
        let above = try IndexProcess(["supply", directory.store, "--at", "6"], in: directory).end()
        #expect(above.status == 2 && above.error.contains("above the tip"))
        let none = try IndexProcess(["supply", directory.path, "--json"], in: directory).end()
        #expect(none.status == 2 && none.error.contains("\"code\":\"notAStore\""))
    }
}
