import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

/// Removing the oldest segments, and what the store says of what is gone.
@Suite("Pruning")
struct PruneTests {
    /// A store of 60 blocks in small segments, of which those up to 56 are final; nobody folds its models.
    private static func disk(
        seed: UInt64 = 1, _ more: (inout Writer) throws(StoreError) -> Void = { (_) throws(StoreError) in }
    ) throws(StoreError) -> SimulatedDisk {
        try SimulatedDisk.store(options(segmentBytes: 4_096, finalityDepth: 4), seed: seed) {
            (writer) throws(StoreError) in
            try writer.append(0...60)
            try more(&writer)
        }
    }

    private static func writer(_ disk: any Storage) throws(StoreError) -> Writer {
        try Writer.open(disk, options: options(segmentBytes: 4_096, finalityDepth: 4))
    }

    private static func asked(below height: Int64) -> PruneOptions {
        var options = PruneOptions(belowHeight: height)
        options.modelsWithoutState = ["utxo", "balance"]
        return options
    }

    private static func summary(_ outcome: PruneOutcome) -> PruneSummary? {
        if case .pruned(let summary) = outcome { summary } else { nil }
    }

    @Test("whole segments below the height go; what is left reads as before, also after opening again")
    func prunes() throws {
        let disk = try Self.disk()
        let before = try LogContents(disk)
        let files = disk.segments
        var writer = try Self.writer(disk)
        let done = try #require(Self.summary(try writer.prune(Self.asked(below: 30))))
        #expect(done.height < 30 && done.height > 20)
        #expect(done.segments > 3 && done.obstacles.isEmpty)
        #expect(disk.segments.first == files[done.segments])
        #expect(writer.store.firstSequence == done.sequence + 1)
        #expect(writer.store.prunedHeight == done.height)
        let present = try writer.store.view().events(EventQuery())
        #expect(present.count == Int(60 - done.height) * 3)
        try writer.close()

        let after = try LogContents(disk)
        #expect(after.base.sequence == done.sequence)
        #expect(Array(before.commits.dropFirst(Int(done.sequence))) == Array(after.commits.dropLast()))
        #expect(after.canonical == before.canonical.filter { $0.height > done.height })
        #expect(after.versions == before.versions)
        #expect(after.state.canonicalBlocks == 61)
        let report = try StoreVerification.run(disk)
        #expect(report.isSound && report.notices.isEmpty)
    }

    @Test("what is gone is said to be pruned, and never an empty result")
    func saysSo() throws {
        let disk = try Self.disk()
        var writer = try Self.writer(disk)
        let done = try #require(Self.summary(try writer.prune(Self.asked(below: 30))))
        let gone = StoreError.pruned(sequence: done.sequence, height: done.height)
        let store = writer.store
        let view = try store.view()
        #expect(view.firstHeight == done.height + 1)
        #expect(try view.block(height: done.height + 1) != nil)
        #expect(failure { () throws(StoreError) in _ = try view.block(height: done.height) } == gone)
        #expect(failure { () throws(StoreError) in _ = try view.events(height: 0) } == gone)
        #expect(failure { () throws(StoreError) in _ = try store.view(asOf: done.sequence - 1) } == gone)
        #expect(failure { () throws(StoreError) in _ = try store.cursor(at: .start) } == gone)
        #expect(failure { () throws(StoreError) in _ = try store.follow() } == gone)
        #expect(failure { () throws(StoreError) in try writer.rollback(toHeight: 3, belowFinality: true) } == gone)
        #expect(failure { () throws(StoreError) in try writer.append(block(7), events: events(7)) } == gone)
        for scope in [EventQuery.Scope.canonical, .canonicalAndFloating, .log] {
            var query = EventQuery()
            query.scope = scope
            query.heights = 10...50
            #expect(failure { () throws(StoreError) in _ = try view.events(query) } == gone)
            query.heights = nil
            query.sequences = 1...50
            #expect(failure { () throws(StoreError) in _ = try view.events(query) } == gone)
        }
        #expect(view.blocks(0...60).map { try? $0.get() } == [nil])
        #expect(view.blocks().map { try? $0.get().block.height } == ((done.height + 1)...60).map { $0 })
        #expect(store.commits(5...6).map { try? $0.get() } == [nil])
        let asOf = try store.view(asOf: done.sequence)
        #expect(asOf.tipHeight == done.height)
        #expect(failure { () throws(StoreError) in _ = try asOf.tip() } == gone)
    }

