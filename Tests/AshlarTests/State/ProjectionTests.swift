import AshlarStorage
import AshlarTestSupport
import Foundation
import Testing

@testable import Ashlar
@testable import AshlarFormat

/// Remembers the payloads it saw, and refuses one that says so.
struct Notes: Model {
    struct Refusal: Error {}

    struct State: ModelState, Codable, Equatable {
        var notes: [String] = []
    }

    var name = "notes"
    var schemaVersion: UInt32 = 1
    var sources: [String] { ["utxo", "balance"] }

    func makeState() -> State { State() }

    func apply(_ event: borrowing ModelEvent, to state: inout State) throws {
        let text = event.payload.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        state.notes.append(text)
        if text.contains("refuse") { throw Refusal() }
    }

    func applyPending(_ event: borrowing ModelEvent, to state: inout State) throws {
        try apply(event, to: &state)
    }

    func json(_ state: State) throws -> String? { "\(state.notes.count)" }
}

@Suite("Projections")
struct ProjectionTests {
    private func writer(_ storage: any Storage = MemoryStorage()) throws -> Writer {
        try Writer.open(storage, options: options())
    }

    private func quiet(_ change: (inout ProjectionOptions) -> Void = { _ in }) -> ProjectionOptions {
        var options = ProjectionOptions()
        options.snapshots = .off
        options.takesSnapshotsInline = true
        change(&options)
        return options
    }

    private func projectionFailure(_ body: () throws -> Void) -> ProjectionError? {
        do {
            try body()
            return nil
        } catch { return error as? ProjectionError }
    }

    @Test("stop at the block before the one a model refuses, and go on when a reorg takes it away")
    func refusal() throws {
        var writer = try writer()
        let projection = Projection(writer.store, options: quiet())
        let (notes, counts) = (try projection.add(Notes()), try projection.add(Counts(sources: ["utxo"])))
        try writer.append(0...3)
        try projection.advance()
        let (before, beforeCounts) = (try notes.latest().state, try counts.latest().state)
        var bad = events(4)
        bad.append(Event(model: "balance", type: "Spent", payload: Array("refuse this".utf8)))
        bad += events(4)
        try writer.append(block(4), events: bad)
        try writer.append(5...6)
        guard case .model("notes", 4, 5, 3, let cause)? = projectionFailure({ try projection.advance() }) else {
            Issue.record("it did not refuse")
            return
        }
        #expect(cause is Notes.Refusal)
        #expect(try notes.latest().state == before)
        #expect(try counts.latest().state == beforeCounts)
        #expect(projection.position?.height == 3)
        #expect(projectionFailure { try projection.advance() } != nil)
        // The log is not concerned.
        try writer.append(7...7)
        try writer.append(block(4, 1, on: 0), events: events(4, 1))
        try projection.advance()
        #expect(projection.position?.height == 4)
        #expect(try notes.latest().state.notes.count == 15)
        try writer.close()
    }

    // Without a suspension, for which the thread that reads would read on and on.
    @Test("never show a reader two heights, while blocks are applied and undone")
    func oneHeight() throws {
        var writer = try writer()
        let projection = Projection(writer.store, options: quiet { $0.undoBlocks = 8 })
        let (notes, counts) = (try projection.add(Notes()), try projection.add(Counts(sources: ["utxo", "balance"])))
        let isDone = Monitor(false)
        let reading = Monitor(0)
        let thread = try WorkerThread {
            while !isDone.withLock({ $0 }) {
                guard let reader = try? projection.reader(),
                    let (one, other) = try? (reader.state(of: notes), reader.state(of: counts))
                else { continue }
                if one.position != other.position { Issue.record("\(one.position) is not \(other.position)") }
                let blocks = Int((one.position.height ?? -1) + 1)
                if one.state.notes.count != blocks * 3 {
                    Issue.record("\(one.state.notes.count) notes at height \(blocks - 1)")
                }
                reading.withLock { $0 += 1 }
            }
        }
        var branch: UInt8 = 0
        try writer.append(0...0)
        for round in 0..<60 {
            let tip = try writer.store.view().tipHeight ?? 0
            if round % 3 == 2, tip > 6 {
                let depth = Int64(1 + round % 5)
                try writer.rollback(toHeight: tip - depth)
                try projection.advance()
            } else {
                let parent = try writer.store.view().tip()?.block.hash ?? .none
                branch += 1
                var next = block(tip + 1, branch)
                next.parent = parent
                try writer.append(next, events: events(tip + 1, branch))
                try writer.append(
                    Block(
                        height: tip + 2, hash: blockHash(tip + 2, branch), parent: next.hash,
                        timestamp: next.timestamp),
                    events: events(tip + 2, branch))
                try projection.advance()
            }
        }
        for _ in 0..<60_000 where reading.withLock({ $0 }) < 20 { usleep(1_000) }
        #expect(reading.withLock { $0 } >= 20)
        isDone.withLock { $0 = true }
        thread.join()
        try writer.close()
    }

