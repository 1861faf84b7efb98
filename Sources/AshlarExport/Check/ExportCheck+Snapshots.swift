import Ashlar

extension ExportCheck {
    /// Compares the table of snapshots with the files.
    ///
    /// The files come and go without the exporter, so a row that is missing, or whose file is gone, is late and no difference: the next look
    /// of an exporter puts it right. A difference is what can never have been so: a row that says other than the file of that name, that is of
    /// no block of the chain as of the cursor, or of a later commit.
    func checkSnapshots(_ report: inout CheckReport) throws(ExportError) {
        report.tables += 1
        var valid: [SnapshotRow.Key: (entry: SnapshotEntry, row: SnapshotRow)] = [:]
        for (entry, row) in try SnapshotTable.valid(store, asOf: cursor.wholeSequence, target.dialect) {
            valid[row.key] = (entry, row)
        }
        var found: [(row: SnapshotRow, state: String?)] = []
        do throws(SQLFailure) {
            try target.query("SELECT \(SnapshotRow.columns), state FROM snapshots ORDER BY model, height, sequence", [])
            {
                (row) throws(SQLFailure) in found.append((SnapshotRow(row), row.last?.text))
            }
        } catch {
            throw .database(target: target.name, error)
        }
        var first: (SnapshotRow, CheckReport.Problem)?
        for (row, state) in found {
            if let (entry, expected) = valid.removeValue(forKey: row.key) {
                let isSame = try expected == row ? isState(state, in: entry) : false
                if first == nil, !isSame { first = (row, .different) }
            } else if try isPossible(row) {
                report.lateSnapshots.append("\(row.key): the file is gone")
            } else if first == nil {
                first = (row, .unexpected)
            }
        }
        for key in valid.keys.map(\.description).sorted() {
            report.lateSnapshots.append("\(key): not in the table yet")
        }
        guard let (row, problem) = first else { return }
        report.differences.append(
            CheckReport.Difference(
                table: "snapshots", key: "\(row.key)", sequence: row.key.sequence, height: row.key.height,
                problem: problem))
    }

    /// Whether a text is the state in a snapshot as JSON, as far as its model is known; none always is.
    private func isState(_ text: String?, in entry: SnapshotEntry) throws(ExportError) -> Bool {
        guard let text, let identity = entry.identity,
            let model = snapshotModels.first(where: {
                $0.schemaVersion == identity.schemaVersion && $0.name.utf8.elementsEqual(identity.model.utf8)
            })
        else { return true }
        do throws(SnapshotError) {
            guard let json = try model.json(try store.snapshots.open(entry)) else { return false }
            return digest(ofJSON: json) == digest(ofJSON: text)
        } catch {
            throw ExportError(error)
        }
    }

    private func digest(ofJSON text: String) -> UInt64 {
        var digest = RowDigest()
        digest.add(.text(text), .json, target.dialect)
        return digest.value
    }

    /// Whether a snapshot that is not there any more may have been: of a block that is canonical as of the cursor.
    private func isPossible(_ row: SnapshotRow) throws(ExportError) -> Bool {
        guard row.key.sequence > 0, row.key.sequence <= Int64(clamping: cursor.wholeSequence) else { return false }
        do throws(StoreError) {
            let block = try store.view(asOf: cursor.wholeSequence).block(height: row.key.height)
            return block.map { $0.block.hash.bytes == row.hash && $0.sequence <= UInt64(row.key.sequence) } ?? false
        } catch {
            throw .store(error)
        }
    }
}
