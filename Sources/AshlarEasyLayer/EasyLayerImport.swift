package import Ashlar
import AshlarExport
import AshlarFormat

/// Takes over what EasyLayer stored into a new store.
///
/// With a spine, every block of it is appended and every rollback is a real one. The rows of a height, late ones too, go into the block of
/// that height that stands in the end; the event that brought blocks goes into the last of them, also if that was undone. Events of
/// reorganisation and clearing become rollbacks and are no events of the store, and neither are rows of the spine that an export made of a
/// store's chain (`EasyLayerExport`).
///
/// Without a spine, each height that has rows gets a block, and heights may be skipped. Its hash stands in for the one nobody knows: 16
/// bytes, the height (highest byte first) and a digest of its rows. It stands on the block before; the first one on zeros. Its time is
/// that of its first row.
///
/// Rows without a height come last, by model, file and id, as floating batches. Versions are not kept: the store counts its own.
///
/// The source must stand still meanwhile. Every commit carries a mark, so an import that was interrupted goes on where it was; with a source
/// that has changed since it is refused.
package struct EasyLayerImport {
    /// How blocks are found.
    package enum Spine: Sendable, Hashable {
        /// From the only network model there is, if there is one.
        case automatic
        /// From the network model with this name.
        case model(String)
        /// Not at all: all hashes stand in.
        case none
    }

    /// What is taken over.
    let files: EasyLayerFiles
    /// The chain; nil if there is none.
    let spine: EasyLayerSpine?

    /// An import of these databases.
    package init(_ files: EasyLayerFiles, spine: Spine = .automatic) throws(EasyLayerError) {
        self.files = files
        switch spine {
        case .none: self.spine = nil
        case .automatic: self.spine = try EasyLayerSpine.find(in: files)
        case .model(let name):
            guard files.models.contains(name) else { throw .layout("there is no model `\(name)`") }
            self.spine = EasyLayerSpine(files, model: name)
        }
    }

    /// Writes the store at `path`, or goes on with it, and compares it with the source.
    ///
    /// `options` are those of the store's writer; what it is created with is chosen here. `stop` is asked before each commit: true ends the
    /// import early, without a comparison. Throws `otherImport` if something else is in the store. Complexity: O(bytes of the source), read
    /// three times; holds some rows of each model at a time.
    package func run(
        into path: String, options: WriterOptions = WriterOptions(), stop: () -> Bool = { false }
    ) throws(EasyLayerError) -> EasyLayerReport {
        let outline = try EasyLayerOutline(files, spine)
        var options = options
        var creation = CreationOptions()
        creation.allowsHeightGaps = spine == nil
        creation.hashNotation = outline.network == .evm ? .prefixedHex : .hex
        options.creation = creation
        let writer = try storing { () throws(StoreError) in try Writer.open(at: path, options: options) }
        var run = try EasyLayerRun(files, spine, outline, writer)
        try run.writeChain(stop)
        try run.writeFloating(stop)
        var report = run.report
        let store = try run.finish()
        if !report.isStopped { try compare(with: store, &report) }
        return report
    }

    /// Adds up the rows of the source and the events of the store.
    private func compare(with store: Store, _ report: inout EasyLayerReport) throws(EasyLayerError) {
        var sums: [String: (source: EasyLayerSum, store: EasyLayerSum)] = [:]
        for model in files.models { sums[model] = try sourceSum(model, &report) }
        let stored = try storing { () throws(StoreError) in try Self.storeSums(store) }
        for (model, sum) in stored { sums[model, default: (EasyLayerSum(), EasyLayerSum())].store = sum }
        report.models = sums.map { EasyLayerReport.Model(name: $0, source: $1.source, store: $1.store) }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private func sourceSum(
        _ model: String, _ report: inout EasyLayerReport
    ) throws(EasyLayerError) -> (source: EasyLayerSum, store: EasyLayerSum) {
        var sum = EasyLayerSum()
        for file in files.files.indices {
            var id = Int64.min
            while true {
                let page = try files.page(
                    model, in: file, where: "\"id\" > CAST($1 AS bigint)", [.integer(id)], order: "\"id\"")
                for row in page.rows {
                    let change = model == spine?.model ? EasyLayerNetwork.change(ofType: row.type)?.change : nil
                    if change == .reorganized || change == .cleared || change != nil && row.isMade {
                        report.markers += 1
                        continue
                    }
                    var digest = EasyLayerDigest()
                    digest.add(row)
                    sum.add(digest, bytes: row.payload.count)
                }
                guard !page.isWhole, let last = page.last else { break }
                id = last.id
            }
        }
        return (sum, EasyLayerSum())
    }

    private static func storeSums(_ store: Store) throws(StoreError) -> [String: EasyLayerSum] {
        var query = EventQuery()
        query.scope = .log
        var cursor = try store.view().cursor(query)
        var sums: [UInt32: EasyLayerSum] = [:]
        var names: [UInt32: String] = [:]
        while try cursor.next() {
            var digest = EasyLayerDigest()
            digest.add(
                type: cursor.type, requestID: cursor.requestID, timestamp: cursor.timestamp.microseconds,
                height: cursor.height, payload: cursor.payload)
            sums[cursor.modelID, default: EasyLayerSum()].add(digest, bytes: cursor.payload.byteCount)
            if names[cursor.modelID] == nil { names[cursor.modelID] = cursor.model }
        }
        var named: [String: EasyLayerSum] = [:]
        for (id, sum) in sums { named[names[id] ?? ""] = sum }
        return named
    }
}
