import AshlarStorage
import AshlarTestSupport

@testable import Ashlar

/// Projections over the simulator's store, compared with folds of its model's plain arrays.
///
/// A class, because the simulator is a value that only hands it on.
final class StateHarness {
    /// What a state should be.
    struct Wanted: Equatable {
        var counts = StateMap<[UInt8], Int>()
        var digest = Digest.State()
    }

    private var random: SplitMix64
    private var projection: Projection?
    private var counts: Projected<Counts>?
    private var digest: Projected<Digest>?
    private(set) var checks = 0
    /// What the projections told of their snapshots.
    let notices = Monitor<[ProjectionNotice]>([])
    /// Snapshot files that were damaged on purpose.
    private(set) var damaged: Set<String> = []

    init(seed: UInt64) {
        random = SplitMix64(seed: seed ^ 0xA5A5)
    }

    /// Starts anew, as a process does that has just opened the store.
    func open(_ store: Store, on disk: SimulatedDisk) throws(StoreError) {
        try telling {
            // A fault of the disk that was due may strike here: then nothing is damaged.
            // What a pruned log is replayed from is there twice; who damages both has lost it.
            if store.prunedHeight == nil, random.chance(20) { try? damageSnapshot(on: disk) }
            try start(store)
        }
    }

    /// Changes a byte of some snapshot file: it must be left aside, or have been changed where nobody looks.
    private func damageSnapshot(on disk: SimulatedDisk) throws {
        let files = try disk.list().filter { $0.hasSuffix(".snapshot") }.sorted()
        guard !files.isEmpty else { return }
        let name = files[random.below(files.count)]
        let file = try disk.open(name, .readWrite)
        damaged.insert(name)
        let offset = random.below(try file.size())
        guard let byte = try file.read(at: offset, count: 1).first else { return }
        if random.chance(30) {
            try file.truncate(to: offset)
        } else {
            try file.write([byte ^ UInt8(1 << random.below(8))], at: offset)
        }
    }

    /// After an operation: perhaps advances, perhaps compares some states.
    func check(_ model: ModelChain, seed: UInt64) throws(StoreError) {
        random = SplitMix64(seed: seed)
        try telling { try look(model) }
    }

    /// Whether there is something to start from above what would be pruned.
    func canPrune(_ store: Store) throws(StoreError) -> Bool {
        var snapshots = BaseSnapshots(catalog: store.snapshots, view: try store.view(), finalHeight: 0)
        do throws(SnapshotError) {
            return try snapshots.models().isSuperset(of: ["counts", "digest"])
        } catch {
            throw error.asStoreError
        }
    }

    /// Hands on what the store threw; anything else is a failure, told as an argument that no store accepts.
    private func telling(_ body: () throws -> Void) throws(StoreError) {
        do { try body() } catch ProjectionError.store(let error) {
            throw error
        } catch {
            throw .invalidArgument("\(error)")
        }
    }

    private func start(_ store: Store) throws {
        var options = ProjectionOptions()
        options.undoBlocks = Int64([0, 1, 3, 64][random.below(4)])
        options.cachedStates = random.below(4)
        options.takesSnapshotsInline = true
        let codecs = [Compression.none, .lz4, .zlib]
        options.snapshots = SnapshotPolicy(
            blocks: [nil, 1, 3, 10][random.below(4)], logBytes: random.chance(20) ? 2_000 : nil,
            events: random.chance(20) ? 7 : nil, compression: codecs[random.below(3)],
            retention: SnapshotRetention(minKeep: 1 + random.below(5), keepWindow: Int64(random.below(20))))
        options.report = { [notices] notice in notices.withLock { $0.append(notice) } }
        let made = Projection(store, options: options)
        let isLate = random.chance(30)
        digest = try made.add(Digest(sources: Simulator.models))
        if isLate { try made.advance(atMostBlocks: Int64(1 + random.below(8))) }
        counts = try made.add(Counts(sources: Array(Simulator.models.prefix(2))))
        projection = made
    }

    private func look(_ model: ModelChain) throws {
        guard let projection else { return }
        if random.chance(50) { try advance(projection, model) }
        if random.chance(25) { try compareLatest(projection, model) }
        if random.chance(15) { try compareAnywhere(model) }
        if random.chance(5) { takeSnapshots(projection) }
    }

