import AshlarStorage
import AshlarTestSupport

@testable import Ashlar
@testable import AshlarFormat

/// Runs a store and a model side by side through random operations, failures and power cuts.
///
/// Everything follows from the seed. What an operation does is decided by the model alone; the store must come to the same.
struct Simulator {
    /// What went wrong; its text tells how to run it again.
    struct Failure: Error, CustomStringConvertible {
        var seed: UInt64
        var round: Int
        var what: String
        var description: String { "seed \(seed), round \(round): \(what)" }
    }

    /// How a round ends.
    enum Ending: CaseIterable {
        case close, powerCut, powerCutLater, failedSync, failedWrite, noSpace
    }

    let seed: UInt64
    var random: SplitMix64
    var disk: SimulatedDisk
    var model: ModelChain
    let wanted: WriterOptions
    /// The highest sequence that the store called durable.
    var acknowledged: UInt64 = 0
    var storeID: StoreID?
    /// Up to where a prune was begun that may or may not have come into force.
    var beginningPrune: UInt64?
    /// Whether it prunes at all: what is derived from a log, or compared with it as a whole, needs all of it.
    var mayPrune = true
    /// How often the log was pruned.
    var prunes = 0
    var round = 0
    var nextBranch: UInt8 = 1
    /// Projections to be run beside, if wanted. They draw from a generator of their own.
    var states: StateHarness?
    /// Backups to be made beside, if wanted. They draw from a generator of their own, too.
    var backups: BackupHarness?

    init(seed: UInt64) {
        self.seed = seed
        random = SplitMix64(seed: seed)
        disk = SimulatedDisk(seed: random.next())
        let depth = Int64(4 + random.below(30))
        model = ModelChain(finalityDepth: depth)
        let sizes = [4_096, 8_192, 16_384, 65_536]
        let codecs = [Compression.none, .lz4, .zlib]
        // A sync with every block runs on a thread of its own; a sync after each append keeps the order of calls the same.
        wanted = options(
            segmentBytes: sizes[random.below(4)], durability: random.chance(15) ? .everyBlock : .manual,
            finalityDepth: depth, compression: codecs[random.below(3)])
    }

    /// Runs some rounds: open, operate until the round's end, look at what is left.
    mutating func run(rounds: Int = 4) throws {
        for number in 0..<rounds {
            round = number
            let ending = Ending.allCases[random.below(Ending.allCases.count)]
            if random.chance(30) { arm(ending) }
            guard try open(arming: ending) else { continue }
        }
        round = rounds
        disk.clearFaults()
        try verify("at the end")
        try backups?.finish(disk)
    }

    func fail(_ what: String) -> Failure { Failure(seed: seed, round: round, what: what) }

    /// Sets the fault that ends the round.
    private mutating func arm(_ ending: Ending) {
        switch ending {
        case .close, .powerCutLater: break
        case .powerCut: disk.cutPower(atChange: 1 + random.below(60))
        case .failedSync: disk.fail(random.chance(80) ? .sync : .syncDirectory, skipping: random.below(8))
        case .failedWrite: disk.fail(.write, skipping: random.below(25))
        case .noSpace: disk.limit(toBytes: disk.usedBytes + random.below(30_000))
        }
    }

    /// One life of a process: opens the store, works, and goes.
    private mutating func open(arming ending: Ending) throws -> Bool {
        try verify("before opening")
        do throws(StoreError) {
            var writer = try Writer.open(disk, options: wanted)
            storeID = writer.store.core.storeID
            guard writer.sequence == model.lastSequence else {
                throw .invalidArgument("the writer has \(writer.sequence) commits, the log \(model.lastSequence)")
            }
            acknowledged = max(acknowledged, writer.durableSequence)
            try states?.open(writer.store, on: disk)
            arm(ending)
            try work(&writer)
            if ending == .close || random.chance(20) {
                try writer.close()
                acknowledged = model.lastSequence
            } else if ending == .powerCutLater {
                // The process is still there when the power goes.
                disk = disk.powerCut(seed: random.next())
            }
        } catch {
            guard Self.isExpected(error) else { throw fail("\(error)") }
        }
        if disk.isDead || random.chance(30) {
            disk = disk.powerCut(seed: random.next())
        } else {
            disk.clearFaults()
        }
        return true
    }

    /// Whether this is what an injected fault looks like.
    private static func isExpected(_ error: StoreError) -> Bool {
        switch error {
        case .inputOutput, .poisoned: true
        default: false
        }
    }

    /// Random operations, until one fails or enough is done.
    private mutating func work(_ writer: inout Writer) throws(StoreError) {
        for _ in 0..<5 + random.below(60) {
            let before = model.commits.count
            try step(&writer)
            guard writer.sequence == model.lastSequence else {
                throw .invalidArgument("the store is at \(writer.sequence), the model at \(model.lastSequence)")
            }
            if model.commits.count > before { model.commits[model.commits.count - 1].chainValue = writer.chainValue }
            if wanted.durability == .everyBlock || random.chance(12) {
                try writer.sync()
                acknowledged = model.lastSequence
            }
            acknowledged = max(acknowledged, writer.durableSequence)
            try states?.check(model)
            try backups?.step(disk)
        }
    }
}
