/// What came of an import.
package struct EasyLayerReport: Sendable, Hashable {
    /// What a model's rows and events add up to.
    package struct Model: Sendable, Hashable {
        /// The model.
        package var name: String
        /// The rows of the source that count.
        package var source: EasyLayerSum
        /// The events of the store, undone ones too.
        package var store: EasyLayerSum

        /// Whether both are the same.
        package var isSame: Bool { source == store }
    }

    /// Blocks appended by this run.
    package var blocks: UInt64 = 0
    /// Rollbacks appended by this run.
    package var rollbacks: UInt64 = 0
    /// Events appended by this run, those without a height too.
    package var events: UInt64 = 0
    /// Events without a height appended by this run.
    package var floating: UInt64 = 0
    /// Rows of the source that stand for rollbacks and are no events of the store.
    package var markers: UInt64 = 0
    /// Whether the run was stopped before it was over; then nothing was compared.
    package var isStopped = false
    /// The comparison, model by model.
    package var models: [Model] = []

    /// Whether all is in the store as it is in the source.
    package var isWhole: Bool { !isStopped && models.allSatisfy(\.isSame) }

    /// The first model that differs, and by what; nil if none does.
    package var difference: String? {
        guard let model = models.first(where: { !$0.isSame }) else { return nil }
        if model.source.rows != model.store.rows {
            return "`\(model.name)` has \(model.source.rows) rows in the source and \(model.store.rows) in the store"
        }
        return "the \(model.source.rows) rows of `\(model.name)` differ in content between source and store"
    }
}
