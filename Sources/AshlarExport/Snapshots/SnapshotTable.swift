import Ashlar

/// Keeps the table `snapshots`: the store's snapshots that are valid for the chain as of the target's cursor.
///
/// Snapshots are files beside the log, made and removed at any time, so the table is looked after now and then, in transactions of its own.
/// Invariant: every row is valid as of the cursor, since a transaction that undoes blocks deletes the rows above them; what was made, removed
/// or has become valid again since the last look is not seen before the next.
struct SnapshotTable {
    private let store: Store
    private let target: any ExportTarget
    private let models: [SnapshotModel]
    private let stateBytes: Int?
    /// Snapshots that are known to have no state to show.
    private var stateless: Set<SnapshotRow> = []

    init(_ exporter: Exporter) {
        store = exporter.store
        target = exporter.target
        models = exporter.options.snapshotStateBytes == nil ? [] : exporter.snapshotModels
        stateBytes = exporter.options.snapshotStateBytes
    }

    /// Deletes the rows of blocks above a height, which were undone. Part of the transaction that is open.
    static func voidAbove(_ height: Int64, _ target: any ExportTarget) throws(SQLFailure) {
        try target.run("DELETE FROM snapshots WHERE height > $1", [.integer(height)])
    }

    /// The snapshots that are valid as of a commit, as far as headers and trailers tell; one that is kept in two files is there once.
    ///
    /// Complexity: O(files) small reads.
    static func valid(
        _ store: Store, asOf sequence: UInt64, _ dialect: SQLDialect
    ) throws(ExportError) -> [(entry: SnapshotEntry, row: SnapshotRow)] {
        guard sequence > 0 else { return [] }
        var valid: [(SnapshotEntry, SnapshotRow)] = []
        var positions: [SnapshotRow.Key: Int] = [:]
        do {
            let view = try store.view(asOf: sequence)
            for entry in try store.snapshots.entries() {
                guard let identity = entry.identity, identity.sequence <= sequence,
                    let row = SnapshotRow(entry, dialect), try entry.problem(in: view) == nil
                else { continue }
                // A copy sorts before what it is a copy of, which counts.
                if let position = positions[row.key] {
                    valid[position] = (entry, row)
                } else {
                    positions[row.key] = valid.count
                    valid.append((entry, row))
                }
            }
        } catch let error as StoreError {
            throw .store(error)
        } catch let error as SnapshotError {
            throw ExportError(error)
        } catch {
            throw .refused(code: "snapshots", message: "\(error)")
        }
        return valid
    }

    /// Makes the table show what is valid as of the target's cursor; writes only what differs.
    ///
    /// Throws `busy` if another exporter has moved the cursor meanwhile.
    mutating func refresh(at cursor: Cursor) throws(ExportError) {
        let valid = try Self.valid(store, asOf: cursor.wholeSequence, target.dialect)
        let (target, name) = (target, target.name)
        do throws(SQLFailure) {
            var present: [SnapshotRow.Key: (row: SnapshotRow, hasState: Bool)] = [:]
            try target.query(
                "SELECT \(SnapshotRow.columns), CASE WHEN state IS NULL THEN 0 ELSE 1 END FROM snapshots", []
            ) { (values) throws(SQLFailure) in
                let row = SnapshotRow(values)
                present[row.key] = (row, values.last?.integer == 1)
            }
            var rows = RowBuffer(columnCount: ExportSchema.snapshots.columns.count)
            var gone: [SnapshotRow.Key] = []
            for (entry, row) in valid {
                let old = present.removeValue(forKey: row.key)
                if let old, old.row == row, old.hasState == wantsState(of: row) { continue }
                let state = try? state(in: entry, of: row)
                if let old, old.row == row, !old.hasState, state == nil { continue }
                if old != nil { gone.append(row.key) }
                row.append(to: &rows, state: state)
            }
            gone += present.keys
            guard !rows.isEmpty || !gone.isEmpty else { return }
            try target.begin()
            try TargetMeta.moveCursor(target, from: "\(cursor)", to: cursor)
            for key in gone {
                try target.run("DELETE FROM snapshots WHERE \(SnapshotRow.Key.condition)", key.values)
            }
            try target.insert(rows, into: ExportSchema.snapshots)
            try target.commit()
        } catch {
            target.rollback()
            throw .database(target: name, error)
        }
    }

    private func wantsState(of row: SnapshotRow) -> Bool {
        guard let stateBytes, row.rawBytes <= Int64(stateBytes), !stateless.contains(row) else { return false }
        return model(of: row) != nil
    }

    private func model(of row: SnapshotRow) -> SnapshotModel? {
        models.first {
            row.key.model.elementsEqual($0.name.utf8) && row.key.schemaVersion == Int64($0.schemaVersion)
        }
    }

    /// The state as JSON that the column keeps, if it is asked for, not too long, and can be read.
    private mutating func state(in entry: SnapshotEntry, of row: SnapshotRow) throws(SnapshotError) -> String? {
        guard wantsState(of: row), let model = model(of: row), let stateBytes else { return nil }
        // What cannot be read, or has no such form, is not tried again and again.
        stateless.insert(row)
        guard let json = try model.json(try store.snapshots.open(entry)), json.utf8.count <= stateBytes else {
            return nil
        }
        var classifier = PayloadClassifier(target.dialect)
        let bytes = Array(json.utf8)
        guard classifier.isJSON(bytes.span.bytes) else { return nil }
        stateless.remove(row)
        return json
    }
}

extension ExportError {
    /// What looking for snapshots failed with.
    init(_ error: SnapshotError) {
        switch error {
        case .store(let error): self = .store(error)
        case .inputOutput(let operation, let path, let code):
            self = .store(.inputOutput(operation: operation, path: path, code: code))
        default: self = .refused(code: "snapshots", message: "\(error)")
        }
    }
}
