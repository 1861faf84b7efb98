// The model `utxo`: which outputs can be spent, and what that makes for each script.
//
// One model and not two. An `output.spent` event names the output but neither its value nor its script, so whoever keeps balances needs the
// unspent outputs too; and a model sees events, never another model's state. Two models would keep that set, by far the largest part, twice.

package import Ashlar

/// An output that is not spent.
package struct UnspentOutput: Hashable, Sendable {
    package var script: Script
    /// Satoshi.
    package var value: Int64
    private var heightAndKind: UInt32

    package init(script: Script, value: Int64, height: Int64, isCoinbase: Bool) {
        self.script = script
        self.value = value
        heightAndKind = UInt32(truncatingIfNeeded: height) << 1 | (isCoinbase ? 1 : 0)
    }

    /// The height of the block that created it.
    package var height: Int64 { Int64(heightAndKind >> 1) }
    /// Whether it is new money and fees, which can be spent 100 blocks later only.
    package var isCoinbase: Bool { heightAndKind & 1 == 1 }
}

/// What a script can spend.
package struct Balance: Hashable, Sendable {
    /// Satoshi.
    package var value: Int64 = 0
    /// The number of outputs.
    package var outputs: UInt32 = 0
}

/// The sums of a chain, in satoshi.
package struct Sums: Hashable, Sendable {
    /// What can be spent.
    package var unspent: Int64 = 0
    /// What was paid to outputs that nobody can ever spend, the first block's coinbase among them.
    package var unspendable: Int64 = 0
    /// What was lost when a coinbase came again with the same txid, before it was spent (blocks 91,722 and 91,812).
    package var overwritten: Int64 = 0
    /// Spends of outputs from before the store's first block.
    package var unknownSpends: Int64 = 0
    /// The height of the first block with events.
    package var firstHeight: Int64?
}

/// The unspent outputs, and the balances that they add up to.
package struct UnspentState: ModelState {
    /// What takes a block back.
    package struct Undo: Sendable {
        var outputs: StateMap<Outpoint, UnspentOutput>.Undo
        var balances: StateMap<Script, Balance>.Undo
        var sums: Sums
    }

    package private(set) var outputs = StateMap<Outpoint, UnspentOutput>()
    package private(set) var balances = StateMap<Script, Balance>()
    package private(set) var sums = Sums()

    package init() {}

    package mutating func beginBlock() -> Undo {
        Undo(outputs: outputs.beginBlock(), balances: balances.beginBlock(), sums: sums)
    }

    package mutating func endBlock(_ undo: inout Undo) {
        outputs.endBlock(&undo.outputs)
        balances.endBlock(&undo.balances)
    }

    package mutating func undo(_ undo: Undo) {
        outputs.undo(undo.outputs)
        balances.undo(undo.balances)
        sums = undo.sums
    }

    mutating func begin(at height: Int64) {
        if sums.firstHeight == nil { sums.firstHeight = height }
    }

    /// Adds an output.
    mutating func create(_ outpoint: Outpoint, _ output: UnspentOutput) {
        // The first block's coinbase is in no node's set of unspent outputs: it was never put there.
        guard output.height > 0, !output.script.isUnspendable else {
            sums.unspendable &+= output.value
            return
        }
        var old: UnspentOutput?
        outputs.update(outpoint) {
            old = $0
            $0 = output
        }
        if let old {
            remove(old)
            sums.overwritten &+= old.value
        }
        add(output)
    }

    private mutating func add(_ output: UnspentOutput) {
        sums.unspent &+= output.value
        balances.update(output.script) { balance in
            balance = Balance(
                value: (balance?.value ?? 0) &+ output.value, outputs: (balance?.outputs ?? 0) &+ 1)
        }
    }

    /// Puts back an output of a snapshot.
    mutating func restore(_ outpoint: Outpoint, _ output: UnspentOutput) {
        outputs[outpoint] = output
        add(output)
    }

    /// Puts back the sums of a snapshot.
    mutating func restore(_ sums: Sums) { self.sums = sums }

    /// Takes an output away.
    mutating func spend(_ outpoint: Outpoint) throws(PayloadProblem) {
        guard let output = outputs.removeValue(forKey: outpoint) else {
            // What was created before the first block of the store cannot be known.
            guard let first = sums.firstHeight, first > 0 else { throw .unknownOutput(outpoint) }
            sums.unknownSpends += 1
            return
        }
        remove(output)
    }

    private mutating func remove(_ output: UnspentOutput) {
        sums.unspent &-= output.value
        balances.update(output.script) { balance in
            guard let old = balance, old.outputs > 1 else {
                balance = nil
                return
            }
            balance = Balance(value: old.value &- output.value, outputs: old.outputs - 1)
        }
    }
}

