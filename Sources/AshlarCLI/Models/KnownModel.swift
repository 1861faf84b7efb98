public import Ashlar
import AshlarExport

/// A model that the commands can show and take snapshots of.
public struct KnownModel: Sendable {
    /// The model's name.
    public let name: String
    /// The number of the way it folds and encodes.
    public let schemaVersion: UInt32
    /// The models whose events it takes; empty for all.
    public let sources: [String]
    /// The model, if its state is a table.
    let tabular: (any TabularModel)?
    /// The model, for reading its snapshots.
    let snapshots: SnapshotModel
    private let makeFolded: @Sendable (Projection) throws(ProjectionError) -> FoldedModel

    /// Makes a model known to the commands; of a `TabularModel`, `export` can keep the table.
    public init<M: Model>(_ model: M) {
        name = model.name
        schemaVersion = model.schemaVersion
        sources = model.sources
        tabular = model as? any TabularModel
        snapshots = SnapshotModel(model)
        makeFolded = { (projection) throws(ProjectionError) in FoldedModel(try projection.add(model)) }
    }

    /// Adds the model to a projection.
    func fold(in projection: Projection) throws(ProjectionError) -> FoldedModel { try makeFolded(projection) }
}

/// A known model in a projection, whatever the type of its state is.
struct FoldedModel {
    /// A state as JSON, if the model has such a form, and where it belongs.
    struct Answer {
        var position: StatePosition
        var json: String?
    }

    private let answer: (StateReader) throws -> Answer
    private let answerPending: () throws -> Answer

    init<M: Model>(_ projected: Projected<M>) {
        let model = projected.model
        answer = { reader in
            let placed = try reader.state(of: projected)
            return Answer(position: placed.position, json: try model.json(placed.state))
        }
        answerPending = {
            let placed = try projected.latestWithPending()
            return Answer(position: placed.position, json: try model.json(placed.state))
        }
    }

    /// The state that a reader shows.
    func state(_ reader: StateReader) throws -> Answer { try answer(reader) }

    /// The latest state with floating events on top.
    func stateWithPending() throws -> Answer { try answerPending() }
}
