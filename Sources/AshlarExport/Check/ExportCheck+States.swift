import Ashlar

extension ExportCheck {
    /// Compares the tables of states with the states as of the cursor.
    ///
    /// Complexity: O(the log up to there); memory for the states, and for the keys of all their events.
    func checkStates(_ report: inout CheckReport) throws(ExportError) {
        guard !states.isEmpty else { return }
        let feeds = try StateFeeds(store, states, target.dialect, from: 0)
        let changes = try feeds.changes(upTo: cursor.wholeSequence, shouldStop: { _ in false }) ?? []
        report.tables += states.count
        for (place, state) in states.enumerated() {
            let expected =
                place < changes.count ? changes[place].rows : RowBuffer(columnCount: state.table.columns.count)
            guard let difference = try difference(state.table, expected) else { continue }
            report.differentStates.append(state.table.name)
            report.differences.append(difference)
        }
    }

    /// The first row that differs: of those that the target has, then of those that it lacks.
    private func difference(_ table: Table, _ expected: RowBuffer) throws(ExportError) -> CheckReport.Difference? {
        var rows: [UInt64: Int] = [:]
        for row in 0..<expected.rowCount { rows[digest(values(row, expected).prefix(table.key.count), table)] = row }
        var first: ([SQLValue], CheckReport.Problem)?
        let columns = table.columns.map { quoted($0.name) }.joined(separator: ", ")
        let key = table.key.map(quoted).joined(separator: ", ")
        do throws(SQLFailure) {
            try target.query("SELECT \(columns) FROM \(quoted(table.name)) ORDER BY \(key)", []) {
                (found) throws(SQLFailure) in
                let row = rows.removeValue(forKey: digest(found.prefix(table.key.count), table))
                guard first == nil else { return }
                guard let row else {
                    first = (found, .unexpected)
                    return
                }
                if digest(values(row, expected)[...], table) != digest(found[...], table) {
                    first = (found, .different)
                }
            }
        } catch {
            throw .database(target: target.name, error)
        }
        if first == nil, let missing = rows.values.min() { first = (values(missing, expected), .missing) }
        return first.map { row, problem in
            let key = zip(table.key, row).map { "\($0) \(Self.shown($1))" }.joined(separator: ", ")
            return CheckReport.Difference(table: table.name, key: key, problem: problem)
        }
    }

    private func values(_ row: Int, _ rows: RowBuffer) -> [SQLValue] {
        (0..<rows.columnCount).map { rows.value(row: row, column: $0) }
    }

    private func digest(_ values: ArraySlice<SQLValue>, _ table: Table) -> UInt64 {
        var digest = RowDigest()
        for (value, column) in zip(values, table.columns) { digest.add(value, column.type, target.dialect) }
        return digest.value
    }

    /// A value of a key, cut off where it is long.
    private static func shown(_ value: SQLValue) -> String {
        switch value {
        case .null: return "null"
        case .integer(let integer): return "\(integer)"
        case .real(let real): return "\(real)"
        case .text(let text): return text.count > 60 ? text.prefix(60) + "…" : text
        case .bytes(let bytes):
            let digits = bytes.prefix(30).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            return "0x" + digits.joined() + (bytes.count > 30 ? "…" : "")
        }
    }
}