    @Test("go back to a snapshot when a reorg is deeper than they can undo")
    func deepReorg() throws {
        let disk = MemoryStorage()
        var writer = try writer(disk)
        let told = Monitor<[ProjectionNotice]>([])
        let options = quiet { options in
            options.undoBlocks = 2
            options.snapshots = SnapshotPolicy(blocks: 5, retention: SnapshotRetention(minKeep: 10))
            options.report = { notice in told.withLock { $0.append(notice) } }
        }
        let projection = Projection(writer.store, options: options)
        let notes = try projection.add(Notes())
        for height in 0...20 as ClosedRange<Int64> {
            try writer.append(height...height)
            try projection.advance()
        }
        let taken = told.withLock {
            $0.compactMap { if case .snapshotTaken(_, let height, _, _, _) = $0 { height } else { nil } }
        }
        #expect(taken == [5, 10, 15, 20])
        let wanted = try notes.state(at: 11).state
        try writer.rollback(toHeight: 11)
        try projection.advance()
        #expect(try notes.latest().state == wanted)
        #expect(try notes.state(asOf: 21).state.notes.count == 63)
        // A snapshot of a block that was undone is void: a restart must not take it.
        try writer.append(block(12, 1, on: 0), events: events(12, 1))
        let again = Projection(writer.store, options: options)
        let restored = try again.add(Notes())
        try again.advance()
        #expect(try restored.latest().state.notes.count == 39)
        try writer.close()
    }

    @Test("stand together below a block that a model without snapshots refuses")
    func refusalWhileRestoring() throws {
        var writer = try writer()
        try writer.append(0...2)
        try writer.append(block(3), events: [Event(model: "balance", type: "Spent", payload: Array("refuse".utf8))])
        try writer.append(4...6)
        let first = Projection(writer.store, options: quiet())
        _ = try first.add(Counts(sources: ["utxo"]))
        try first.advance()
        try first.takeSnapshots()
        let projection = Projection(writer.store, options: quiet())
        let (notes, counts) = (try projection.add(Notes()), try projection.add(Counts(sources: ["utxo"])))
        guard case .model("notes", 3, 4, 0, _)? = projectionFailure({ try projection.advance() }) else {
            Issue.record("it did not refuse")
            return
        }
        #expect(projection.position?.height == 2)
        #expect(try notes.latest().state.notes.count == 9)
        #expect(try counts.latest().position.height == 2)
        try writer.close()
    }

    @Test("ignore a snapshot of another schema version")
    func otherSchema() throws {
        var writer = try writer()
        try writer.append(0...4)
        let projection = Projection(writer.store, options: quiet())
        _ = try projection.add(Notes())
        try projection.advance()
        try projection.takeSnapshots()
        let told = Monitor<[String]>([])
        let next = Projection(
            writer.store, options: quiet { $0.report = { notice in told.withLock { $0.append("\(notice)") } } })
        let notes = try next.add(Notes(schemaVersion: 2))
        try next.advance()
        #expect(try notes.latest().state.notes.count == 15)
        #expect(told.withLock { $0.contains { $0.contains("schema version 1") } })
        try writer.close()
    }

