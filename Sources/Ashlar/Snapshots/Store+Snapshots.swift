import AshlarFormat

extension Store {
    /// The snapshot files beside the log.
    package var snapshots: SnapshotCatalog { SnapshotCatalog(core.storage) }

    /// The heights at which there are snapshots of a model, ascending; also of such as are of no use any more.
    ///
    /// Throws `inputOutput`. Complexity: O(files) small reads.
    public func snapshotHeights(of model: String) throws(SnapshotError) -> [Int64] {
        try snapshots.entries(ofModel: model, heights: Int64.min...Int64.max).compactMap { $0.identity?.height }
            .sorted()
    }

    /// Removes the snapshots of a model (of all models if nil) with heights in a range, whatever retention says, and tells how many.
    ///
    /// States stay what they are: without a snapshot they are replayed from the one below, or from the beginning. Those from which a pruned log is
    /// replayed are left where they are. Throws `inputOutput`.
    /// Complexity: O(files) small reads.
    @discardableResult
    public func removeSnapshots(of model: String? = nil, heights: ClosedRange<Int64>) throws(SnapshotError) -> Int {
        try core.retention.withLock { (_) throws(SnapshotError) in
            let entries = try removableSnapshots(of: model, heights: heights)
            try snapshots.remove(entries)
            return entries.count
        }
    }

    /// The snapshots of a model (of all if nil) with heights in a range, but for those from which a pruned log is replayed.
    package func removableSnapshots(
        of model: String?, heights: ClosedRange<Int64>
    ) throws(SnapshotError) -> [SnapshotEntry] {
        let asked = try snapshots.entries(ofModel: model, heights: heights)
        let view: View
        do throws(StoreError) { view = try self.view() } catch { throw .store(error) }
        guard view.firstHeight > 0 else { return asked }
        var bases: Set<String> = []
        for model in Set(asked.compactMap { $0.identity?.model }) { bases.formUnion(try baseFiles(of: model, view)) }
        return asked.filter { !bases.contains($0.fileName) }
    }

    /// The files of the lowest snapshots of a model, of each schema, from which a pruned log can be replayed.
    private func baseFiles(of model: String, _ view: View) throws(SnapshotError) -> [String] {
        var valid: [UInt32: [SnapshotEntry]] = [:]
        for entry in try snapshots.entries(ofModel: model, heights: Int64.min...Int64.max) {
            guard let identity = entry.identity, try entry.problem(in: view) == nil else { continue }
            valid[identity.schemaVersion, default: []].append(entry)
        }
        return valid.values.flatMap { entries in
            let base = SnapshotCatalog.base(of: entries, view.firstHeight)
            return entries.filter { $0.place == base }.map(\.fileName)
        }
    }
}

extension SnapshotEntry {
    /// Why this file is of no use in `view`, or nil if its model's state can be restored from it; its chunks are not looked at.
    package func problem(in view: View) throws(SnapshotError) -> SnapshotSkip? {
        switch contents {
        case .unusable(let error): .unusable(error)
        case .whole(let header, _): try SnapshotCatalog.skip(header.identity, nil, view)
        }
    }
}
