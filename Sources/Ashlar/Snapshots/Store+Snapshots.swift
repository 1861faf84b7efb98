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
    /// States stay what they are: without a snapshot they are replayed from the one below, or from the beginning. Throws `inputOutput`.
    /// Complexity: O(files) small reads.
    @discardableResult
    public func removeSnapshots(of model: String? = nil, heights: ClosedRange<Int64>) throws(SnapshotError) -> Int {
        let entries = try snapshots.entries(ofModel: model, heights: heights)
        try snapshots.remove(entries)
        return entries.count
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
