package import Ashlar

/// An output that is not spent.
package struct UnspentOutput: Hashable, Sendable {
    package var script: Script
    /// Satoshi.
    package var value: Int64
    /// The height of the block that created it.
    package var height: UInt32
    /// Whether it is new money and fees, which can be spent 100 blocks later only.
    package var isCoinbase: Bool
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

/// An event spends an output that is not there.
package struct UnknownOutput: Error, CustomStringConvertible {
    package var outpoint: Outpoint
    package var description: String { "it spends \(outpoint), which does not exist" }
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

    /// Takes an output away.
    mutating func spend(_ outpoint: Outpoint) throws(UnknownOutput) {
        guard let output = outputs.removeValue(forKey: outpoint) else {
            // What was created before the first block of the store cannot be known.
            guard let first = sums.firstHeight, first > 0 else { throw UnknownOutput(outpoint: outpoint) }
            sums.unknownSpends += 1
            return
        }
        remove(output)
    }

    private mutating func add(_ output: UnspentOutput) {
        sums.unspent &+= output.value
        balances.update(output.script) { balance in
            let old = balance ?? Balance()
            balance = Balance(value: old.value &+ output.value, outputs: old.outputs &+ 1)
        }
    }

    private mutating func remove(_ output: UnspentOutput) {
        sums.unspent &-= output.value
        balances.update(output.script) { balance in
            balance = balance.flatMap { old in
                old.outputs > 1 ? Balance(value: old.value &- output.value, outputs: old.outputs - 1) : nil
            }
        }
    }
}

/// The outputs alone are written: the balances follow from them.
extension UnspentState: SnapshotCodable {
    package func encode(to output: inout SnapshotOutput) throws(SnapshotError) {
        for sum in [sums.unspent, sums.unspendable, sums.overwritten, sums.unknownSpends, sums.firstHeight ?? -1] {
            try output.append(varint: sum)
        }
        try output.append(varint: UInt64(outputs.count))
        for (outpoint, unspent) in outputs {
            try outpoint.txid.encode(to: &output)
            try output.append(varint: UInt64(outpoint.vout))
            try output.append(varint: unspent.value)
            try output.append(varint: UInt64(unspent.height) << 1 | (unspent.isCoinbase ? 1 : 0))
            try output.append(sized: unspent.script.bytes)
        }
    }

    package static func decode(from input: inout SnapshotInput) throws(SnapshotError) -> UnspentState {
        var (state, sums) = (UnspentState(), Sums())
        sums.unspent = try input.readSignedVarint()
        sums.unspendable = try input.readSignedVarint()
        sums.overwritten = try input.readSignedVarint()
        sums.unknownSpends = try input.readSignedVarint()
        let firstHeight = try input.readSignedVarint()
        sums.firstHeight = firstHeight < 0 ? nil : firstHeight
        // The smallest output has 36 bytes: hash, number, value, height, length of the script.
        for _ in 0..<(try input.readCount(bytesEach: 36)) {
            let txid = try Hash256.decode(from: &input)
            guard let vout = UInt32(exactly: try input.readVarint()) else {
                throw .malformed("the number of an output")
            }
            let (value, heightAndKind) = (try input.readSignedVarint(), try input.readVarint())
            let output = UnspentOutput(
                script: Script(try input.readSizedArray()), value: value,
                height: UInt32(truncatingIfNeeded: heightAndKind >> 1),
                isCoinbase: heightAndKind & 1 == 1)
            state.outputs[Outpoint(txid: txid, vout: vout)] = output
            state.add(output)
        }
        guard state.sums.unspent == sums.unspent else { throw .malformed("the outputs are not what their sum says") }
        state.sums = sums
        return state
    }
}
