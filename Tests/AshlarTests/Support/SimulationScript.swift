import AshlarTestSupport

/// All that a simulation does, as far as it does not follow from the model: rounds of operations, and the fault that ends each.
///
/// Each operation and each round draws from a seed of its own, so that one can be left out and the others stay what they are.
struct SimulationScript: Sendable {
    /// One life of a process.
    struct Round: Sendable {
        var ending: Simulator.Ending
        /// Whether the fault may strike while the store is being opened already.
        var isArmedEarly = false
        /// The change of the disk, counted from the beginning of the round, in the midst of which the power goes; nil if `ending` says what happens.
        var cut: Int?
        var seed: UInt64
        /// The seed of each operation.
        var steps: [UInt64]
    }

    let seed: UInt64
    var rounds: [Round]

    /// The script that follows from a seed.
    init(seed: UInt64, rounds count: Int = 6) {
        self.seed = seed
        var random = SplitMix64(seed: seed ^ 0x5C41)
        rounds = (0..<count).map { _ in
            let ending = Simulator.Ending.allCases[random.below(Simulator.Ending.allCases.count)]
            let isArmedEarly = random.chance(30)
            let steps = (0..<3 + random.below(36)).map { _ in random.next() }
            return Round(ending: ending, isArmedEarly: isArmedEarly, seed: random.next(), steps: steps)
        }
    }

    /// A short script: some operations, a power cut after them, a recovery and some more, and the same again.
    init(seed: UInt64, short steps: Int) {
        self.init(seed: seed, rounds: 3)
        rounds = rounds.enumerated().map { number, round in
            Round(
                ending: number == 0 ? .powerCutLater : .close, seed: round.seed,
                steps: Array(round.steps.prefix(steps)))
        }
    }

    var stepCount: Int { rounds.reduce(0) { $0 + $1.steps.count } }
}
