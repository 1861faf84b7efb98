import AshlarFormat
import AshlarStorage

/// A snapshot that retention gives up, and why.
package struct RetiredSnapshot: Sendable {
    package enum Reason: Sendable {
        /// Enough newer ones are there.
        case surplus
        /// It cannot be used: undone, not in the log, or of a form its model has left behind.
        case void(SnapshotSkip)
    }

    package let entry: SnapshotEntry
    package let reason: Reason
}

extension SnapshotCatalog {
    /// What `retention` gives up, as the chain stands in `view`.
    ///
    /// It counts the snapshots of each model and schema version apart; those of a version that is not in `schemas` any more go once the present
    /// one has `minKeep`. Files that are damaged, foreign or newer are left alone: nobody can say what they are worth. Of a pruned log the lowest
    /// snapshot from which it can be replayed stays always, with its copy (`lowestReplayable` is the lowest height that was not pruned).
    package func retired(
        by retention: SnapshotRetention, in view: View, schemas: [String: UInt32] = [:], lowestReplayable: Int64? = nil
    ) throws(SnapshotError) -> [RetiredSnapshot] {
        let lowestReplayable = lowestReplayable ?? view.firstHeight
        var retired: [RetiredSnapshot] = []
        var valid: [Family: [SnapshotEntry]] = [:]
        for entry in try entries() {
            guard let identity = entry.identity, identity.storeID == view.core.storeID else { continue }
            switch try Self.skip(identity, nil, view) {
            case nil: valid[Family(identity), default: []].append(entry)
            // A reader of the durable part does not see all commits: what is beyond them is not void.
            case .notInLog where !view.core.isWriter: continue
            case .some(let reason): retired.append(RetiredSnapshot(entry: entry, reason: .void(reason)))
            }
        }
        for (family, entries) in valid.sorted(by: { $0.key < $1.key }) {
            let entries = entries.sorted { Self.isBetter($0, $1) }
            if let schema = schemas[family.model], schema != family.schemaVersion,
                (valid[Family(model: family.model, schemaVersion: schema)] ?? []).count >= max(retention.minKeep, 1)
            {
                let reason = RetiredSnapshot.Reason.void(.otherSchema(family.schemaVersion))
                retired += entries.map { RetiredSnapshot(entry: $0, reason: reason) }
                continue
            }
            retired += Self.surplus(entries, retention, tip: view.tipHeight ?? -1, lowestReplayable).map {
                RetiredSnapshot(entry: $0, reason: .surplus)
            }
        }
        return retired
    }

    /// Retires what `retention` gives up, and returns it. Throws `inputOutput`, after which the rest is retired the next time.
    @discardableResult
    package func retire(
        by retention: SnapshotRetention, in view: View, schemas: [String: UInt32] = [:], lowestReplayable: Int64? = nil
    ) throws(SnapshotError) -> [RetiredSnapshot] {
        let retired = try retired(by: retention, in: view, schemas: schemas, lowestReplayable: lowestReplayable)
        try remove(retired.map(\.entry))
        return retired
    }

    /// The snapshots of `model` (of all if nil) whose height is in `heights`: what deleting by height concerns.
    package func entries(ofModel model: String?, heights: some RangeExpression<Int64>) throws(SnapshotError)
        -> [SnapshotEntry]
    {
        try entries().filter { entry in
            guard let identity = entry.identity, heights.contains(identity.height) else { return false }
            return model.map { identity.model.utf8.elementsEqual($0.utf8) } ?? true
        }
    }

    /// Removes files, durably. One that is gone already is none the worse.
    package func remove(_ entries: [SnapshotEntry]) throws(SnapshotError) {
        guard !entries.isEmpty else { return }
        try snapshotting { () throws(StorageError) in
            for entry in entries {
                do throws(StorageError) {
                    try storage.remove(entry.fileName)
                } catch {
                    if error.code != SystemCalls.notFound { throw error }
                }
            }
            try storage.syncDirectory()
        }
    }

    /// Those of `entries`, best first, that nothing keeps. A snapshot and its copy count once.
    private static func surplus(
        _ entries: [SnapshotEntry], _ retention: SnapshotRetention, tip: Int64, _ lowestReplayable: Int64
    ) -> [SnapshotEntry] {
        let base = base(of: entries, lowestReplayable)
        var places: [SnapshotPlace] = []
        return entries.filter { entry in
            guard let place = entry.place else { return false }
            if places.last != place { places.append(place) }
            return places.count > max(retention.minKeep, 1) && tip - place.height > max(retention.keepWindow, 0)
                && place != base
        }
    }

    /// Where the lowest of `entries` stands from which a pruned log can be replayed; nil if nothing was pruned.
    static func base(of entries: [SnapshotEntry], _ lowestReplayable: Int64) -> SnapshotPlace? {
        // The state before the lowest block that can be replayed is what replay starts from.
        guard lowestReplayable > 0 else { return nil }
        return entries.compactMap(\.place).filter { $0.height >= lowestReplayable - 1 }.min()
    }
}

/// Snapshots that stand in for one another.
private struct Family: Hashable, Comparable {
    var model: String
    var schemaVersion: UInt32

    init(model: String, schemaVersion: UInt32) {
        self.model = model
        self.schemaVersion = schemaVersion
    }

    init(_ identity: SnapshotIdentity) { self.init(model: identity.model, schemaVersion: identity.schemaVersion) }

    static func < (left: Family, right: Family) -> Bool {
        (left.model, left.schemaVersion) < (right.model, right.schemaVersion)
    }
}
