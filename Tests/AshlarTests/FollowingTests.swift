import AshlarStorage
import AshlarTestSupport
import Foundation
import Testing

@testable import Ashlar
@testable import AshlarFormat

/// The steps of a log against a naive model. `ASHLAR_FOLLOW_SEEDS` sets how many seeds are run, `ASHLAR_FIRST_SEED` where they start.
@Suite("Following: history")
struct FollowingTests {
    static let seeds: Range<UInt64> = {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["ASHLAR_FIRST_SEED"].flatMap { UInt64($0) } ?? 1
        return first..<first + (environment["ASHLAR_FOLLOW_SEEDS"].flatMap { UInt64($0) } ?? 24)
    }()

    /// A store that the simulator made, what it must hold, and its chain values.
    private func simulated(_ seed: UInt64) throws -> (Store, ModelChain, [UInt64])? {
        var simulator = Simulator(seed: seed)
        try simulator.run()
        guard simulator.storeID != nil, !simulator.model.commits.isEmpty else { return nil }
        let log = try LogContents(simulator.disk)
        let store = try Store.open(simulator.disk, horizon: .committed)
        let gone = [UInt64](repeating: 0, count: Int(log.base.sequence))
        return (store, simulator.model, gone + log.commits.map(\.header.chainValue))
    }

    @Test("the steps are those of a naive model, whatever the batches and the models asked for", arguments: seeds)
    func equalsTheModel(seed: UInt64) throws {
        guard let (store, model, values) = try simulated(seed) else { return }
        let expected = model.steps(values)
        for (events, bytes) in [(4_096, 1 << 20), (1, 1), (3, 200), (7, 5_000)] {
            let (found, _) = try store.stepTexts {
                $0.batchEvents = events
                $0.batchBytes = bytes
            }
            #expect(found == expected, "seed \(seed), \(events) events, \(bytes) bytes")
        }
        for models in [["utxo"], Array(Simulator.models.prefix(2)), ["there is none"]] {
            let (found, _) = try store.stepTexts {
                $0.models = models
                $0.batchEvents = 2
            }
            #expect(found == model.steps(values, models: Set(models)), "seed \(seed), \(models)")
        }
    }

    @Test("resuming from any cursor of a run gives exactly the rest", arguments: seeds)
    func resumes(seed: UInt64) throws {
        guard let (store, _, _) = try simulated(seed) else { return }
        var random = SplitMix64(seed: seed)
        let (all, cursors) = try store.stepTexts { $0.batchEvents = 1 }
        for (cursor, position) in cursors where cursors.count < 40 || random.chance(4_000 / cursors.count) {
            let printed = try #require(Cursor("\(cursor)"), "\(cursor)")
            #expect(printed == cursor)
            let (rest, _) = try store.stepTexts(from: printed) { $0.batchEvents = 1 + random.below(40) }
            #expect(rest.elementsEqual(all[position...]), "seed \(seed), \(cursor)")
        }
    }

    @Test("a cursor taken under one filter goes on under another")
    func changesTheFilter() throws {
        let disk = try SimulatedDisk.store { (writer) throws(StoreError) in
            try writer.append(0...2, count: 9)
        }
        let store = try Store.open(disk)
        let (all, cursors) = try store.stepTexts { $0.batchEvents = 1 }
        for (cursor, position) in cursors {
            let (rest, _) = try store.stepTexts(from: cursor) { $0.models = ["balance"] }
            let expected = all[position...].filter { !$0.contains(" utxo ") }
            #expect(rest == expected, "\(cursor)")
        }
    }

