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
/// Where the first events of a model are gone, its oldest usable snapshot becomes an event of it; see `EasyLayerBase`.
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
    /// `options` are those of the store's writer; what it is created with is chosen here. `report` is told after each commit and page how
    /// far it is. `shouldStop` is asked at least as often; once it says true the import ends early, without a comparison, and the same call
    /// goes on there. Throws `otherImport` if something else is in the store. Complexity: O(bytes of the source), read three times; holds
    /// some rows of each model at a time.
    package func run(
        into path: String, options: WriterOptions = WriterOptions(), shouldStop: @escaping () -> Bool = { false },
        report tell: @escaping (EasyLayerProgress) -> Void = { _ in }
    ) throws(EasyLayerError) -> EasyLayerReport {
        let control = EasyLayerControl(shouldStop: shouldStop, report: tell)
        tell(EasyLayerProgress(phase: .outline, total: 0))
        let outline = try EasyLayerOutline(files, spine, stop: shouldStop)
        guard !shouldStop() else {
            var report = EasyLayerReport()
            report.isStopped = true
            return report
        }
        var options = options
        var creation = CreationOptions()
        creation.allowsHeightGaps = spine == nil
        creation.hashNotation = outline.network == .evm ? .prefixedHex : .hex
        options.creation = creation
        let writer = try storing { () throws(StoreError) in try Writer.open(at: path, options: options) }
        var run = try EasyLayerRun(files, spine, outline, writer, control)
        try run.writeChain()
        try run.writeFloating()
        var report = run.report
        report.bases = outline.bases
        let store = try run.finish()
        guard !report.isStopped else { return report }
        var comparison = EasyLayerComparison(files, spine, outline, control)
        try comparison.compare(with: store, &report)
        return report
    }
}
