package import Ashlar

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
