/// A median of several rounds, and the interval in which the true one lies.
///
/// The interval is that of order statistics: it assumes nothing about how the rounds are distributed.
struct Estimate: Sendable {
    var median: Double
    var low: Double
    var high: Double
    var rounds: Int
    /// The probability, at least, that the interval holds the true median.
    var confidence: Double
    /// Whether rounds that other programs disturbed are among them, because too few others are left.
    var isDisturbed = false

    /// Nil if there are no values.
    init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let count = sorted.count
        rounds = count
        median = count % 2 == 1 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2
        // The narrowest pair of k-th smallest and k-th largest that still has 95 %; with few rounds, the extremes.
        var rank = 1
        while rank + 1 <= (count + 1) / 2, Self.confidence(count, rank + 1) >= 0.95 { rank += 1 }
        low = sorted[rank - 1]
        high = sorted[count - rank]
        confidence = Self.confidence(count, rank)
    }

    /// The probability that the median lies between the `rank`-th smallest and the `rank`-th largest of `count` values.
    private static func confidence(_ count: Int, _ rank: Int) -> Double {
        var term = 1.0
        var below = 0.0
        for index in 0..<rank {
            below += term
            term *= Double(count - index) / Double(index + 1)
        }
        var all = 1.0
        for _ in 0..<count { all *= 2 }
        return max(0, 1 - 2 * below / all)
    }
}

extension Results {
    /// What is estimated from the rounds that `value` has something for.
    ///
    /// Rounds in which one of `runs` was disturbed are left out, unless fewer than half would be left.
    func estimate(_ runs: [(peer: String, workload: Workload)], _ value: (Int) -> Double?) -> Estimate? {
        var clean: [Double] = []
        var all: [Double] = []
        for round in 0..<settings.rounds {
            guard let one = value(round) else { continue }
            all.append(one)
            let isDisturbed = runs.contains { run($0.peer, $0.workload, round: round)?.isDisturbed ?? false }
            if !isDisturbed { clean.append(one) }
        }
        let suffices = clean.count * 2 >= all.count
        var estimate = Estimate(suffices ? clean : all)
        estimate?.isDisturbed = !suffices
        return estimate
    }

    /// The values of one peer, in the workload's unit.
    func absolute(_ peer: String, _ workload: Workload) -> Estimate? {
        estimate([(peer, workload)]) { run(peer, workload, round: $0)?.value }
    }

    /// How many times as good as another one a peer is, round by round.
    func ratio(_ peer: String, _ workload: Workload, to other: String, _ otherWorkload: Workload) -> Estimate? {
        estimate([(peer, workload), (other, otherWorkload)]) { round in
            guard let mine = run(peer, workload, round: round)?.merit,
                let theirs = run(other, otherWorkload, round: round)?.merit, theirs > 0
            else { return nil }
            return mine / theirs
        }
    }

    /// How many times as much processor time the reference takes, operation by operation; of what is work from beginning to end.
    func processorRatio(_ peer: String, _ workload: Workload) -> Estimate? {
        guard case .rate = workload.measure else { return nil }
        func spent(_ peer: String, _ workload: Workload, _ round: Int) -> Double? {
            guard let run = run(peer, workload, round: round), let seconds = run.processorSeconds, seconds > 0,
                run.count > 0
            else { return nil }
            return seconds / Double(run.count)
        }
        return Estimate(
            (0..<settings.rounds).compactMap { round in
                guard let mine = spent(peer, workload, round),
                    let theirs = spent(Peer.reference, workload.reference, round)
                else { return nil }
                return theirs / mine
            })
    }
}
