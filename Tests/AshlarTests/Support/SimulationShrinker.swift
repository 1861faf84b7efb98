import AshlarStorage
import AshlarTestSupport

@testable import Ashlar

/// Makes a script that fails shorter, as long as it fails.
///
/// Bounded by runs and by time: the shortest it could find, not the shortest there is.
struct SimulationShrinker {
    let bug: SeededBug?
    var maxRuns = 600
    var maxSeconds: UInt64 = 15

    /// The failure, and what leads to it: as much of the script as it takes, line by line.
    func explain(_ script: SimulationScript, _ failure: Simulator.Failure) -> String {
        let (short, runs) = shrink(script, failedIn: failure.round)
        let outcome = Simulation.run(short, bug: bug, isTraced: true)
        var lines = ["\(failure)"]
        guard let last = outcome.failure else {
            return lines[0] + "\n(it does not fail again with the same seed: threads have a part in it)"
        }
        lines.append(
            "the shortest trace found in \(runs) runs, \(short.stepCount) of \(script.stepCount) operations:")
        lines += outcome.trace.map { "  " + $0 } + ["  → \(last.what)"]
        return lines.joined(separator: "\n")
    }

    /// The script without what it does not take to fail, and how many runs that took.
    func shrink(_ script: SimulationScript, failedIn round: Int) -> (SimulationScript, runs: Int) {
        var attempts = Attempts(shrinker: self, best: script)
        // Nothing behind the round that failed has a part in it.
        attempts.take { $0.rounds.removeLast(max(0, $0.rounds.count - 1 - round)) }
        var before = -1
        while attempts.best.stepCount + attempts.best.rounds.count != before, attempts.isAllowed {
            before = attempts.best.stepCount + attempts.best.rounds.count
            for number in attempts.best.rounds.indices.reversed() where attempts.best.rounds.count > 1 {
                attempts.take { $0.rounds.remove(at: number) }
            }
            for number in attempts.best.rounds.indices {
                attempts.shorten(round: number)
                if attempts.best.rounds[number].ending != .close {
                    attempts.take { $0.rounds[number].ending = .close }
                }
            }
        }
        return (attempts.best, attempts.runs)
    }

    private struct Attempts {
        let shrinker: SimulationShrinker
        var best: SimulationScript
        var runs = 0
        let deadline: UInt64

        init(shrinker: SimulationShrinker, best: SimulationScript) {
            self.shrinker = shrinker
            self.best = best
            deadline = SystemCalls.monotonicNanoseconds() + shrinker.maxSeconds * 1_000_000_000
        }

        var isAllowed: Bool { runs < shrinker.maxRuns && SystemCalls.monotonicNanoseconds() < deadline }

        /// Keeps a change if the script still fails with it.
        @discardableResult
        mutating func take(_ change: (inout SimulationScript) -> Void) -> Bool {
            guard isAllowed else { return false }
            var shorter = best
            change(&shorter)
            runs += 1
            guard Simulation.run(shorter, bug: shrinker.bug).failure != nil else { return false }
            best = shorter
            return true
        }

        /// Leaves out operations: halves, quarters, and so on down to single ones.
        mutating func shorten(round: Int) {
            var size = best.rounds[round].steps.count
            while size > 0 {
                var start = 0
                while start < best.rounds[round].steps.count {
                    let end = min(start + size, best.rounds[round].steps.count)
                    if !take({ $0.rounds[round].steps.removeSubrange(start..<end) }) { start = end }
                }
                size /= 2
            }
        }
    }
}