    @Test("each commit gives first what it undid, then what it took up again, then its own block")
    func order() throws {
        let disk = try SimulatedDisk.store { (writer) throws(StoreError) in
            try writer.append(0...4)
            try writer.append(block(3, 1, on: 0), events: events(3, 1))
            // Back to the first branch: blocks 3 and 4 are commits 4 and 5; a new one on top.
            try writer.adopt(
                branch: [.known(sequence: 4), .known(sequence: 5), .new(block(5), events(5))])
            try writer.rollback(toHeight: 1)
        }
        var follower = try Store.open(disk).follow()
        let batch = try #require(try follower.next())
        let kinds = batch.steps.map { step -> String in
            switch step.content {
            case .applied(let applied): "\(applied.isReadopted ? "again" : "applied") \(applied.block.block.height)"
            case .undone(let undone): "undone \(undone.blocks.map(\.height)) to \(undone.toHeight)"
            case .floating: "floating"
            }
        }
        #expect(
            kinds == [
                "applied 0", "applied 1", "applied 2", "applied 3", "applied 4", "undone [4, 3] to 2", "applied 3",
                "undone [3] to 2", "again 3", "again 4", "applied 5", "undone [5, 4, 3, 2] to 1",
            ])
        // A block taken up again brings its events with the ids they had.
        #expect(batch.steps[8].events.map(\.id) == batch.steps[3].events.map(\.id))
        #expect(batch.steps[8].id != batch.steps[3].id)
        #expect(Set(batch.steps.map(\.id)).count == batch.steps.count)
        #expect(batch.steps[8].sequence == 7 && batch.steps[8].events[0].sequence == 4)
    }

    @Test("who stood on a block that was undone since hears of that first")
    func reorgInBetween() throws {
        let storage = MemoryStorage()
        var writer = try Writer.open(storage, options: options())
        try writer.append(0...5)
        let cursor = try writer.store.cursor(at: .end)
        try writer.append(block(4, 1, on: 0), events: events(4, 1))
        try writer.sync()
        var follower = try writer.store.follow(from: cursor)
        let first = try #require(try follower.next()).steps[0]
        guard case .undone(let undone) = first.content else {
            Issue.record("\(first)")
            return
        }
        #expect(undone.blocks.map(\.hash) == [blockHash(5), blockHash(4)] && undone.blocks.map(\.sequence) == [6, 5])
        try writer.close()
    }

    @Test("a batch holds one event whatever its size, and no more bytes than asked for")
    func byteBound() throws {
        let disk = try SimulatedDisk.store { (writer) throws(StoreError) in
            for height in 0..<4 as Range<Int64> {
                let sizes = [10, 5_000, 20, 990, 30, 2_000]
                let events = sizes.map {
                    Event(model: "m", type: "t", payload: [UInt8](repeating: UInt8(height), count: $0))
                }
                try writer.append(block(height), events: events)
            }
        }
        var options = SubscriptionOptions()
        options.batchBytes = 1_000
        var follower = try Store.open(disk).follow(options: options)
        var events = 0
        while let batch = try follower.next() {
            let sizes = batch.steps.flatMap { $0.events.map { $0.payload.byteCount } }
            #expect(sizes.count == 1 || sizes.reduce(0, +) <= 1_000, "\(sizes)")
            #expect(!sizes.isEmpty && batch.eventCount == sizes.count)
            events += sizes.count
            if events == 24 { break }
        }
        #expect(events == 24)
    }

    @Test("commits without steps move the cursor")
    func control() throws {
        let storage = MemoryStorage()
        var writer = try Writer.open(storage, options: options())
        var follower = try writer.store.follow()
        #expect(try follower.next()?.cursor == nil)
        try writer.declare(models: ["a"])
        try writer.sync()
        let batch = try #require(try follower.next())
        #expect(batch.steps.isEmpty && batch.cursor.sequence == 1 && follower.cursor == batch.cursor)
        #expect(try follower.next()?.cursor == nil)
        try writer.close()
    }

    @Test("damage is thrown after the steps before it, and again: never an end")
    func damage() throws {
        let disk = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...9) }
        let store = try Store.open(disk)
        // A byte of a payload, the fourth block's: opening has been done, only its record tells.
        let name = disk.segments[0]
        let bytes = try #require(disk[name])
        let wanted = Array("event 1 of block 3".utf8)
        let place = try #require(
            bytes.indices.dropLast(wanted.count).first { bytes[$0..<$0 + wanted.count].elementsEqual(wanted) })
        disk[name]?[place] ^= 1
        var follower = try Store.open(disk).follow()
        let steps = try #require(try follower.next()).steps
        #expect(steps.count == 3 && follower.cursor.sequence == 3)
        for _ in 0..<2 {
            do {
                _ = try follower.next()
                Issue.record("it went on")
            } catch {
                guard case .corrupt(let corruption) = error else { throw error }
                #expect(corruption.heights == 3...3)
            }
        }
        _ = store
    }
}
