import Ashlar
import AshlarFormat

/// A state of a model from which its events go on, where the source has deleted the events before it.
///
/// It becomes an event of the model in the block of its height, of the type `easylayer.snapshot`, with the state as JSON for its payload. A
/// model's `apply` takes that as the state: what came before it is contained in it.
package struct EasyLayerBase: Sendable, Hashable {
    /// The type of the event that it becomes. No class has such a name, so no event of the source is of this type.
    package static let eventType = "easylayer.snapshot"

    /// The model.
    package var model: String
    /// The height of the block after which this was the state.
    package var height: Int64
    /// The version of the last event that is in it.
    package var version: Int64
    /// When it was taken, in microseconds since 1970 UTC; 0 if the source does not say.
    package var timestamp: Int64
    /// The state as JSON.
    package var payload: [UInt8]

    /// The row that it would be in its model's table.
    var row: EasyLayerRow {
        EasyLayerRow(
            id: 0, version: version, requestID: nil, type: Self.eventType, payload: payload, height: height,
            timestamp: timestamp)
    }
}

/// A snapshot that cannot be a base, and why.
package struct EasyLayerUnusable: Sendable, Hashable {
    /// The model.
    package var model: String
    /// The height it stands at.
    package var height: Int64
    /// Why it cannot be used.
    package var reason: String
}

/// The bases of a source.
package struct EasyLayerBases: Sendable, Hashable {
    /// The models' bases: of each model whose first events are gone, the oldest snapshot that can be one.
    package var taken: [EasyLayerBase] = []
    /// Older snapshots than those, and all of models that have no base.
    package var unusable: [EasyLayerUnusable] = []
    /// The models whose first events are gone and that have no base: what stands in the store of them gives no state.
    package var missing: [String] = []

    /// None.
    package init() {}

    /// Whether a block below the chain's first one is needed for them.
    func reaches(below lowest: Int64) -> Bool { taken.contains { $0.height < lowest } }
}
