import Ashlar

extension ExportCheck {
    /// The names of state tables that do not have the rows of the states as of the cursor.
    ///
    /// Complexity: O(the log up to there); memory for the states, and for the keys of all its events.
    func differentStates() throws(ExportError) -> [String] {
        guard !states.isEmpty else { return [] }
        let feeds = try StateFeeds(store, states, target.dialect, from: 0)
        let changes = try feeds.changes(upTo: cursor.wholeSequence, shouldStop: { false }) ?? []
        var different: [String] = []
        for (place, state) in states.enumerated() {
            var (expected, found) = (RangeSum(), RangeSum())
            if place < changes.count {
                let rows = changes[place].rows
                for row in 0..<rows.rowCount {
                    expected.add(Self.digest((0..<rows.columnCount).map { rows.value(row: row, column: $0) }))
                }
            }
            let columns = state.table.columns.map { quoted($0.name) }.joined(separator: ", ")
            do throws(SQLFailure) {
                try target.query("SELECT \(columns) FROM \(quoted(state.table.name))", []) { (row) throws(SQLFailure) in
                    found.add(Self.digest(row))
                }
            } catch {
                throw .database(target: target.name, error)
            }
            if expected != found { different.append(state.table.name) }
        }
        return different
    }

    private static func digest(_ values: [SQLValue]) -> UInt64 {
        var digest = RowDigest()
        for value in values {
            digest.add(value.integer)
            digest.add(value.bytes ?? value.text.map { Array($0.utf8) })
        }
        return digest.value
    }
}
