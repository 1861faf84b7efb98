/// What came of an import.
package struct EasyLayerReport: Sendable, Hashable {
    /// What a model's rows and events add up to.
    package struct Model: Sendable, Hashable {
        /// The model.
        package var name: String
        /// The rows of the source that count, and its base if it has one.
        package var source = EasyLayerSum()
        /// The events of the store, undone ones too.
        package var store = EasyLayerSum()
        /// How many of the first are bases.
        package var sourceBases: UInt64 = 0
        /// How many of the second are bases.
        package var storeBases: UInt64 = 0

        /// Whether both are the same.
        package var isSame: Bool { source == store && sourceBases == storeBases }

        /// In what both differ; nil if they do not.
        package var difference: String? {
            if source.rows != store.rows {
                return "`\(name)` has \(source.rows) rows in the source and \(store.rows) in the store"
            }
            if sourceBases != storeBases {
                return "`\(name)` has \(sourceBases) bases in the source and \(storeBases) in the store"
            }
            return isSame ? nil : "the \(source.rows) rows of `\(name)` differ in content between source and store"
        }
    }

    /// Blocks appended by this run.
    package var blocks: UInt64 = 0
    /// Rollbacks appended by this run.
    package var rollbacks: UInt64 = 0
    /// Events appended by this run, bases and those without a height too.
    package var events: UInt64 = 0
    /// Events without a height appended by this run.
    package var floating: UInt64 = 0
    /// Bytes of the payloads appended by this run, inflated.
    package var bytes: UInt64 = 0
    /// Rows of the source that stand for rollbacks and are no events of the store.
    package var markers: UInt64 = 0
    /// Whether the run was stopped before it was over; then nothing was compared.
    package var isStopped = false
    /// The comparison, model by model.
    package var models: [Model] = []
    /// The bases, whichever run appended them, and what else is to be said of events that are gone.
    package var bases = EasyLayerBases()
    /// What the source has not delivered yet; nil if the run was stopped.
    package var outbox: EasyLayerOutbox?

    /// Whether all is in the store as it is in the source.
    package var isWhole: Bool { !isStopped && models.allSatisfy(\.isSame) }

    /// The first model that differs, and by what; nil if none does.
    package var difference: String? { models.lazy.compactMap(\.difference).first }
}
