import AshlarTestSupport
import Foundation
import Testing

@testable import Ashlar

/// Random work, failures and power cuts against a model: the main test of the engine.
///
/// `ASHLAR_SEEDS` sets how many seeds are run, `ASHLAR_FIRST_SEED` where they start: to soak, or to run one again.
@Suite("Simulation")
struct SimulationTests {
    static let usualSeeds = 160

    static let seeds: Range<UInt64> = {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["ASHLAR_FIRST_SEED"].flatMap { UInt64($0) } ?? 1
        return first..<first + (environment["ASHLAR_SEEDS"].flatMap { UInt64($0) } ?? UInt64(usualSeeds))
    }()

    @Test(
        "what was durable survives every power cut, and the log, states, consumers and targets are what the model says")
    func simulate() async {
        let (tally, failure) = await Simulation.run(
            Self.seeds, everyCutOf: Self.seeds.prefix(max(24, Self.seeds.count / 20)))
        print(tally)
        if let failure { Issue.record("\(failure)") }
        // A few seeds need not come everywhere.
        guard failure == nil, Self.seeds.count >= Self.usualSeeds else { return }
        #expect(tally.missed.isEmpty)
        #expect(tally.cuts > 1_500)
    }

    @Test("a point that was never passed is named, and one at which the power never went")
    func missed() {
        var tally = SimulationTally()
        #expect(tally.missed.count == SimulatedDisk.Point.allCases.count - 1)
        tally.hits[.append] = SimulatedDisk.Hits()
        tally.hits[.append]?.calls = 1_000
        #expect(tally.missed.contains("append commits: the power never went there"))
        tally.hits[.append]?.cuts = 1
        #expect(!tally.missed.contains { $0.hasPrefix("append commits") })
    }

    @Test(
        "a backup beside it restores to what was durable, whenever the power of either disk goes",
        arguments: backupSeeds)
    func backups(seed: UInt64) throws {
        var simulator = Simulator(seed: seed)
        let harness = BackupHarness(seed: seed)
        simulator.backups = harness
        try simulator.run()
    }

    /// A third of the seeds: each backup is restored and read in full.
    static let backupSeeds = seeds.filter { $0 % 3 == 0 }
}
