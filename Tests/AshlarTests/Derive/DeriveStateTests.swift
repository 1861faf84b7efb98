import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Deriving with a state")
struct DeriveStateTests {
    /// The totals a chain's events come to, in order, folded from the beginning.
    private static func totals(_ view: View) throws -> [[UInt8]] {
        var total = RunningTotal.Total()
        var payloads: [[UInt8]] = []
        for block in view.blocks() {
            let block = try block.get()
            for event in try view.events(height: block.block.height) ?? [] where event.model == "utxo" {
                total.take(event.payload)
                payloads.append(total.payload)
            }
            total.value &+= UInt64(block.block.height)
        }
        return payloads
    }

    @Test(
        "it follows reorganisations, also deeper than what it can undo", arguments: 1...4 as ClosedRange<UInt64>,
        [0, 1, 3, 64])
    func follows(seed: UInt64, undoDepth: Int) throws {
        let disk = try DeriveSource.random(seed: 100 + seed, steps: 60)
        let storage = MemoryStorage()
        _ = try derive(disk, storage, RunningTotal(), options: deriveOptions(undoDepth: undoDepth))
        let (source, target) = (try Store.open(disk), try Store.open(storage))
        var balances = EventQuery()
        balances.models = ["balances"]
        for sequence in 0...source.sequence {
            let view = try target.view(asOf: sequence)
            let found = try view.events(balances)
            #expect(found.map(\.payload) == (try Self.totals(try source.view(asOf: sequence))), "as of \(sequence)")
            #expect(found.enumerated().allSatisfy { $0.element.version == UInt64($0.offset) + 1 })
        }
        #expect(try StoreVerification.run(storage).isSound)
    }

    @Test("replaced events keep their time and request id, and floating ones pass the state by")
    func replaces() throws {
        let source = try SimulatedDisk.store { (writer) throws(StoreError) in
            let event = Event(
                model: "names", type: "Set", payload: [5], timestamp: Timestamp(seconds: 9), requestID: [1, 2])
            try writer.append(block(0), events: [event, Event(model: "utxo", type: "Created", payload: [7])])
            try writer.appendFloating([Event(model: "utxo", type: "Created", payload: [8])])
            try writer.append(block(1), events: [Event(model: "utxo", type: "Created", payload: [9])])
        }
        let storage = MemoryStorage()
        _ = try derive(source, storage, RunningTotal())
        let events = try Store.open(storage).view().events()
        #expect(events.map(\.model) == ["labels", "utxo", "balances", "utxo", "balances"])
        #expect(
            events[0].timestamp == Timestamp(seconds: 9) && events[0].requestID == [1, 2] && events[0].type == "of Set")
        #expect(events[4].payload == (try Self.totals(try Store.open(source).view())).last)
    }

    @Test(
        "what a transform throws names commit, block and event; what was derived before stays, and another run goes on")
    func failing() throws {
        let source = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...5) }
        let target = MemoryStorage()
        let error = failure { () throws(StoreError) in
            _ = try derive(source, target, RunningTotal(failingHeight: 3))
        }
        #expect(error == .derivationFailed(sequence: 4, height: 3, ordinal: 0, reason: "no such coin"))
        #expect(try Store.open(target).sequence == 3)
        #expect(try derive(source, target, RunningTotal()).resumedAt == 3)
        let whole = MemoryStorage()
        _ = try derive(source, whole, RunningTotal())
        #expect(try StoreDump.content(target) == StoreDump.content(whole))
    }

    @Test("a block taken up again above other events than before is refused if it derives to others there")
    func changedGround() throws {
        let source = try SimulatedDisk.store { (writer) throws(StoreError) in
            try writer.append(0...0)
            try writer.append(block(1), events: [Event(model: "utxo", type: "Created", payload: [1])])
            try writer.append(block(2), events: [Event(model: "m", type: "t", payload: [1])])
            try writer.rollback(toHeight: 0)
            // The same block with an event of the same count, but another content: its child may come back.
            try writer.append(block(1), events: [Event(model: "utxo", type: "Created", payload: [2])])
            try writer.adopt(branch: [.known(sequence: 3)])
        }
        // What looks at each event alone comes to the same.
        let target = MemoryStorage()
        _ = try derive(source, target)
        #expect(try StoreDump.content(target) == StoreDump.content(source))
        let error = failure { () throws(StoreError) in _ = try derive(source, MemoryStorage(), EveryBlock()) }
        guard case .derivationFailed(3, 2, nil, let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("taken up again") && reason.contains("payload"))
    }

    /// Tells the total at the end of each block.
    struct EveryBlock: Derivation {
        var name: String { "every block" }
        var version: UInt64 { 1 }
        func rule(model: String, type: String) -> DerivationRule { .observe }
        func makeState() -> RunningTotal.Total { RunningTotal.Total() }
        func derive(
            _ event: borrowing ModelEvent, _ state: inout RunningTotal.Total, _ output: inout DerivedEvents
        ) {
            let payload = event.payload
            state.take(payload.withUnsafeBytes { Array($0) })
        }
        func endBlock(
            _ block: DerivationBlock, _ state: inout RunningTotal.Total, _ output: inout DerivedEvents
        ) throws {
            let total = state.payload
            try output.emit(model: "totals", type: "Total", payload: total.span.bytes)
        }
    }
}
