import AshlarStorage
import AshlarTestSupport

@testable import Ashlar
@testable import AshlarFormat

/// Runs a store and a model side by side through random operations, failures and power cuts.
///
/// Everything follows from the script, and that from a seed. What an operation does is decided by the model alone; the store must come to the same.
struct Simulator {
    /// What went wrong; its text tells how to run it again.
    struct Failure: Error, CustomStringConvertible {
        var seed: UInt64
        var round: Int
        var what: String
        var description: String { "seed \(seed), round \(round): \(what)" }
    }

    /// How a round ends.
    enum Ending: String, CaseIterable {
        case close, powerCut, powerCutAtPoint, powerCutLater, failedSync, failedWrite, noSpace, failedCall
    }

    let script: SimulationScript
    var random: SplitMix64
    var disk: SimulatedDisk
    var model: ModelChain
    let wanted: WriterOptions
    /// How many of 100 blocks have a mark, and how many of 100 events a large payload.
    let (markPercent, largePercent): (Int, Int)
    /// The highest sequence that the store called durable, or that a reader of the durable part saw.
    var acknowledged: UInt64 = 0
    var storeID: StoreID?
    /// Up to where a prune was begun that may or may not have come into force.
    var beginningPrune: UInt64?
    /// Whether it prunes at all: what is derived from a log, or compared with it as a whole, needs all of it.
    var mayPrune = true
    /// How often the log was pruned.
    var prunes = 0
    var round = 0
    /// Projections to be run beside, if wanted. They draw from a generator of their own.
    var states: StateHarness?
    /// Backups to be made beside, if wanted. They draw from a generator of their own, too.
    var backups: BackupHarness?
    /// Consumers and cursors to be looked at beside, if wanted.
    var consumers: ConsumerHarness?
    /// A database to be filled beside, if wanted.
    var exports: ExportHarness?
    var tally = SimulationTally()
    /// How many changes of the disk each round made.
    private(set) var changes: [Int] = []
    /// What was done, line by line, if somebody wants to read it.
    var trace: Trace?

    var seed: UInt64 { script.seed }

    init(seed: UInt64) { self.init(SimulationScript(seed: seed)) }

    /// A simulation of an engine that has a bug, if one is given.
    init(_ script: SimulationScript, bug: SeededBug? = nil) {
        self.script = script
        random = SplitMix64(seed: script.seed)
        disk = SimulatedDisk(seed: random.next(), seededBug: bug?.rawValue)
        markPercent = [2, 20, 20][random.below(3)]
        largePercent = [8, 8, 40][random.below(3)]
        let depth = Int64(random.chance(30) ? 1 : 4 + random.below(30))
        model = ModelChain(finalityDepth: depth)
        let sizes = [4_096, 4_096, 8_192, 16_384, 65_536]
        let codecs = [Compression.none, .none, .lz4, .zlib]
        // A sync with every block runs on a thread of its own; a sync after each append keeps the order of calls the same.
        wanted = options(
            segmentBytes: sizes[random.below(5)], durability: random.chance(15) ? .everyBlock : .manual,
            finalityDepth: depth, compression: codecs[random.below(4)])
    }

    /// Runs the rounds of the script: open, operate until the round's end, look at what is left.
    mutating func run() throws {
        tally.runs = 1
        defer {
            tally.hits = disk.record.hits
            tally.cuts = disk.record.cuts
        }
        for (number, plan) in script.rounds.enumerated() {
            round = number
            note("round \(number): \(plan.cut.map { "power cut at change \($0)" } ?? plan.ending.rawValue)")
            try live(plan)
        }
        round = script.rounds.count
        disk.clearFaults()
        try verify("at the end")
        try verifyRot()
        try backups?.finish(disk)
    }

    func fail(_ what: String) -> Failure { Failure(seed: seed, round: round, what: what) }

    /// Lines that tell what was done.
    final class Trace {
        private(set) var lines: [String] = []

        func add(_ line: String) { lines.append(line) }
    }

    /// Adds a line to the trace.
    func note(_ line: @autoclosure () -> String) {
        if let trace { trace.add(line()) }
    }

