import Ashlar
import AshlarExport

/// The comparison of a source with the store that was made of it: counts, bytes and digests, model by model.
struct EasyLayerComparison {
    private let files: EasyLayerFiles
    private let spine: EasyLayerSpine?
    private let outline: EasyLayerOutline
    private let control: EasyLayerControl
    private var models: [String: EasyLayerReport.Model] = [:]

    init(
        _ files: EasyLayerFiles, _ spine: EasyLayerSpine?, _ outline: EasyLayerOutline, _ control: EasyLayerControl
    ) {
        self.files = files
        self.spine = spine
        self.outline = outline
        self.control = control
    }

    /// Adds up the rows of the source and the events of the store, and finds the place of the outbox by the way.
    ///
    /// `report.isStopped` tells that it was stopped, and then there is no comparison. Complexity: O(bytes of both).
    mutating func compare(with store: Store, _ report: inout EasyLayerReport) throws(EasyLayerError) {
        for model in files.models {
            models[model] = EasyLayerReport.Model(name: model)
            guard try addRows(of: model, &report) else {
                report.isStopped = true
                return
            }
        }
        for base in outline.bases.taken { add(base) }
        var search = try OutboxSearch(files, spine, outline)
        guard try storing({ () throws(StoreError) in try addEvents(of: store, &search) }) else {
            report.isStopped = true
            return
        }
        report.outbox = try storing { () throws(StoreError) in try search.result(in: store) }
        report.models = models.values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Adds the rows of a model; false if stopped.
    private mutating func addRows(
        of model: String, _ report: inout EasyLayerReport
    ) throws(EasyLayerError) -> Bool {
        for (index, file) in files.files.enumerated() where file.layout.models.contains(model) {
            var id = Int64.min
            var seen: Int64 = 0
            var size = EasyLayerPageSize()
            while true {
                guard !control.shouldStop() else { return false }
                let page = try files.page(
                    model, in: index, where: "\"id\" > CAST($1 AS bigint)", [.integer(id)], order: "\"id\"",
                    size: &size)
                for row in page.rows { add(row, of: model, &report) }
                seen += Int64(page.count)
                tell(.source)
                guard !page.isWhole, let last = page.last else { break }
                id = last.id
            }
            try require(seen, of: model, in: file)
        }
        return true
    }

    /// Makes sure that walking along the ids met every row: it would not if some had none, or the same.
    private func require(_ seen: Int64, of model: String, in file: EasyLayerFile) throws(EasyLayerError) {
        let sql = "SELECT count(*) FROM \(quoted(model)) WHERE \(file.condition)"
        let count = try reading { () throws(SQLFailure) in try file.connection.value(sql)?.integer ?? 0 }
        guard count == seen else {
            throw .layout("\(file.name): `\(model)` has \(count) rows, of which \(seen) are told apart by their ids")
        }
    }

    private mutating func add(_ row: EasyLayerRow, of model: String, _ report: inout EasyLayerReport) {
        progress.rows += 1
        let change = model == spine?.model ? EasyLayerNetwork.change(ofType: row.type)?.change : nil
        guard change != .reorganized, change != .cleared, change == nil || !row.isMade else {
            report.markers += 1
            return
        }
        var digest = EasyLayerDigest()
        digest.add(row)
        models[model]?.source.add(digest, bytes: row.payload.count)
        if row.type == EasyLayerBase.eventType { models[model]?.sourceBases += 1 }
    }

    private mutating func add(_ base: EasyLayerBase) {
        var digest = EasyLayerDigest()
        digest.add(base.row)
        models[base.model]?.source.add(digest, bytes: base.payload.count)
        models[base.model]?.sourceBases += 1
    }

    /// Adds the events of the store; false if stopped.
    private mutating func addEvents(of store: Store, _ search: inout OutboxSearch) throws(StoreError) -> Bool {
        var query = EventQuery()
        query.scope = .log
        var cursor = try store.view().cursor(query)
        // By the ids of models, so that an event costs no look-up by name.
        var sums: [UInt32: (model: EasyLayerReport.Model, key: UInt64)] = [:]
        progress.rows = 0
        while try cursor.next() {
            let id = cursor.modelID
            if sums[id] == nil {
                sums[id] = (EasyLayerReport.Model(name: cursor.model), OutboxSearch.key(cursor.model))
            }
            var digest = EasyLayerDigest()
            digest.add(
                type: cursor.type, requestID: cursor.requestID, timestamp: cursor.timestamp.microseconds,
                height: cursor.height, payload: cursor.payload)
            sums[id]?.model.store.add(digest, bytes: cursor.payload.byteCount)
            if cursor.type == EasyLayerBase.eventType { sums[id]?.model.storeBases += 1 }
            if !search.isEmpty {
                search.see(digest, modelKey: sums[id]?.key ?? 0, sequence: cursor.sequence, ordinal: cursor.ordinal)
            }
            progress.rows += 1
            guard progress.rows % 1_024 == 0 else { continue }
            tell(.store)
            guard !control.shouldStop() else { return false }
        }
        for (sum, _) in sums.values {
            var model = models[sum.name] ?? EasyLayerReport.Model(name: sum.name)
            model.store = sum.store
            model.storeBases = sum.storeBases
            models[sum.name] = model
        }
        return true
    }

    private var progress = EasyLayerProgress(phase: .source, total: 0)

    private mutating func tell(_ phase: EasyLayerProgress.Phase) {
        progress.phase = phase
        progress.total = outline.rows
        control.report(progress)
    }
}
