import AshlarEasyLayer
import AshlarExport
import AshlarFormat
import AshlarSQLite
import AshlarTestSupport
import Testing

/// The steps in short: heights, `<` with the height gone back to, `x` for all gone.
func short(_ steps: [EasyLayerSpine.Step]) -> String {
    steps.map { step in
        switch step {
        case .add(let block, let event): "\(block.height)\(event == nil ? "" : "!")"
        case .rollBack(let height): "<\(height)"
        case .clear: "x"
        }
    }.joined(separator: " ")
}

@Suite struct EasyLayerSpineTests {
    let folder = EasyLayerFolder()

    func files(_ database: SQLiteTarget) throws -> EasyLayerFiles { try EasyLayerFiles(database, name: "test") }

    @Test func blocksComeInTheOrderOfTheirRows() throws {
        let database = try folder.database("one.db")
        try database.createModel("network")
        try database.createModel("other")
        try database.add("other", version: 1, height: 1, "{}")
        // Versions that do not follow the heights.
        try database.addBlocks(9, (0...3).map { bitcoinBlock($0) }, at: 3, compress: true)
        try database.addReorganisation(2, to: 1)
        try database.addBlocks(5, [bitcoinBlock(2, 1, on: 0), bitcoinBlock(3, 1)], at: 3)
        try database.add("network", version: 6, type: "BitcoinNetworkClearedEvent", height: nil, "{}")
        try database.addBlocks(7, [bitcoinBlock(7)], at: 7)
        let spine = try #require(try EasyLayerSpine.find(in: try files(database)))
        #expect(spine.model == "network")
        let steps = try spine.steps()
        #expect(short(steps) == "0 1 2 3! <1 2 3! x 7!")
        guard case .add(let block, _) = steps[1] else { return }
        #expect("\(block.hash)" == hashText(1, 0))
        #expect("\(block.parent)" == hashText(0, 0))
        #expect(block.time?.microseconds == 1_600_000_001_000_000)
    }

    @Test func evmBlocksHaveTheirOwnNames() throws {
        let database = try folder.database("one.db")
        try database.createModel("chain")
        try database.add(
            "chain", version: 1, type: "EvmNetworkBlocksAddedEvent", height: 18,
            """
            {"x":null,"blocks":[{"blockNumber":17,"hash":"0x0a0b","parentHash":"0x0908","timestamp":"0x10"},
            {"blockNumber":"0x12","hash":"0xAA00","parentHash":"0x0a0b","timestamp":null}]}
            """)
        let steps = try #require(try EasyLayerSpine.find(in: try files(database))).steps()
        guard steps.count == 2, case .add(let first, nil) = steps[0], case .add(let second, _?) = steps[1] else {
            Issue.record("\(steps)")
            return
        }
        #expect(first.hash.bytes == [10, 11])
        #expect(first.time?.microseconds == 16_000_000)
        #expect(second.height == 18)
        #expect(second.time == nil)
    }

    @Test func whatIsMissingIsMadeWhole() throws {
        let database = try folder.database("one.db")
        try database.createModel("network")
        try database.addReorganisation(1, to: 5)
        try database.addBlocks(2, (4...6).map { bitcoinBlock($0) }, at: 6)
        try database.addReorganisation(3, to: 6)
        try database.addBlocks(4, [bitcoinBlock(6, 1, on: 0)], at: 6)
        try database.addReorganisation(5, to: 2)
        try database.addBlocks(6, [bitcoinBlock(3)], at: 3)
        let steps = try #require(try EasyLayerSpine.find(in: try files(database))).steps()
        #expect(short(steps) == "4 5 6! <5 6! x 3!")
    }

    @Test(arguments: [
        "", "[]", "{}", "{\"blocks\":[]}", "{\"blocks\":{}}", "{\"blocks\":[1]}", "{\"blocks\":[{\"height\":5}]}",
        "{\"blocks\":[{\"height\":5,\"hash\":\"0\"}]}", "{\"blocks\":[{\"height\":5,\"hash\":\"zz\"}]}",
        "{\"blocks\":[{\"height\":4,\"hash\":\"aa\"}]}", "{\"blocks\":[{\"height\":-5,\"hash\":\"aa\"}]}",
        "{\"blocks\":[{\"height\":5,\"hash\":\"aa\"}]", "{\"blocks\":[{\"height\":\"0x-5\",\"hash\":\"aa\"}]}",
        "{\"blocks\":[{\"height\":3,\"hash\":\"aa\"},{\"height\":5,\"hash\":\"aa\"}]}",
        "{\"blocks\":[{\"height\":4,\"hash\":\"aa\"},{\"height\":5,\"hash\":\"bb\",\"previousblockhash\":\"cc\"}]}",
    ])
    func hostilePayloadsGiveErrorsThatNameTheRow(payload: String) throws {
        let database = try folder.database("one.db")
        try database.createModel("network")
        try database.add("network", version: 1, type: "BitcoinNetworkBlocksAddedEvent", height: 5, payload)
        let spine = try #require(try EasyLayerSpine.find(in: try files(database)))
        guard case .row("network", 1, _) = problem({ _ = try spine.steps() }) else {
            Issue.record("\(payload) was taken")
            return
        }
    }

    @Test func twoNetworksAreRefused() throws {
        let database = try folder.database("one.db")
        for model in ["a", "b"] {
            try database.createModel(model)
            try database.add(model, version: 1, type: "EvmNetworkClearedEvent", height: nil, "{}")
        }
        guard case .layout = problem({ _ = try EasyLayerSpine.find(in: try files(database)) }) else {
            Issue.record("taken")
            return
        }
    }
}
