import AshlarFormat
import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar

/// What a projection told of snapshots.
private final class Told: Sendable {
    private let notices = Monitor<[ProjectionNotice]>([])

    func note(_ notice: ProjectionNotice) { notices.withLock { $0.append(notice) } }

    /// The heights of snapshots taken of a model.
    func taken(_ model: String) -> [Int64] {
        notices.withLock {
            $0.compactMap {
                if case .snapshotTaken(model, let height, _, _, _) = $0 { height } else { nil }
            }
        }
    }
}

/// A state whose encoding waits until the test lets it go on.
private struct Slow: Model {
    struct State: ModelState { var events = 0 }

    let name = "slow"
    let sources = ["utxo"]
    let isEncoding: Monitor<Bool>
    let mayEnd: Monitor<Bool>

    func makeState() -> State { State() }
    func apply(_ event: borrowing ModelEvent, to state: inout State) throws { state.events += 1 }
    func encode(_ state: State, to output: inout SnapshotOutput) throws {
        isEncoding.withLock { $0 = true }
        isEncoding.signal()
        mayEnd.withLockWaiting { $0 ? .done(()) : .wait(until: nil) }
        try output.append(state.events)
    }
    func decode(from input: inout SnapshotInput) throws -> State { State(events: try input.read(Int.self)) }
}

@Suite("When snapshots are taken")
struct SnapshotPolicyTests {
    private func projection(_ store: Store, _ told: Told, inline: Bool = true) -> Projection {
        var options = ProjectionOptions()
        options.takesSnapshotsInline = inline
        options.report = { told.note($0) }
        return Projection(store, options: options)
    }

    @Test(
        "is each model's own matter: by blocks, by events, by bytes of log, or never; and so is how, and how many stay")
    func perModel() throws {
        let disk = MemoryStorage()
        var writer = try Writer.open(disk, options: options())
        let told = Told()
        let projection = projection(writer.store, told)
        let frame = try {
            var probe = try Writer.open(MemoryStorage(), options: options())
            try probe.append(0...1)
            return try #require(try probe.store.commits().map { try $0.get() }.last).byteCount
        }()
        let retention = SnapshotRetention(minKeep: 2)
        func digest(_ name: String) -> Digest { Digest(name, sources: ["utxo", "balance"]) }
        _ = try projection.add(
            digest("by blocks"), snapshots: SnapshotPolicy(blocks: 4, compression: .zlib, retention: retention))
        _ = try projection.add(
            digest("by events"), snapshots: SnapshotPolicy(blocks: nil, events: 9, retention: retention))
        _ = try projection.add(
            digest("by bytes"), snapshots: SnapshotPolicy(blocks: nil, logBytes: 5 * frame - 60, compression: .none))
        _ = try projection.add(digest("never"), snapshots: .off)
        for height in 0..<21 as Range<Int64> {
            try writer.append(height...height)
            try projection.advance()
        }
        #expect(told.taken("by blocks") == [4, 8, 12, 16, 20])
        // Three events a block.
        #expect(told.taken("by events") == [2, 5, 8, 11, 14, 17, 20])
        let gaps = zip(told.taken("by bytes"), told.taken("by bytes").dropFirst()).map { $1 - $0 }
        #expect(gaps.count > 2 && gaps.allSatisfy { (4...6).contains($0) }, "\(told.taken("by bytes"))")
        #expect(told.taken("never").isEmpty)
        #expect(try writer.store.snapshotHeights(of: "by blocks") == [16, 20])
        #expect(try writer.store.snapshotHeights(of: "never").isEmpty)
        let codecs: [String: Codec] = ["by blocks": .zlib, "by events": .lz4, "by bytes": .none]
        for entry in try writer.store.snapshots.entries() {
            let header = try #require(entry.header)
            #expect(header.codec == codecs[header.identity.model])
        }
        // By hand all of them, whatever the policies say; and away again by height.
        try projection.takeSnapshots()
        #expect(try writer.store.snapshotHeights(of: "never") == [20])
        #expect(try writer.store.removeSnapshots(of: "never", heights: 0...19) == 0)
        #expect(try writer.store.removeSnapshots(of: "never", heights: 20...20) == 1)
        let upper = try writer.store.snapshots.entries().count { $0.identity.map { $0.height >= 17 } ?? false }
        #expect(try writer.store.removeSnapshots(heights: 17...20) == upper)
        #expect(try writer.store.snapshotHeights(of: "by blocks") == [16])
        try writer.close()
    }

    @Test("one at a time is taken in the background, and appending goes on meanwhile")
    func oneAtATime() throws {
        var writer = try Writer.open(MemoryStorage(), options: options())
        let told = Told()
        let projection = projection(writer.store, told, inline: false)
        let (isEncoding, mayEnd) = (Monitor(false), Monitor(false))
        let slow = try projection.add(
            Slow(isEncoding: isEncoding, mayEnd: mayEnd), snapshots: SnapshotPolicy(blocks: 2))
        try writer.append(0...2)
        try projection.advance()
        let deadline = SystemCalls.monotonicNanoseconds() + 60_000_000_000
        let hasBegun = isEncoding.withLockWaiting {
            $0 || SystemCalls.monotonicNanoseconds() >= deadline ? .done($0) : .wait(until: deadline)
        }
        try #require(hasBegun)
        // Due again and again, while the first one is being written from a copy.
        for height in 3..<30 as Range<Int64> {
            try writer.append(height...height)
            try projection.advance()
        }
        #expect(told.taken("slow").isEmpty)
        #expect(try slow.latest().position.height == 29)
        mayEnd.withLock { $0 = true }
        mayEnd.signal()
        projection.close()
        #expect(told.taken("slow") == [2])
        let file = try #require(try writer.store.snapshots.entries().first)
        let events = try writer.store.snapshots.open(file).read { try $0.read(Int.self) }
        #expect(try slow.state(at: 2).state.events == events)
        try writer.close()
    }

