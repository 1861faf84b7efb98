import AshlarFormat

extension Store {
    /// The snapshot files beside the log.
    package var snapshots: SnapshotCatalog { SnapshotCatalog(core.storage) }
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
