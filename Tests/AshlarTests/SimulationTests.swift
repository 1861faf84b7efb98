import AshlarTestSupport
import Foundation
import Testing

@testable import Ashlar

/// Random work, failures and power cuts against a model: the main test of the engine.
///
/// `ASHLAR_SEEDS` sets how many seeds are run, `ASHLAR_FIRST_SEED` where they start: to soak, or to run one again.
@Suite("Simulation")
struct SimulationTests {
    static let seeds: Range<UInt64> = {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["ASHLAR_FIRST_SEED"].flatMap { UInt64($0) } ?? 1
        return first..<first + (environment["ASHLAR_SEEDS"].flatMap { UInt64($0) } ?? 150)
    }()

    @Test("what was durable survives every power cut, and the log is what was appended", arguments: seeds)
    func simulate(seed: UInt64) throws {
        var simulator = Simulator(seed: seed)
        try simulator.run()
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
