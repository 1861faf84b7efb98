import Ashlar
import AshlarExport
import AshlarFormat

/// Which tables an export makes, found out before anything is written.
struct EasyLayerExportPlan {
    /// What tells the chain.
    enum Chain: Hashable {
        /// Nothing.
        case none
        /// The events of a model of the store, and rows made of what they do not tell.
        case told(model: String)
        /// Rows made of the store's blocks, in a table of this name.
        case made(table: String)
    }

    /// What tells the chain.
    private(set) var chain = Chain.none
    /// The kind of chain that rows are made for.
    private(set) var network: EasyLayerNetwork
    /// Whether there is no network model because the store's heights may be skipped.
    private(set) var lacksNetwork = false
    /// The tables of the store's models, in the order of the models' first use.
    private(set) var tables: [(model: String, table: String)] = []

    private let store: Store
    private let options: EasyLayerExportOptions

    /// What to write of the store as it stood after commit `sequence`, if there is one, into a database of a kind.
    ///
    /// Throws `refused` naming what cannot be written. Complexity: O(models), with a look into the log for each.
    init(
        _ view: View, _ store: Store, _ options: EasyLayerExportOptions, _ dialect: SQLDialect
    ) throws(EasyLayerExportError) {
        self.store = store
        self.options = options
        network = store.hashNotation == .prefixedHex ? .evm : .bitcoin
        if options.network == .bitcoin { network = .bitcoin }
        if options.network == .evm { network = .evm }
        try chooseChain(view)
        var models: [String] = []
        for model in store.names.models where try isLive(model, view) { models.append(model) }
        try name(models, dialect)
    }

    private mutating func chooseChain(_ view: View) throws(EasyLayerExportError) {
        guard options.network != .none else { return }
        let telling = try modelsThatTell(view)
        if let wanted = options.networkModel {
            let isThere = telling.contains { $0.utf8.elementsEqual(wanted.utf8) }
            chain = isThere ? .told(model: wanted) : .made(table: wanted)
        } else if telling.count > 1 {
            throw .refused(
                code: "severalNetworks",
                "several models have a network's events: \(telling.map(\.debugDescription).joined(separator: ", ")); "
                    + "name one of them with `--network-model`")
        } else if let model = telling.first {
            chain = .told(model: model)
        } else if options.network == .automatic, store.allowsHeightGaps {
            lacksNetwork = true
        } else {
            chain = .made(table: "network")
        }
    }

    /// The models that have events of the spine, in undone blocks too.
    private func modelsThatTell(_ view: View) throws(EasyLayerExportError) -> [String] {
        let names = store.names
        guard names.types.contains(where: { EasyLayerNetwork.change(ofType: $0) != nil }) else { return [] }
        var found: [String] = []
        for model in names.models {
            var query = EventQuery()
            query.scope = .log
            query.models = [model]
            query.types = EasyLayerNetwork.spineTypes
            if try hasEvents(query, view) { found.append(model) }
        }
        return found
    }

    /// Whether a model has rows.
    private func isLive(_ model: String, _ view: View) throws(EasyLayerExportError) -> Bool {
        if case .told(let network) = chain, network.utf8.elementsEqual(model.utf8) { return true }
        var query = EventQuery()
        query.scope = .canonicalAndFloating
        query.models = [model]
        return try hasEvents(query, view)
    }

    private func hasEvents(_ query: EventQuery, _ view: View) throws(EasyLayerExportError) -> Bool {
        try exporting { () throws(StoreError) in
            var query = query
            query.limit = 1
            var cursor = try view.cursor(query)
            return try cursor.next()
        }
    }

    /// Finds a name for each table.
    private mutating func name(_ models: [String], _ dialect: SQLDialect) throws(EasyLayerExportError) {
        var names = EasyLayerNames(dialect)
        var problems: [String] = []
        var unfit: [String] = []
        if case .made(let table) = chain, let problem = names.add(table: table, of: table) { problems.append(problem) }
        for model in models {
            let rename = rename(of: model)
            guard let problem = names.add(table: rename ?? model, of: model) else {
                tables.append((model, rename ?? model))
                continue
            }
            if options.fitsNames, rename == nil { unfit.append(model) } else { problems.append(problem) }
        }
        // After all others, which have their own names.
        for model in unfit { tables.append((model, names.addFitting(model))) }
        for snapshot in options.snapshots where !EasyLayerLayout.isModelName(snapshotName(snapshot.model)) {
            let name = snapshotName(snapshot.model).debugDescription
            problems.append("\(name), of which there is a state, is no name of EasyLayer's")
        }
        guard let first = problems.first else { return }
        let more = problems.count > 1 ? " (and \(problems.count - 1) more such models)" : ""
        throw .refused(
            code: "badName",
            "the model \(first)\(more); `--rename OLD=NEW` gives a model another name, `--fit-names` all that need one")
    }

    private func rename(of model: String) -> String? {
        options.renames.last { $0.model.utf8.elementsEqual(model.utf8) }?.table
    }

    /// What a model with a snapshot is called in the target.
    func snapshotName(_ model: String) -> String {
        tables.first { $0.model.utf8.elementsEqual(model.utf8) }?.table ?? rename(of: model) ?? model
    }
}
