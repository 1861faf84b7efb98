import AshlarStorage
import AshlarTestSupport
import Foundation
import Synchronization

@testable import Ashlar

/// Simulations with everything that can be run beside the store, one by one or many at a time.
enum Simulation {
    /// What came of one.
    struct Outcome: Sendable {
        var failure: Simulator.Failure?
        var tally: SimulationTally
        var trace: [String]
        /// How many changes of the disk each round made.
        var changes: [Int]
    }

    /// Runs a script: consumers always, states, exports and backups with some seeds.
    static func run(_ script: SimulationScript, bug: SeededBug? = nil, isTraced: Bool = false) -> Outcome {
        var simulator = Simulator(script, bug: bug)
        simulator.consumers = ConsumerHarness()
        if script.seed % 2 == 0 { simulator.states = StateHarness(seed: script.seed) }
        if script.seed % 3 == 0 { simulator.exports = try? ExportHarness() }
        if script.seed % 5 == 0 { simulator.backups = BackupHarness(seed: script.seed) }
        if isTraced { simulator.trace = Simulator.Trace() }
        simulator.consumers?.trace = simulator.trace
        simulator.exports?.trace = simulator.trace
        var failure: Simulator.Failure?
        do { try simulator.run() } catch {
            failure = error as? Simulator.Failure ?? simulator.fail("\(error)")
        }
        return Outcome(
            failure: failure, tally: simulator.tally, trace: simulator.trace?.lines ?? [], changes: simulator.changes)
    }

    /// Runs the script of each of `seeds`, and for each of `shortSeeds` a short piece of work with a power cut at every single change.
    ///
    /// Ends at the first failure; gives the sum, and the failure shrunk and told.
    static func run(
        _ seeds: Range<UInt64>, everyCutOf shortSeeds: Range<UInt64>
    ) async -> (tally: SimulationTally, failure: String?) {
        let batch = Batch(seeds, shortSeeds)
        await onThreads { batch.work() }
        let failed = batch.failed.withLock { $0 }
        let explained = failed.map { SimulationShrinker(bug: nil).explain($0.script, $0.failure) }
        return (batch.tally.withLock { $0 }, explained)
    }

    /// Runs `body` on threads of its own, so that the tests beside keep theirs: on one, or in a soak on as many as there are processors.
    static func onThreads(_ body: @escaping @Sendable () -> Void) async {
        let environment = ProcessInfo.processInfo.environment
        let isSoak = environment["ASHLAR_SEEDS"] != nil || environment["ASHLAR_BUG_SEEDS"] != nil
        let count = isSoak ? ProcessInfo.processInfo.activeProcessorCount : 1
        let left = Countdown(count)
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            for _ in 0..<count {
                Thread.detachNewThread {
                    body()
                    if left.isLast() { continuation.resume() }
                }
            }
        }
    }

    /// How many threads have not ended.
    private final class Countdown: Sendable {
        private let left: Atomic<Int>

        init(_ count: Int) { left = Atomic(count) }

        func isLast() -> Bool { left.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 }
    }

    /// What the threads share.
    private final class Batch: Sendable {
        let seeds: Range<UInt64>
        let shortSeeds: Range<UInt64>
        let next = Atomic(0)
        let tally = Mutex(SimulationTally())
        let failed = Mutex<(script: SimulationScript, failure: Simulator.Failure)?>(nil)

        init(_ seeds: Range<UInt64>, _ shortSeeds: Range<UInt64>) {
            (self.seeds, self.shortSeeds) = (seeds, shortSeeds)
        }

        /// Takes one seed after the other, until something has failed.
        func work() {
            while failed.withLock({ $0 == nil }) {
                let position = next.wrappingAdd(1, ordering: .relaxed).oldValue
                if position < seeds.count {
                    take(SimulationScript(seed: seeds.lowerBound + UInt64(position)))
                } else if position - seeds.count < shortSeeds.count {
                    cutEverywhere(shortSeeds.lowerBound + UInt64(position - seeds.count))
                } else {
                    return
                }
            }
        }

        /// While a store is made and first written, or while it is recovered and written again.
        private func cutEverywhere(_ seed: UInt64) {
            let whole = SimulationScript(seed: seed, short: 8)
            let round = Int(seed / 6 % 2)
            let changes = take(whole).changes
            guard round < changes.count, changes[round] > 0 else { return }
            for cut in 1...changes[round] where failed.withLock({ $0 == nil }) {
                var script = whole
                script.rounds[round].cut = cut
                take(script)
            }
        }

        @discardableResult
        private func take(_ script: SimulationScript) -> Outcome {
            let outcome = Simulation.run(script)
            tally.withLock { $0.add(outcome.tally) }
            if let failure = outcome.failure { failed.withLock { $0 = $0 ?? (script, failure) } }
            return outcome
        }
    }
}
