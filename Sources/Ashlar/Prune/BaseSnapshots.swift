import AshlarFormat
import AshlarStorage

/// Finds and keeps the snapshots from which a pruned log is replayed.
///
/// What was derived becomes primary once the log below is gone: so each is read in full before anything goes, and kept in two files.
struct BaseSnapshots {
    let catalog: SnapshotCatalog
    let view: View
    let finalHeight: Int64
    /// The valid snapshots, and which files were found whole: many points may be asked about, and each file is read once.
    private var known: [SnapshotEntry]?
    private var wholeFiles: [String: Bool] = [:]

    init(catalog: SnapshotCatalog, view: View, finalHeight: Int64) {
        (self.catalog, self.view, self.finalHeight) = (catalog, view, finalHeight)
    }

    /// A model's base: where it stands and the files that hold it.
    struct Base {
        var model: String
        var place: SnapshotPlace
        /// At least one; each was read in full.
        var files: [SnapshotEntry]
    }

    /// All models of which there are snapshots.
    mutating func models() throws(SnapshotError) -> Set<String> {
        Set(try valid().compactMap { $0.identity?.model })
    }

    /// The lowest whole snapshot of `model` from which everything behind `closing` can be replayed, of its newest schema; nil if there is none.
    ///
    /// It stands at or below the final height, so that no reorganisation can make it void.
    ///
    /// Complexity: reads every byte of it, once for all points.
    mutating func base(of model: String, above closing: ChainState) throws(SnapshotError) -> Base? {
        let usable = try valid().filter { entry in
            guard let identity = entry.identity, identity.model.utf8.elementsEqual(model.utf8) else { return false }
            return identity.height >= closing.tipHeight && identity.height <= finalHeight
                && identity.sequence >= closing.sequence
        }
        guard let schema = usable.compactMap({ $0.identity?.schemaVersion }).max() else { return nil }
        let candidates = usable.filter { $0.identity?.schemaVersion == schema }
        for place in Set(candidates.compactMap(\.place)).sorted() {
            let whole = candidates.filter { $0.place == place && isWhole($0) }
            if !whole.isEmpty { return Base(model: model, place: place, files: whole) }
        }
        return nil
    }

    private mutating func isWhole(_ entry: SnapshotEntry) -> Bool {
        if let known = wholeFiles[entry.fileName] { return known }
        let isWhole = (try? catalog.open(entry).verify()) != nil
        wholeFiles[entry.fileName] = isWhole
        return isWhole
    }

    private mutating func valid() throws(SnapshotError) -> [SnapshotEntry] {
        if let known { return known }
        var found: [SnapshotEntry] = []
        for entry in try catalog.entries() {
            guard let identity = entry.identity else { continue }
            if try SnapshotCatalog.skip(identity, nil, view) == nil { found.append(entry) }
        }
        known = found
        return found
    }

    /// Makes sure that a base is kept in two files, durably; the new one is read in full too.
    func keepTwice(_ base: Base) throws(SnapshotError) {
        guard base.files.count < 2, let source = base.files.first, let identity = source.identity else { return }
        let name = SnapshotName(identity)
        let target = source.fileName == name.file ? name.copyFile : name.file
        try snapshotting { () throws(StorageError) in
            try copy(source.fileName, to: target + SegmentName.temporarySuffix)
            try catalog.storage.rename(target + SegmentName.temporarySuffix, to: target)
            try catalog.storage.syncDirectory()
        }
        try SnapshotFile(target, in: catalog.storage).verify()
    }

    private func copy(_ source: String, to target: String) throws(StorageError) {
        let storage = catalog.storage
        do throws(StorageError) { try storage.remove(target) } catch {
            if error.code != SystemCalls.notFound { throw error }
        }
        let (from, to) = (try storage.open(source, .read), try storage.open(target, .create))
        var offset = 0
        while true {
            let bytes = try from.read(at: offset, count: 1 << 20)
            guard !bytes.isEmpty else { break }
            try to.write(bytes, at: offset)
            offset += bytes.count
        }
        try to.sync()
    }
}
