import AshlarTestSupport
import Testing

@testable import Ashlar

/// Random chains with reorgs, adopted branches, floating batches, faults, restarts and damaged snapshots: every state must be what a plain fold gives.
///
/// `ASHLAR_SEEDS` and `ASHLAR_FIRST_SEED` work as for the simulation of the engine.
@Suite("State simulation")
struct StateSimulationTests {
    static var seeds: Range<UInt64> { SimulationTests.seeds }

    @Test("the state at every height and as of every sequence is the fold of the blocks below", arguments: seeds)
    func simulate(seed: UInt64) throws {
        var simulator = Simulator(seed: seed)
        let harness = StateHarness(seed: seed)
        simulator.states = harness
        try simulator.run()
    }
}
