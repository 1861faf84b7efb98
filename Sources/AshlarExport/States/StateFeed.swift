import Ashlar

/// What commits change in the table of a state: rows that go, then rows that come.
///
/// A row that becomes another one is in both.
struct StateChange: Sendable {
    /// Keys of rows that were there before.
    var gone: RowBuffer
    /// Whole rows.
    var rows: RowBuffer

    init(_ table: Table) {
        gone = RowBuffer(columnCount: table.key.count)
        rows = RowBuffer(columnCount: table.columns.count)
    }

    var isEmpty: Bool { gone.isEmpty && rows.isEmpty }
}

/// One state table's share of change sets, whatever the type of the state is.
protocol StateFeed: AnyObject {
    /// Takes the state as it is now for the one that the target shows.
    func begin() throws(ProjectionError)

    /// What has changed since the last call, or `begin`, by the events of these commits; the state is that of `view` already.
    func change(in view: View, _ commits: [ClosedRange<UInt64>]) throws(ExportError) -> StateChange
}

/// A feed of one model.
///
/// Invariant: `before` is the state that the target shows once everything that was handed out is applied.
final class ModelFeed<M: TabularModel>: StateFeed {
    private let projected: Projected<M>
    private let model: M
    private let table: Table
    private var encoder: StateValueEncoder
    private var before: M.State

    init(_ model: M, _ table: Table, _ projection: Projection, _ dialect: SQLDialect) throws(ProjectionError) {
        projected = try projection.add(model)
        self.model = model
        self.table = table
        encoder = StateValueEncoder(model.name, table, dialect)
        before = model.makeState()
    }

    func begin() throws(ProjectionError) { before = try projected.latest().state }

    func change(in view: View, _ commits: [ClosedRange<UInt64>]) throws(ExportError) -> StateChange {
        let after = try projecting { () throws(ProjectionError) in try projected.latest().state }
        let keys = try changedKeys(in: view, commits, after)
        var change = StateChange(table)
        for key in keys {
            let old = try row(key, in: before)
            let new = try row(key, in: after)
            guard old != new else { continue }
            let values = model.keyValues(key)
            if old != nil { try encoder.append(values, to: &change.gone) }
            if let new { try encoder.append(values + new, to: &change.rows) }
        }
        before = after
        return change
    }

    private func changedKeys(
        in view: View, _ commits: [ClosedRange<UInt64>], _ after: M.State
    ) throws(ExportError) -> Set<M.Key> {
        var keys: Set<M.Key> = []
        try projecting { () throws(ProjectionError) in
            for sequences in commits {
                let models = model.sources.isEmpty ? nil : model.sources
                try view.eachBlockEvent(in: sequences, of: models, for: model.name) { event in
                    try model.addChangedKeys(by: event, in: before, to: &keys)
                    try model.addChangedKeys(by: event, in: after, to: &keys)
                }
            }
        }
        return keys
    }

    private func row(_ key: M.Key, in state: M.State) throws(ExportError) -> [StateValue]? {
        do { return try model.row(for: key, in: state) } catch {
            throw .refused(
                code: "badStateRow", message: "the model \(model.name) cannot tell the row of \(key): \(error)")
        }
    }
}

/// Runs a part that talks to a projection, and turns its error into the exporter's.
func projecting<Result>(_ body: () throws(ProjectionError) -> Result) throws(ExportError) -> Result {
    do throws(ProjectionError) { return try body() } catch {
        if case .store(let error) = error { throw .store(error) }
        throw .refused(code: "stateModel", message: "\(error)")
    }
}