    /// Sets the fault that ends the round.
    private mutating func arm(_ plan: SimulationScript.Round) {
        if plan.cut != nil { return }
        switch plan.ending {
        case .close, .powerCutLater: break
        case .powerCut:
            let change = 1 + random.below(60)
            disk.cutPower(atChange: change)
            note("  the power is to go at change \(change) from here")
        case .powerCutAtPoint:
            let points = SimulatedDisk.Point.allCases.filter { $0.isChange && $0 != .otherChange }
            // In turn, so that each is come to.
            let index = (Int(script.seed % 1_000) * script.rounds.count + round) % points.count
            // Zeros are written ahead only where every block is synced.
            let wantsZeros = wanted.durability == .everyBlock && random.chance(40)
            let (point, passes) = (wantsZeros ? .writeZeros : points[index], random.below(3))
            disk.cutPower(at: point, after: passes)
            note("  the power is to go at: \(point.rawValue), after \(passes) more")
        case .failedSync: fail(random.chance(80) ? .sync : .syncDirectory, skipping: random.below(8))
        case .failedWrite: fail(.write, skipping: random.below(25))
        case .noSpace: disk.limit(toBytes: disk.usedBytes + random.below(30_000))
        case .failedCall:
            let calls: [SimulatedDisk.Operation] = [.read, .open, .size, .list, .create, .truncate, .remove, .rename]
            let call = calls[random.below(calls.count)]
            fail(call, skipping: random.below(call == .read || call == .open ? 40 : 6))
        }
    }

    private func fail(_ call: SimulatedDisk.Operation, skipping: Int) {
        disk.fail(call, skipping: skipping)
        note("  a call is to fail: \(call.rawValue), after \(skipping) more")
    }

    /// One life of a process: opens the store, works, and goes.
    private mutating func live(_ plan: SimulationScript.Round) throws {
        try verify("before opening")
        random = SplitMix64(seed: plan.seed)
        if let cut = plan.cut { disk.cutPower(atChange: cut) }
        if plan.isArmedEarly { arm(plan) }
        let (strikes, changesBefore) = (disk.strikes, disk.changes)
        do throws(StoreError) {
            var writer = try Writer.open(disk, options: wanted)
            try begin(writer)
            arm(plan)
            for seed in plan.steps { try work(&writer, seed: seed) }
            random = SplitMix64(seed: plan.seed &+ 1)
            if plan.ending == .close || random.chance(20) {
                note("close")
                try writer.close()
                acknowledged = model.lastSequence
            } else if plan.ending == .powerCutLater {
                // The process is still there when the power goes.
                disk = disk.powerCut(seed: random.next())
                note("power cut, durable up to \(acknowledged)")
            }
        } catch {
            note("failed: \(error)\(disk.record.last.map { ", last call: \($0.rawValue)" } ?? "")")
            guard Self.isExpected(error), disk.isDead || disk.strikes > strikes else { throw fail("\(error)") }
        }
        changes.append(disk.changes - changesBefore)
        random = SplitMix64(seed: plan.seed &+ 2)
        if disk.isDead || random.chance(30) {
            disk = disk.powerCut(seed: random.next())
            note("power cut, durable up to \(acknowledged)")
        } else {
            disk.clearFaults()
        }
    }

    /// Whether this is what an injected fault looks like.
    private static func isExpected(_ error: StoreError) -> Bool {
        switch error {
        case .inputOutput, .poisoned: true
        default: false
        }
    }

    /// What must be so right after opening.
    private mutating func begin(_ writer: borrowing Writer) throws(StoreError) {
        storeID = writer.store.core.storeID
        guard writer.sequence == model.lastSequence else {
            throw .invalidArgument("the writer has \(writer.sequence) commits, the log \(model.lastSequence)")
        }
        acknowledged = max(acknowledged, writer.durableSequence)
        try states?.open(writer.store, on: disk)
        try consumers?.open(writer.store, model)
        try exports?.open(model)
    }

    /// One random operation, and what is done and looked at beside.
    private mutating func work(_ writer: inout Writer, seed: UInt64) throws(StoreError) {
        random = SplitMix64(seed: seed)
        let before = model.commits.count
        try step(&writer)
        guard writer.sequence == model.lastSequence else {
            throw .invalidArgument("the store is at \(writer.sequence), the model at \(model.lastSequence)")
        }
        for index in before..<max(before, model.commits.count) {
            model.commits[index].chainValue = try writer.store.chainValue(ofSequence: UInt64(index) + 1)
        }
        if wanted.durability == .everyBlock || random.chance(12) {
            try writer.sync()
            acknowledged = model.lastSequence
            note("sync: \(acknowledged) is durable")
        }
        acknowledged = max(acknowledged, writer.durableSequence)
        if random.chance(4) { try readDurable() }
        try states?.check(model, seed: random.next())
        try backups?.step(disk)
        try consumers?.check(writer.store, model, durable: acknowledged, &random)
        try exports?.check(writer.store, model, durable: acknowledged, &random)
    }
}