    @Test("give up a snapshot whose block is undone while it is written")
    func undoneMeanwhile() throws {
        let disk = MemoryStorage()
        var writer = try writer(disk)
        try writer.append(0...4)
        let projection = Projection(writer.store, options: quiet())
        let notes = try projection.add(Notes())
        try projection.advance()
        let state = try notes.latest()
        try writer.rollback(toHeight: 2)
        let task = SnapshotTask(
            model: "notes", schemaVersion: 1, position: state.position, policy: SnapshotPolicy(),
            encode: { try $0.encode(state.state) })
        guard case .void = try task.perform(on: writer.store, isWanted: { true }) else {
            Issue.record("it was taken")
            return
        }
        #expect(try !disk.list().contains { $0.hasSuffix(".snapshot") || $0.hasSuffix(".tmp") })
        try writer.close()
    }

    @Test("name a snapshot only once its commit is durable")
    func durableFirst() throws {
        let disk = SimulatedDisk(seed: 3)
        var writer = try writer(disk)
        try writer.append(0...4)
        let projection = Projection(writer.store, options: quiet())
        _ = try projection.add(Notes())
        try projection.advance()
        #expect(writer.durableSequence < 5)
        try projection.takeSnapshots()
        #expect(writer.durableSequence >= 5)
        try writer.close()
    }

    @Test("take snapshots in the background while appending goes on")
    func background() throws {
        let disk = MemoryStorage()
        var writer = try writer(disk)
        var options = ProjectionOptions()
        options.snapshots = SnapshotPolicy(blocks: 3)
        let projection = Projection(writer.store, options: options)
        let notes = try projection.add(Notes())
        var height: Int64 = 0
        while try height < 30 || (height < 60_000 && writer.store.snapshots.entries().isEmpty) {
            try writer.append(height...height)
            try projection.advance()
            height += 1
            if height > 30 { usleep(1_000) }
        }
        projection.close()
        let entries = try writer.store.snapshots.entries()
        #expect(!entries.isEmpty && entries.count <= 2)
        let again = Projection(writer.store, options: quiet())
        let restored = try again.add(Notes())
        try again.advance()
        #expect(try restored.latest().state == notes.latest().state)
        try writer.close()
    }

    @Test("show floating events only in what is pending")
    func pending() throws {
        var writer = try writer()
        try writer.append(0...1)
        let floating = Event(model: "utxo", type: "Created", payload: Array("pending".utf8))
        try writer.appendFloating([floating], key: nil, timestamp: nil)
        let projection = Projection(writer.store, options: quiet())
        let notes = try projection.add(Notes())
        try projection.advance()
        #expect(try notes.latest().state.notes.count == 6)
        #expect(try notes.latestWithPending().state.notes.last == "pending")
        #expect(try notes.latest().state.notes.count == 6)
        try writer.close()
    }

    @Test("refuse heights above the tip, and two models of one name")
    func refusals() throws {
        var writer = try writer()
        try writer.append(0...1)
        let projection = Projection(writer.store, options: quiet())
        let notes = try projection.add(Notes())
        guard case .invalidArgument? = projectionFailure({ _ = try projection.add(Notes()) }) else {
            Issue.record("a second model of the name was taken")
            return
        }
        guard case .aboveTip(5, 1)? = projectionFailure({ _ = try notes.state(at: 5) }) else {
            Issue.record("a height above the tip was answered")
            return
        }
        #expect(try notes.state(at: -1).state.notes.isEmpty)
        try writer.close()
    }

    @Test("follow the log by themselves")
    func follow() async throws {
        var writer = try writer()
        let projection = Projection(writer.store, options: quiet())
        let notes = try projection.add(Notes())
        let following = Task { try await projection.follow() }
        for height in 0...20 as ClosedRange<Int64> { try writer.append(height...height) }
        try writer.rollback(toHeight: 15)
        for _ in 0..<12_000 where projection.position?.height != 15 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(projection.position?.height == 15)
        #expect(try notes.latest().state.notes.count == 48)
        try writer.close()
        try await following.value
    }
}
