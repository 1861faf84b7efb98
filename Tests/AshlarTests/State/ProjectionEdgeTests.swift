import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

/// A state that cannot be written down.
private struct Unwritable: Model {
    struct Failure: Error {}

    struct State: ModelState {
        var count = 0
    }

    let name = "unwritable"
    let sources = ["utxo"]

    func makeState() -> State { State() }
    func apply(_ event: borrowing ModelEvent, to state: inout State) throws { state.count += 1 }
    func encode(_ state: State, to output: inout SnapshotOutput) throws { throw Failure() }
    func decode(from input: inout SnapshotInput) throws -> State { State() }
}

@Suite("Projections at their limits")
struct ProjectionEdgeTests {
    private func made(_ change: (inout ProjectionOptions) -> Void) -> ProjectionOptions {
        var options = ProjectionOptions()
        options.snapshots = .off
        options.takesSnapshotsInline = true
        change(&options)
        return options
    }

    @Test("take options out of range for the nearest ones in it")
    func options() throws {
        var writer = try Writer.open(MemoryStorage(), options: AshlarTests.options())
        let projection = Projection(
            writer.store,
            options: made {
                $0.undoBlocks = .min
                $0.cachedStates = -1
                $0.pendingCommits = 0
            })
        let notes = try projection.add(Notes())
        try writer.append(0...5)
        try projection.advance()
        #expect(try notes.latestWithPending().state == notes.latest().state)
        #expect(try notes.state(at: 2).position.height == 2)
        #expect(throws: ProjectionError.self) { try notes.state(at: .min) }
    }

    @Test("survive a snapshot that fails, however rarely blocks make one due")
    func failedSnapshot() throws {
        var writer = try Writer.open(MemoryStorage(), options: AshlarTests.options())
        let projection = Projection(writer.store, options: made { _ in })
        let model = try projection.add(Unwritable(), snapshots: SnapshotPolicy(blocks: .max, events: 1))
        try writer.append(0...3)
        try projection.advance()
        #expect(try model.latest().position.height == 3)
    }

    @Test("show nothing, rather than no events, when restoring has failed")
    func failedRestore() throws {
        let storage = MemoryStorage()
        var writer = try Writer.open(storage, options: AshlarTests.options())
        let first = Projection(writer.store, options: made { _ in })
        _ = try first.add(Notes())
        let mark = Array("a payload that is easy to find".utf8)
        try writer.append(0...2)
        try writer.append(block(3), events: [Event(model: "utxo", type: "Spent", payload: mark)])
        try writer.append(4...6)
        try writer.sync()
        try first.advance()
        try first.takeSnapshots()
        let file = try storage.open(
            try #require(try storage.list().first { SegmentName(fileName: $0) != nil }), .readWrite)
        let bytes = try file.read(at: 0, count: try file.size())
        let place = try #require(
            (0..<bytes.count - mark.count).first { bytes[$0..<$0 + mark.count].elementsEqual(mark) })
        try file.write([bytes[place] ^ 1], at: place)

        let second = Projection(writer.store, options: made { _ in })
        let (notes, counts) = (try second.add(Notes()), try second.add(Counts(sources: ["utxo"])))
        #expect(throws: ProjectionError.self) { try second.advance() }
        #expect(throws: ProjectionError.self) { try notes.latest() }
        #expect(throws: ProjectionError.self) { try counts.latest() }
        try file.write([bytes[place]], at: place)
        try second.advance()
        #expect(try notes.latest().position.height == 6)
    }
}

@Suite("Following at its limits")
struct FollowingEdgeTests {
    @Test("wait as long as one likes")
    func longWait() throws {
        var writer = try Writer.open(MemoryStorage(), options: options())
        try writer.append(0...1)
        try writer.sync()
        var follower = try writer.store.follow()
        #expect(try follower.wait(upToMilliseconds: .max) == .more)
    }

    @Test("refuse a consumer's file that no acknowledgement can follow")
    func lastCounter() throws {
        let storage = MemoryStorage()
        var writer = try Writer.open(storage, options: options())
        try writer.append(0...1)
        try writer.sync()
        let cursor = try writer.store.cursor(at: .end)
        let slot = ConsumerSlot(
            storeID: writer.store.id, counter: .max, sequence: cursor.sequence, chainValue: cursor.chainValue, step: 0,
            event: 0, time: 0, name: Array("search".utf8))
        let file = try storage.open("search.consumer", .create)
        try file.write([UInt8](repeating: 0, count: 512) + slot.encoded, at: 0)
        let consumer = try writer.store.consumer("search")
        #expect(throws: StoreError.self) { try consumer.ack(writer.store.cursor(at: .start)) }
        try consumer.ack(cursor, goingBack: true)
        #expect(try consumer.position() == cursor)
    }
}