    @Test(
        "not while models are brought to one height: then one would say it is of a block where its model does not stand"
    )
    func catchingUp() throws {
        var writer = try Writer.open(MemoryStorage(), options: options())
        try writer.append(0...10)
        let first = projection(writer.store, Told())
        _ = try first.add(Digest("a", sources: ["utxo", "balance"]), snapshots: .off)
        try first.advance()
        try first.takeSnapshots()
        try writer.append(11...12)
        let told = Told()
        let second = projection(writer.store, told)
        let often = SnapshotPolicy(blocks: 1, retention: SnapshotRetention(minKeep: 100))
        let a = try second.add(Digest("a", sources: ["utxo", "balance"]), snapshots: often)
        let b = try second.add(Digest("b", sources: ["utxo", "balance"]), snapshots: often)
        try second.advance()
        let taken = told.taken("a") + told.taken("b")
        #expect(!taken.isEmpty && taken.allSatisfy { $0 > 10 }, "\(taken)")
        #expect(try a.latest().state == b.latest().state)
        for entry in try writer.store.snapshots.entries() {
            let height = try #require(entry.identity?.height)
            let state = try writer.store.snapshots.open(entry).read { try $0.decode(Digest.State.self) }
            #expect(state.events == Int(height + 1) * 3)
        }
        try writer.close()
    }
}

/// Counts how often it was made to apply, load or copy.
private struct Watched: Model {
    final class Counters: Sendable {
        let applied = Monitor(0)
        let loaded = Monitor(0)
    }

    struct State: ModelState, Equatable { var events: [UInt64] = [] }

    let name = "watched"
    let sources = ["utxo"]
    let counters = Counters()

    func makeState() -> State { State() }
    func apply(_ event: borrowing ModelEvent, to state: inout State) throws {
        counters.applied.withLock { $0 += 1 }
        state.events.append(event.chainValue)
    }
    func encode(_ state: State, to output: inout SnapshotOutput) throws { try state.events.encode(to: &output) }
    func decode(from input: inout SnapshotInput) throws -> State {
        counters.loaded.withLock { $0 += 1 }
        return State(events: try [UInt64].decode(from: &input))
    }

    /// How many events were applied and snapshots loaded since this was asked last.
    var work: [Int] {
        [counters.applied, counters.loaded].map { counter in
            counter.withLock { count in
                defer { count = 0 }
                return count
            }
        }
    }
}

@Suite("What is kept in memory of earlier states")
struct KeptStateTests {
    /// Runs `body` at the tip of 120 blocks.
    private func with(
        undoBlocks: Int64,
        _ body: (inout Writer, Projection, Projected<Watched>) throws -> Void
    ) throws {
        var writer = try Writer.open(MemoryStorage(), options: options())
        var settings = ProjectionOptions()
        settings.takesSnapshotsInline = true
        settings.snapshots = SnapshotPolicy(blocks: 50)
        settings.undoBlocks = undoBlocks
        let projection = Projection(writer.store, options: settings)
        let model = try projection.add(Watched())
        for height in stride(from: 0, to: 120, by: 4) as StrideTo<Int64> {
            try writer.append(height...height + 3)
            try projection.advance()
        }
        _ = model.model.work
        try body(&writer, projection, model)
        try writer.close()
    }

    @Test("a reorg of up to 64 blocks applies nothing but what is new, and loads nothing; a deeper one does")
    func shallow() throws {
        try with(undoBlocks: ProjectionOptions().undoBlocks) { writer, projection, model in
            let wanted = try model.state(at: 55).state
            let perBlock = wanted.events.count / 56
            #expect(perBlock > 0)
            try writer.rollback(toHeight: 119 - 64)
            try projection.advance()
            #expect(model.model.work == [0, 0])
            #expect(try model.latest().state == wanted)
            try writer.append(block(56, 1, on: 0), events: events(56, 1))
            try projection.advance()
            #expect(model.model.work == [perBlock, 0])
            try writer.rollback(toHeight: 20)
            try projection.advance()
            #expect(model.model.work == [21 * perBlock, 0])
        }
    }

    @Test("states at heights that were asked for are there the next time, the latest four")
    func cached() throws {
        try with(undoBlocks: 2) { _, _, model in
            let perBlock = try model.state(at: 119).state.events.count / 120
            #expect(model.model.work == [0, 0])
            // The best snapshot below is that of block 50.
            let first = try model.state(at: 60).state
            #expect(model.model.work == [10 * perBlock, 1])
            #expect(try model.state(at: 60).state == first)
            #expect(model.model.work == [0, 0])
            // From what is kept it goes on, rather than from a snapshot below.
            _ = try model.state(at: 62)
            #expect(model.model.work == [2 * perBlock, 0])
            for height in [70, 80, 90] as [Int64] { _ = try model.state(at: height) }
            _ = model.model.work
            #expect(try model.state(at: 60).state == first)
            #expect(model.model.work == [10 * perBlock, 1])
        }
    }
}
