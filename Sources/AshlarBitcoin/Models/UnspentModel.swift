// The model `utxo`: which outputs can be spent, and what that makes for each script.
//
// One model and not two. An `output.spent` event names the output but neither its value nor its script, so whoever keeps balances needs the
// unspent outputs too; and a model sees events, never another model's state. Two models would keep that set, by far the largest part, twice.

package import Ashlar
import AshlarJSON

/// The model `utxo`.
package struct UnspentModel: Model {
    package let name = "utxo"

    package init() {}

    package func makeState() -> UnspentState { UnspentState() }

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

    /// How much there is; single outputs and balances are asked for by commands of their own.
    package func json(_ state: UnspentState) -> String? {
        """
        {"unspent":\(state.sums.unspent),"outputs":\(state.outputs.count),"scripts":\(state.balances.count),\
        "unspendable":\(state.sums.unspendable),"overwritten":\(state.sums.overwritten)}
        """
    }

    /// The output that an event creates.
    private func created(_ payload: RawSpan, height: Int64) throws(JSONError) -> (Outpoint, UnspentOutput) {
        let payload = try JSONMembers(payload, ["txid", "vout", "value", "script", "coinbase"])
        // More than all there can ever be would only come from a made-up block, and must not overflow a sum.
        let value = try payload.integer(2, most: 2_100_000_000_000_000)
        let script = Script(try payload.hexadecimal(3))
        return (
            Outpoint(txid: try payload.hash(0), vout: try payload.number(1)),
            UnspentOutput(
                script: script, value: value, height: UInt32(truncatingIfNeeded: height), isCoinbase: payload.isTrue(4))
        )
    }

    /// The name of the output that an event spends.
    private func spent(_ payload: RawSpan) throws(JSONError) -> Outpoint {
        let payload = try JSONMembers(payload, ["prev_txid", "prev_vout"])
        return Outpoint(txid: try payload.hash(0), vout: try payload.number(1))
    }
}

/// A row for each script that has something to spend.
extension UnspentModel: TabularModel {
    package var keyColumns: [StateColumn] { [StateColumn("script", .bytes)] }

    package var valueColumns: [StateColumn] {
        [StateColumn("balance", .integer, isIndexed: true), StateColumn("outputs", .integer)]
    }

    /// The script that an output pays to; that of a spent one is looked up in the state that still has it.
    package func addChangedKeys(
        by event: borrowing ModelEvent, in state: UnspentState, to keys: inout Set<Script>
    ) throws {
        switch event.type {
        case "output.created":
            let (outpoint, output) = try created(event.payload, height: event.height ?? 0)
            keys.insert(output.script)
            // It may have taken the place of one with the same name.
            if let old = state.outputs[outpoint] { keys.insert(old.script) }
        case "output.spent":
            if let output = state.outputs[try spent(event.payload)] { keys.insert(output.script) }
        default: return
        }
    }

    package func keyValues(_ key: Script) -> [StateValue] { [.bytes(key.bytes)] }

    package func row(for key: Script, in state: UnspentState) -> [StateValue]? {
        state.balances[key].map { [.integer($0.value), .integer(Int64($0.outputs))] }
    }
}