    @Test("following begins where the log does only if asked to")
    func follows() throws {
        let disk = try Self.disk()
        var writer = try Self.writer(disk)
        let early = try writer.store.cursor(at: .sequence(5))
        let done = try #require(Self.summary(try writer.prune(Self.asked(below: 30))))
        let gone = StoreError.pruned(sequence: done.sequence, height: done.height)
        #expect(failure { () throws(StoreError) in _ = try writer.store.follow(from: early) } == gone)
        let oldest = try writer.store.cursor(at: .oldest)
        #expect(oldest.sequence == done.sequence)
        var subscription = SubscriptionOptions()
        subscription.stopsAtEnd = true
        var follower = try writer.store.follow(from: oldest, options: subscription)
        var heights: [Int64] = []
        while let batch = try follower.next() {
            for step in batch.steps {
                if case .applied(let applied) = step.content { heights.append(applied.block.block.height) }
            }
        }
        #expect(heights == Array(done.height + 1...60))
    }

    @Test("a view from before expires where its ground is gone, and a reader of another process finds its way")
    func readersGoOn() throws {
        let disk = try Self.disk()
        let reader = try Store.open(disk)
        let old = try reader.view()
        var writer = try Self.writer(disk)
        let inside = try writer.store.view()
        var walking = try inside.cursor()
        #expect(try walking.next())
        let done = try #require(Self.summary(try writer.prune(Self.asked(below: 30))))
        #expect(failure { () throws(StoreError) in _ = try inside.block(height: 3) } == .viewExpired)
        #expect(failure { () throws(StoreError) in _ = try inside.events() } == .viewExpired)
        #expect(try inside.block(height: 40)?.block == block(40))
        #expect(failure { () throws(StoreError) in while try walking.next() {} } == .viewExpired)
        // The other process has not looked since: its files are gone.
        #expect(failure { () throws(StoreError) in _ = try old.events() } == .viewExpired)
        try writer.append(61...70)
        try writer.sync()
        #expect(try reader.refresh())
        #expect(reader.prunedHeight == done.height)
        #expect(try reader.view().events().count == Int(70 - done.height) * 3)
        #expect(failure { () throws(StoreError) in _ = try old.block(height: 3) } == .viewExpired)
    }

