import AshlarStorage
import AshlarTestSupport
import Foundation
import Synchronization
import Testing

@testable import Ashlar

/// The simulator finds each way to break the engine that `SeededBug` knows: no test is written for any of them.
///
/// `ASHLAR_BUG_SEEDS` sets how many seeds each bug may take, `ASHLAR_BUG` which one alone is looked for, and is explained then.
@Suite("Seeded bugs")
struct SeededBugTests {
    static let environment = ProcessInfo.processInfo.environment
    static let maxSeeds = environment["ASHLAR_BUG_SEEDS"].flatMap { UInt64($0) } ?? 600

    /// Whether the engine was built with its bugs.
    static let hasBugs: Bool = {
        #if SEEDED_BUGS
            true
        #else
            false
        #endif
    }()

    /// What it took to find a bug.
    struct Finding: Sendable {
        var bug: SeededBug
        /// The seed that showed it, counted from 1; nil if none did.
        var seeds: UInt64?
        var failure: Simulator.Failure?

        var line: String {
            let name = "\(bug)" + String(repeating: " ", count: max(0, 28 - "\(bug)".count))
            guard let seeds, let failure else { return "  \(name) not found" }
            let count = String(repeating: " ", count: max(0, 5 - "\(seeds)".count)) + "\(seeds)"
            return "  \(name)\(count)  \(failure.what.prefix(110))"
        }
    }

    @Test("the simulator finds every seeded bug", .enabled(if: hasBugs))
    func everyBug() async {
        if let name = Self.environment["ASHLAR_BUG"] { return explain(name) }
        let hunt = Hunt()
        await Simulation.onThreads { hunt.work() }
        let sorted = hunt.findings.withLock { $0 }.sorted { $0.bug.rawValue < $1.bug.rawValue }
        print("seeded bugs, and how many seeds it took to find them:")
        for finding in sorted { print(finding.line) }
        let missed = sorted.filter { $0.seeds == nil }.map { "\($0.bug)" }
        #expect(missed.isEmpty, "not found within \(Self.maxSeeds) seeds")
    }

    @Test("what fails is shrunk to a few operations that still fail", .enabled(if: hasBugs))
    func shrinks() throws {
        let (script, bug) = (SimulationScript(seed: 3), SeededBug.footerWithoutRollbacks)
        let failure = try #require(Simulation.run(script, bug: bug).failure)
        var shrinker = SimulationShrinker(bug: bug)
        shrinker.maxRuns = 60
        let (short, runs) = shrinker.shrink(script, failedIn: failure.round)
        #expect(short.stepCount <= 12 && short.stepCount < script.stepCount && runs <= 60)
        #expect(Simulation.run(short, bug: bug).failure != nil)
        #expect(shrinker.explain(script, failure).contains("shortest trace"))
    }

    @Test("no storage has a bug that nobody asked for")
    func none() {
        let storages: [any Storage] = [MemoryStorage(), SimulatedDisk(seed: 1)]
        for bug in SeededBug.allCases { #expect(!storages.contains { $0.isSeeded(bug) }) }
    }

    /// What the threads share.
    private final class Hunt: Sendable {
        let next = Atomic(0)
        let findings = Mutex<[Finding]>([])

        func work() {
            while true {
                let position = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard position < SeededBug.allCases.count else { return }
                let finding = SeededBugTests.find(SeededBug.allCases[position])
                findings.withLock { $0.append(finding) }
            }
        }
    }

    private static func find(_ bug: SeededBug) -> Finding {
        for seed in 1...maxSeeds {
            let script = SimulationScript(seed: seed)
            guard let failure = Simulation.run(script, bug: bug).failure else { continue }
            // What fails without the bug, too, does not show it.
            if Simulation.run(script).failure != nil { continue }
            return Finding(bug: bug, seeds: seed, failure: failure)
        }
        return Finding(bug: bug)
    }

    private func explain(_ name: String) {
        guard let bug = SeededBug.allCases.first(where: { "\($0)" == name }) else {
            Issue.record("there is no bug \(name); there are \(SeededBug.allCases)")
            return
        }
        let finding = Self.find(bug)
        guard let seed = finding.seeds, let failure = finding.failure else {
            Issue.record("\(name) is not found within \(Self.maxSeeds) seeds")
            return
        }
        print(SimulationShrinker(bug: bug).explain(SimulationScript(seed: seed), failure))
    }
}
