import Ashlar

/// How much money a chain has, and where the rest went.
package struct Supply: Hashable, Sendable {
    /// The height it is the supply at; all of it in satoshi.
    package var height: Int64
    package var unspent: Int64
    package var unspendable: Int64
    package var overwritten: Int64
    /// What the rules allowed miners to create: 50 bitcoins a block, half of that every 210,000 blocks (150 on regtest).
    package var allowed: Int64 = 0
    /// What they were allowed and did not take.
    package var unclaimed: Int64 { allowed - unspent - unspendable - overwritten }

    /// The supply that follows from the sums; nil where they do not begin with the first block.
    package init?(_ sums: Sums, height: Int64, halving: Int64) {
        guard sums.firstHeight ?? 0 == 0 else { return nil }
        (unspent, unspendable, overwritten) = (sums.unspent, sums.unspendable, sums.overwritten)
        self.height = height
        var (subsidy, left): (Int64, Int64) = (5_000_000_000, height + 1)
        while left > 0, subsidy > 0 {
            allowed += min(left, halving) * subsidy
            (left, subsidy) = (left - halving, subsidy / 2)
        }
    }
}

extension UnspentState {
    /// The scripts with the highest balances, highest first; of equals the one that is written lower.
    package func top(_ limit: Int) -> [(script: Script, balance: Balance)] {
        guard limit > 0 else { return [] }
        var best: [(script: Script, balance: Balance)] = []
        func keepBest() {
            best.sort { left, right in
                guard left.balance.value == right.balance.value else { return left.balance.value > right.balance.value }
                return left.script.bytes.lexicographicallyPrecedes(right.script.bytes)
            }
            best.removeLast(max(0, best.count - limit))
        }
        for (script, balance) in balances {
            // Sorted now and then, so that what is held does not grow with the number of scripts.
            if best.count >= 2 * limit { keepBest() }
            best.append((script, balance))
        }
        keepBest()
        return best
    }
}