    @Test("what is not final, consumers, missing snapshots and later undoing hold it back, and are named")
    func holdsBack() throws {
        let disk = try Self.disk()
        var writer = try Self.writer(disk)
        #expect(failure { () throws(StoreError) in _ = try writer.prune(Self.asked(below: -1)) } != nil)
        #expect(try writer.prune(Self.asked(below: 0)) == .nothing([]))
        #expect(
            try writer.prune(PruneOptions(belowHeight: 30))
                == .nothing([
                    .noSnapshot(model: "balance"), .noSnapshot(model: "utxo"),
                ]))
        let place = try writer.store.cursor(at: .sequence(12))
        try writer.store.consumer("slow").ack(place)
        var dry = Self.asked(below: 100)
        dry.isDryRun = true
        let held = try #require(Self.summary(try writer.prune(dry)))
        #expect(held.sequence <= 12)
        #expect(held.obstacles == [.notFinal(finalHeight: 56), .consumer(name: "slow", sequence: 12)])
        dry.ignoredConsumers = ["slow"]
        let free = try #require(Self.summary(try writer.prune(dry)))
        #expect(free.height > 40 && free.height <= 56)
        #expect(writer.store.firstSequence == 1)
        // A rollback below finality that undoes blocks: nothing at or above its height can go now.
        try writer.rollback(toHeight: 20, belowFinality: true)
        try writer.append(block(21, 1, on: 0))
        let cut = try #require(Self.summary(try writer.prune(dry)))
        #expect(cut.height <= 20)
    }

    @Test("names and versions that only the removed part held live on, and so does the last mark")
    func keepsNames() throws {
        let disk = SimulatedDisk(seed: 3)
        var writer = try Self.writer(disk)
        var first = block(0)
        first.mark = [1, 2, 3]
        let rare = Event(model: "rare", type: "Once", payload: [1])
        try writer.append(first, events: [rare, rare])
        try writer.append(1...60)
        var asked = Self.asked(below: 30)
        asked.modelsWithoutState.insert("rare")
        _ = try #require(Self.summary(try writer.prune(asked)))
        try writer.close()
        writer = try Self.writer(disk)
        #expect(writer.store.names.models.contains("rare"))
        #expect(try writer.store.lastMark()?.mark == [1, 2, 3])
        try writer.append(block(61), events: [rare])
        #expect(try writer.store.view().events(height: 61)?.map(\.version) == [3])
    }

    @Test("rolling back to what was pruned leaves its tip, and the chain goes on from there")
    func rollsBackToBase() throws {
        let disk = try Self.disk()
        var writer = try Self.writer(disk)
        let done = try #require(Self.summary(try writer.prune(Self.asked(below: 50))))
        try writer.rollback(toHeight: done.height, belowFinality: true)
        #expect(writer.state.tipHeight == done.height && writer.state.tipHash == blockHash(done.height))
        #expect(try writer.store.view().tipHeight == done.height)
        #expect(try writer.store.statistics().tip == nil)
        let outcome = try writer.append(block(done.height + 1, 1, on: 0), events: events(1))
        #expect(outcome == .extended(sequence: writer.sequence))
        try writer.adopt(branch: [.new(block(done.height + 1, 2, on: 0), events(2))], belowFinality: true)
        try writer.close()
        let contents = try LogContents(disk)
        #expect(contents.heights == [done.height + 1])
        #expect(contents.hashes == [blockHash(done.height + 1, 2)])
        #expect(contents.state.canonicalBlocks == UInt64(done.height + 2))
    }

    @Test(
        "a power cut at any change leaves the log pruned or not, and the files of what was pruned go when it is next opened"
    )
    func survivesPowerCuts() throws {
        var outcomes: Set<Bool> = []
        for cut in 1...60 {
            let disk = try Self.disk(seed: UInt64(cut))
            let before = try LogContents(disk)
            var writer = try Self.writer(disk)
            disk.cutPower(atChange: cut)
            let isDone = failure { () throws(StoreError) in _ = try writer.prune(Self.asked(below: 30)) } == nil
            _ = closing(writer)
            let left = disk.powerCut(seed: UInt64(cut))
            let after = try LogContents(left)
            let isPruned = after.base.sequence > 0
            outcomes.insert(isPruned)
            #expect(!isDone || isPruned)
            let kept = before.commits.dropFirst(Int(after.base.sequence))
            #expect(Array(after.commits.prefix(kept.count)) == Array(kept))
            try Self.writer(left).close()
            let first = try #require(left.segments.first.flatMap { SegmentName(fileName: $0) })
            #expect((first.number > 1) == isPruned)
            #expect(try LogContents(left).commits.starts(with: after.commits))
            if isDone { break }
        }
        #expect(outcomes == [true, false])
    }

    @Test("a segment that is missing without a prune is damage, below a prune it is none")
    func missingSegments() throws {
        let disk = try Self.disk()
        let all = disk.segments
        try disk.remove(all[0])
        guard case .corrupt(let damage) = failure({ () throws(StoreError) in _ = try LogContents(disk) }) else {
            Issue.record("it was opened")
            return
        }
        #expect(damage.file == all[0] && damage.offset == 0)

        let other = try Self.disk()
        var writer = try Self.writer(other)
        _ = try writer.prune(Self.asked(below: 30))
        try writer.close()
        let kept = other.segments
        try other.remove(kept[0])
        guard case .corrupt(let lost) = failure({ () throws(StoreError) in _ = try LogContents(other) }) else {
            Issue.record("it was opened")
            return
        }
        #expect(lost.file == kept[0] && lost.offset == 0)
    }
}
