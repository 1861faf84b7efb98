/// Applies changes of states to their tables, within the transaction that is open.
struct StateWriter {
    /// Keys in one statement: few round trips, and few enough for any database's limits.
    private static let keysAtATime = 64

    private let target: any ExportTarget
    private let tables: [Table]

    init(_ target: any ExportTarget, _ states: [StateTable]) {
        self.target = target
        tables = states.map(\.table)
    }

    /// Deletes the rows that go, then inserts those that come.
    func apply(_ changes: [StateChange]) throws(SQLFailure) {
        for (table, change) in zip(tables, changes) {
            try delete(change.gone, from: table)
            try target.insert(change.rows, into: table)
        }
    }

    private func delete(_ keys: RowBuffer, from table: Table) throws(SQLFailure) {
        var row = 0
        while row < keys.rowCount {
            let count = keys.rowCount - row < 8 ? 1 : Self.keysAtATime
            var parameters: [SQLValue] = []
            for offset in 0..<count {
                // The last statement names its last key as often as it takes: statements of one length are prepared once.
                let place = min(row + offset, keys.rowCount - 1)
                for column in 0..<keys.columnCount { parameters.append(keys.value(row: place, column: column)) }
            }
            try target.run(Self.deletion(count, from: table), parameters)
            row += count
        }
    }

    private static func deletion(_ count: Int, from table: Table) -> String {
        let width = table.key.count
        let condition: String
        if width == 1 {
            let list = (1...count).map { "$\($0)" }.joined(separator: ", ")
            condition = "\(quoted(table.key[0])) IN (\(list))"
        } else {
            let terms = (0..<count).map { key in
                let parts = table.key.enumerated().map { "\(quoted($0.element)) = $\(key * width + $0.offset + 1)" }
                return "(\(parts.joined(separator: " AND ")))"
            }
            condition = terms.joined(separator: " OR ")
        }
        return "DELETE FROM \(quoted(table.name)) WHERE \(condition)"
    }
}