    /// By hand; that a faulty disk keeps it from being taken is told, and harms nothing.
    private func takeSnapshots(_ projection: Projection) {
        try? projection.takeSnapshots()
    }

    private func advance(_ projection: Projection, _ model: ModelChain) throws {
        if random.chance(30) {
            try projection.advance(atMostBlocks: Int64(1 + random.below(5)))
        } else {
            let position = try projection.advance()
            let wanted = StatePosition(
                sequence: model.lastSequence, height: model.tipHeight >= 0 ? model.tipHeight : nil)
            guard position == .reachedTip(wanted) else { throw failure("it advanced to \(position), not \(wanted)") }
        }
        try compareLatest(projection, model)
    }

    private func compareLatest(_ projection: Projection, _ model: ModelChain) throws {
        guard let position = projection.position, let digest, let counts else { return }
        let wanted = Self.fold(model, asOf: position.sequence, upTo: position.height ?? -1)
        let found = Wanted(counts: try counts.latest().state, digest: try digest.latest().state)
        try compare(found, wanted, "the latest state at \(position)")
        let reader = try projection.reader()
        let read = Wanted(counts: try reader.state(of: counts).state, digest: try reader.state(of: digest).state)
        try compare(read, wanted, "the reader's state at \(position)")
    }

    /// Any height of the chain as of any sequence.
    private func compareAnywhere(_ model: ModelChain) throws {
        guard let digest, model.lastSequence > 0 else { return }
        let first = max(model.pruned, 1)
        let sequence =
            random.chance(40) ? nil : first + UInt64(random.below(Int(model.lastSequence - first) + 1))
        let chain = model.commits[Int(sequence ?? model.lastSequence) - 1].after.blocks
        let tip = chain.last.flatMap { model.block($0)?.height } ?? -1
        let height = Int64(random.below(Int(tip) + 2)) - 1
        let wanted = Self.fold(model, asOf: sequence ?? model.lastSequence, upTo: height)
        guard let found = try state(at: height, asOf: sequence, model) else { return }
        try compare(found, wanted, "the state at height \(height) as of \(sequence.map { "\($0)" } ?? "now")")
        if let sequence, random.chance(30) {
            let atTip = Self.fold(model, asOf: sequence, upTo: tip)
            guard try digest.state(asOf: sequence).state == atTip.digest else {
                throw failure("the state as of \(sequence) is wrong")
            }
        }
    }

    /// The states at a height; nil if the log below what is left to start from was pruned, and that is said.
    private func state(at height: Int64, asOf sequence: UInt64?, _ model: ModelChain) throws -> Wanted? {
        guard let digest, let counts else { return nil }
        do throws(ProjectionError) {
            return Wanted(
                counts: try counts.state(at: height, asOf: sequence).state,
                digest: try digest.state(at: height, asOf: sequence).state)
        } catch {
            guard case .notKept(_, _, let from) = error, model.pruned > 0, from ?? .max > height else { throw error }
            return nil
        }
    }

    private func compare(_ found: Wanted, _ wanted: Wanted, _ what: String) throws {
        checks += 1
        guard found == wanted else {
            throw failure(
                "\(what) is \(found.digest) with \(found.counts.count) counts, not \(wanted.digest) with \(wanted.counts.count)"
            )
        }
    }

    /// What a state is and should not be.
    private struct Mismatch: Error, CustomStringConvertible {
        let description: String
    }

    private func failure(_ what: String) -> Mismatch { Mismatch(description: what) }

    /// Folds the model's blocks, the slow and plain way.
    static func fold(_ model: ModelChain, asOf sequence: UInt64, upTo height: Int64) -> Wanted {
        var wanted = Wanted()
        guard sequence > 0 else { return wanted }
        for block in model.commits[Int(sequence) - 1].after.blocks {
            guard let blockHeight = model.block(block)?.height, blockHeight <= height else { break }
            for event in model.events(block) where Simulator.models.contains(event.model) {
                wanted.digest.take(Array(event.model.utf8) + Array(event.type.utf8) + event.payload)
                if Simulator.models.prefix(2).contains(event.model) {
                    Counts.count(Array(event.type.utf8), event.payload, &wanted.counts)
                }
            }
        }
        return wanted
    }
}