/// The model `utxo`.
package struct UnspentModel: Model {
    package let name = "utxo"

    package init() {}

    package func makeState() -> UnspentState { UnspentState() }

    /// How much there is; single outputs and balances are asked for by commands of their own.
    package func json(_ state: UnspentState) -> String? {
        """
        {"unspent":\(state.sums.unspent),"outputs":\(state.outputs.count),"scripts":\(state.balances.count),\
        "unspendable":\(state.sums.unspendable),"overwritten":\(state.sums.overwritten)}
        """
    }

    package func apply(_ event: borrowing ModelEvent, to state: inout UnspentState) throws {
        let height = event.height ?? 0
        state.begin(at: height)
        switch event.type {
        case "output.created":
            let (outpoint, output) = try created(event.payload, height: height)
            state.create(outpoint, output)
        case "output.spent": try state.spend(spent(event.payload))
        default: return
        }
    }

    /// The output that an event creates.
    func created(_ payload: RawSpan, height: Int64) throws(PayloadProblem) -> (Outpoint, UnspentOutput) {
        var reader = PayloadReader(payload)
        var (txid, vout, value, script): (Hash256?, UInt32?, Int64?, Script?)
        var isCoinbase = false
        while try reader.next() {
            if reader.isNamed("txid") {
                txid = try reader.hash()
            } else if reader.isNamed("vout") {
                vout = try reader.integer()
            } else if reader.isNamed("value") {
                value = try reader.integer()
            } else if reader.isNamed("script") {
                script = try reader.script()
            } else if reader.isNamed("coinbase") {
                isCoinbase = reader.bool()
            }
        }
        guard let txid, let vout else { throw .missing("txid and vout") }
        // More than all there can ever be would only come from a made-up block, and must not overflow a sum.
        guard let value, value <= 2_100_000_000_000_000 else { throw .missing("value") }
        guard let script else { throw .missing("script") }
        return (
            Outpoint(txid: txid, vout: vout),
            UnspentOutput(script: script, value: value, height: height, isCoinbase: isCoinbase)
        )
    }

    /// The name of the output that an event spends.
    func spent(_ payload: RawSpan) throws(PayloadProblem) -> Outpoint {
        var reader = PayloadReader(payload)
        var (txid, vout): (Hash256?, UInt32?)
        while try reader.next() {
            if reader.isNamed("prev_txid") {
                txid = try reader.hash()
            } else if reader.isNamed("prev_vout") {
                vout = try reader.integer()
            }
        }
        guard let txid, let vout else { throw .missing("prev_txid and prev_vout") }
        return Outpoint(txid: txid, vout: vout)
    }
}

extension UnspentState {
    /// The scripts with the highest balances, highest first; of equals the one that is written lower.
    package func top(_ limit: Int) -> [(script: Script, balance: Balance)] {
        guard limit > 0 else { return [] }
        var best: [(script: Script, balance: Balance)] = []
        func isBefore(_ left: (script: Script, balance: Balance), _ right: (script: Script, balance: Balance)) -> Bool {
            guard left.balance.value == right.balance.value else { return left.balance.value > right.balance.value }
            return left.script.bytes.lexicographicallyPrecedes(right.script.bytes)
        }
        for (script, balance) in balances {
            if best.count >= 2 * limit {
                best.sort(by: isBefore)
                best.removeLast(best.count - limit)
            }
            // Once sorted, most scripts are below the last one.
            best.append((script, balance))
        }
        best.sort(by: isBefore)
        return Array(best.prefix(limit))
    }
}

/// How much money a chain has, and where the rest went.
package struct Supply: Hashable, Sendable {
    /// The height it is the supply at; all of it in satoshi.
    package var height: Int64
    package var unspent: Int64
    package var unspendable: Int64
    package var overwritten: Int64
    /// What the rules allowed miners to create: 50 bitcoins a block, half of that every 210,000 blocks (150 on regtest).
    package var allowed: Int64
    /// What they were allowed and did not take.
    package var unclaimed: Int64 { allowed - unspent - unspendable - overwritten }

    /// The supply that follows from the sums; nil where they do not begin with the first block.
    package init?(_ sums: Sums, height: Int64, halving: Int64) {
        guard sums.firstHeight ?? 0 == 0 else { return nil }
        self.height = height
        unspent = sums.unspent
        unspendable = sums.unspendable
        overwritten = sums.overwritten
        allowed = 0
        var (subsidy, left): (Int64, Int64) = (5_000_000_000, height + 1)
        while left > 0, subsidy > 0 {
            allowed += min(left, halving) * subsidy
            (left, subsidy) = (left - halving, subsidy / 2)
        }
    }
}
