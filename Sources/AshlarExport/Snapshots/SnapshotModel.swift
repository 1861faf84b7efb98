package import Ashlar

/// A model whose snapshots can be shown as JSON.
package struct SnapshotModel: Sendable {
    /// The model's name.
    let name: String
    /// The number of the way it folds and encodes: only snapshots that were made under it are read.
    let schemaVersion: UInt32
    /// The state in a snapshot as JSON; nil if the model has no such form, or cannot make it of this state.
    let json: @Sendable (SnapshotFile) throws(SnapshotError) -> String?

    /// Takes a model as it is.
    package init(_ model: some Model) {
        name = model.name
        schemaVersion = model.schemaVersion
        json = { (file) throws(SnapshotError) in
            let state = try file.read { input in try model.decode(from: &input) }
            return try? model.json(state)
        }
    }
}
