import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

/// States of a pruned log: told from the base snapshots on, which are guarded.
@Suite("States of a pruned log")
struct PruneStateTests {
    private static let rules = options(segmentBytes: 4_096, finalityDepth: 4)

    private static func projecting(_ store: Store, everyBlocks blocks: Int64?) throws -> (Projection, Projected<Notes>)
    {
        var quiet = ProjectionOptions()
        quiet.takesSnapshotsInline = true
        quiet.snapshots = SnapshotPolicy(blocks: blocks, retention: SnapshotRetention(minKeep: 2, keepWindow: 40))
        let projection = Projection(store, options: quiet)
        return (projection, try projection.add(Notes()))
    }

    /// A store of 61 blocks with a snapshot every 10.
    private static func disk() throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 5)
        var writer = try Writer.open(disk, options: rules)
        let (projection, _) = try projecting(writer.store, everyBlocks: 10)
        for height in 0...60 as ClosedRange<Int64> {
            try writer.append(height...height)
            try projection.advance()
        }
        try writer.close()
        return disk
    }

    private static func prune(_ writer: inout Writer, below height: Int64 = 30) throws -> PruneSummary {
        var asked = PruneOptions(belowHeight: height)
        // The events are of these models; their fold is another one.
        asked.modelsWithoutState = ["utxo", "balance"]
        guard case .pruned(let summary) = try writer.prune(asked) else { throw StoreError.invalidArgument("kept") }
        return summary
    }

    private static func snapshots(_ disk: SimulatedDisk) -> [String] {
        disk.fileNames.filter { $0.hasSuffix(".snapshot") }.sorted()
    }

    @Test(
        "are told from the base on, also after a restart and by a process that only reads; below it is said from where")
    func toldFromBase() throws {
        let disk = try Self.disk()
        var writer = try Writer.open(disk, options: Self.rules)
        let (old, notes) = try Self.projecting(writer.store, everyBlocks: nil)
        try old.advance()
        let before = try notes.state(at: 45).state.notes
        let summary = try Self.prune(&writer)
        let base = try #require(summary.bases["notes"])
        #expect(base >= summary.height && base <= 40)
        // The projection that was there goes on.
        try writer.append(61...62)
        try old.advance()
        #expect(try notes.latest().state.notes.count == 63 * 3)
        try writer.close()
        try Self.compare(try Store.open(disk), base, before)
        writer = try Writer.open(disk, options: Self.rules)
        try Self.compare(writer.store, base, before)
    }

    /// What a projection that starts on this store tells.
    private static func compare(_ store: Store, _ base: Int64, _ before: [String]) throws {
        let (projection, notes) = try projecting(store, everyBlocks: nil)
        try projection.advance()
        #expect(try notes.latest().state.notes.count == 63 * 3)
        #expect(try notes.state(at: 45).state.notes == before)
        #expect(answerableFrom { _ = try notes.state(at: base - 1) } == .some(base))
    }

    /// From where on a state can be told; nil if `body` was answered.
    private static func answerableFrom(_ body: () throws -> Void) -> Int64?? {
        do {
            try body()
            return nil
        } catch {
            guard let error = error as? ProjectionError, case .notKept(_, _, let from) = error else { return nil }
            return .some(from)
        }
    }

    @Test("the base is kept twice, one copy is enough, and neither retention nor removal by height takes it")
    func keptTwice() throws {
        let disk = try Self.disk()
        var writer = try Writer.open(disk, options: Self.rules)
        let summary = try Self.prune(&writer)
        let base = try #require(summary.bases["notes"])
        let files = Self.snapshots(disk).filter { SnapshotName.height(of: $0) == base }
        #expect(files.count == 2)
        #expect(Self.snapshots(disk).allSatisfy { SnapshotName.height(of: $0) >= base })
        let kept = Self.snapshots(disk).count
        let tight = SnapshotRetention(minKeep: 1, keepWindow: 0)
        #expect(try writer.store.snapshots.retire(by: tight, in: writer.store.view()).count == kept - 3)
        #expect(try writer.store.removeSnapshots(heights: 0...1_000) == 1)
        #expect(Self.snapshots(disk) == files)
        try writer.close()

        let file = try disk.open(files[0], .readWrite)
        try file.write([0xFF, 0xFF, 0xFF], at: 600)
        let (projection, notes) = try Self.projecting(try Store.open(disk), everyBlocks: nil)
        try projection.advance()
        #expect(try notes.latest().state.notes.count == 61 * 3)
        // The next prune finds that one is not whole and makes the base of then whole, twice.
        writer = try Writer.open(disk, options: Self.rules)
        #expect(throws: StoreError.self) { _ = try Self.prune(&writer, below: 58) }
        let (again, _) = try Self.projecting(writer.store, everyBlocks: nil)
        try again.advance()
        try again.takeSnapshots()
        try writer.append(61...70)
        let next = try Self.prune(&writer, below: 58)
        #expect(next.bases["notes"] == 60)
        #expect(Self.snapshots(disk).count == 2)
    }

    @Test("without a whole snapshot above, or with one that a reorganisation could make void, nothing goes")
    func needsSnapshot() throws {
        let disk = try Self.disk()
        for name in Self.snapshots(disk) where SnapshotName.height(of: name) < 60 {
            let file = try disk.open(name, .readWrite)
            try file.write([0xFF, 0xFF, 0xFF], at: 600)
        }
        var writer = try Writer.open(disk, options: Self.rules)
        var asked = PruneOptions(belowHeight: 30)
        asked.modelsWithoutState = ["utxo", "balance"]
        // There is a snapshot at 60, but only blocks up to 56 are final.
        #expect(try writer.prune(asked) == .nothing([.noSnapshot(model: "notes")]))
        try writer.append(61...70)
        #expect(try Self.prune(&writer).bases["notes"] == 60)
    }

    @Test("a model whose events all came later needs no snapshot; one that needs what is gone is told so")
    func newModels() throws {
        let disk = try Self.disk()
        var writer = try Writer.open(disk, options: Self.rules)
        _ = try Self.prune(&writer)
        try writer.append(block(61), events: [Event(model: "fresh", type: "A", payload: [1])])
        let projection = Projection(writer.store)
        let fresh = try projection.add(Digest("fresh digest", sources: ["fresh"]))
        try projection.advance()
        #expect(try fresh.latest().state.events == 1)
        let other = Projection(writer.store)
        _ = try other.add(Digest("late digest", sources: ["utxo"]))
        #expect(Self.answerableFrom { try other.advance() } == .some(nil))
    }
}

extension SnapshotName {
    /// The height that the file name of a snapshot, or of its copy, tells.
    fileprivate static func height(of fileName: String) -> Int64 {
        SnapshotName(fileName: fileName.replacing("-copy", with: ""))?.height ?? -1
    }
}
