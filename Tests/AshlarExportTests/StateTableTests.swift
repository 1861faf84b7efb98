import Ashlar
import AshlarExport
import AshlarTestSupport
import Foundation
import Testing

@Suite("State tables")
struct StateTableTests {
    @Test("after a live reorg storm's every step the table is the state at the tip", arguments: [31, 32] as [UInt64])
    func live(seed: UInt64) throws {
        let pair = ExportPair()
        var writer = try pair.writer()
        var storm = StormChain(seed: seed)
        let target = try pair.target()
        for _ in 0..<120 {
            try storm.step(&writer)
            try writer.sync()
            _ = try Exporter(writer.store, into: target, states: [try StateTable(Holdings())]).run()
            #expect(try Holdings.rows(target) == Holdings.rows(writer.store))
        }
        try writer.close()
        #expect(try pair.checkStates().isSound)
    }

    @Test(
        "the table is the state at the tip, however the log is cut into batches",
        arguments: [1, 7, 60, 100_000], [33, 34] as [UInt64])
    func batches(batchEvents: Int, seed: UInt64) throws {
        let pair = ExportPair()
        try pair.makeStore(seed: seed, steps: 400)
        let store = try Store.open(at: pair.storePath)
        var options = ExportOptions()
        options.batchEvents = batchEvents
        let states = [try StateTable(Holdings())]
        let progress = try Exporter(store, into: try pair.target(), options: options, states: states).run()
        #expect(progress.undoneBlocks > 10)
        #expect(try Holdings.rows(try pair.target()) == Holdings.rows(store))
        #expect(try Exporter(store, into: try pair.target(), options: options, states: states).run().rows == 0)
    }

    @Test("neither deleted rows of undone blocks nor a selection of models and heights matters to it")
    func selected() throws {
        let pair = ExportPair()
        try pair.makeStore(seed: 35, steps: 400)
        let store = try Store.open(at: pair.storePath)
        var options = ExportOptions()
        options.batchEvents = 30
        options.keepsUndone = false
        options.models = ["model 4"]
        options.heights = 20...30
        _ = try Exporter(store, into: try pair.target(), options: options, states: [try StateTable(Holdings())]).run()
        #expect(try Holdings.rows(try pair.target()) == Holdings.rows(store))
    }

    @Test("stopped anywhere and started again, at each stop the table is the state as of the cursor")
    func stopped() throws {
        let pair = ExportPair()
        try pair.makeStore(seed: 36, steps: 300)
        let store = try Store.open(at: pair.storePath)
        var options = ExportOptions()
        options.batchEvents = 10
        var random = SplitMix64(seed: 36)
        var runs = 0
        while true {
            runs += 1
            let deadline = Locked(random.below(40))
            let progress = try Exporter(
                store, into: try pair.target(), options: options, states: [try StateTable(Holdings())],
                shouldStop: { deadline.countDown() }
            ).run()
            #expect(try Holdings.rows(try pair.target()) == Holdings.rows(store, asOf: progress.sequence))
            if progress.sequence == store.sequence { break }
        }
        #expect(runs > 5)
    }

    @Test("--rewind makes the table anew as of the last common commit, and goes on from there")
    func rewound() throws {
        let pair = ExportPair()
        var writer = try pair.writer()
        var storm = StormChain(seed: 37)
        for _ in 0..<100 { try storm.step(&writer) }
        try writer.close()
        try FileManager.default.copyItem(atPath: pair.storePath, toPath: pair.folder.file("copy"))
        var lost = try Writer.open(at: pair.folder.file("copy"), options: Samples.options())
        for _ in 0..<60 { try storm.step(&lost) }
        try lost.close()
        let states = [try StateTable(Holdings())]
        _ = try Exporter(try Store.open(at: pair.folder.file("copy")), into: try pair.target(), states: states).run()
        let store = try Store.open(at: pair.storePath)
        #expect(
            refusal { _ = try Exporter(store, into: try pair.target(), states: states).run() } == "cursorNotFound")
        var options = ExportOptions()
        options.rewinds = true
        _ = try Exporter(store, into: try pair.target(), options: options, states: states).run()
        #expect(try Holdings.rows(try pair.target()) == Holdings.rows(store))
        #expect(try pair.checkStates().isSound)
    }

    @Test("the highest are one query, which an index answers; a changed table is found by the check")
    func top() throws {
        let pair = ExportPair()
        try pair.makeStore(seed: 38, steps: 300)
        let store = try Store.open(at: pair.storePath)
        let target = try pair.target()
        _ = try Exporter(store, into: target, states: [try StateTable(Holdings())]).run()
        let query = "SELECT owner, items FROM state_holdings ORDER BY items DESC LIMIT 3"
        let most = try Holdings.state(store).owners.map { Int64($0.value) }.sorted(by: >).prefix(3)
        #expect(try target.rows(query).map { $0[1].integer } == Array(most))
        let plan = try target.rows("EXPLAIN QUERY PLAN " + query).map { $0[3].text ?? "" }
        #expect(plan.contains { $0.contains("INDEX state_holdings_") })
        try target.execute(
            "UPDATE state_holdings SET items = items + 1 WHERE items = (SELECT max(items) FROM state_holdings)")
        #expect(try pair.checkStates().differentStates == ["state_holdings"])
    }

    @Test("tables that cannot be, and values that do not fit, are refused")
    func refused() throws {
        let pair = ExportPair()
        try pair.makeStore(seed: 39, steps: 40)
        let store = try Store.open(at: pair.storePath)
        #expect(refusal { _ = try StateTable(Holdings(keyName: "no name")) } == "badStateTable")
        #expect(refusal { _ = try StateTable(Holdings(keyName: "ITEMS")) } == "badStateTable")
        let twins = [try StateTable(Holdings(name: "a b")), try StateTable(Holdings(name: "A-b"))]
        #expect(refusal { _ = try Exporter(store, into: try pair.target(), states: twins).run() } == "badStateTable")
        let misfit = [try StateTable(Holdings(amount: "12e3"))]
        #expect(refusal { _ = try Exporter(store, into: try pair.target(), states: misfit).run() } == "badStateRow")
        #expect(refusal { try pair.export() } == "otherTables")
    }
}

extension ExportPair {
    fileprivate func checkStates() throws -> CheckReport {
        var check = try ExportCheck(
            try Store.open(at: storePath), try target(), ExportOptions(), states: [try StateTable(Holdings())])
        return try check.run()
    }
}
