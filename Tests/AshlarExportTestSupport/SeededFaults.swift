package import AshlarExport

/// Faults that are put into each table of a target, one at a time, to see whether a check names them.
package struct SeededFaults {
    /// How many faults were seeded.
    package private(set) var count = 0
    /// What a check said other than it should.
    package private(set) var failures: [String] = []

    private let target: any ExportTarget
    private let check: () throws -> CheckReport

    /// Faults in a target that is sound now; `check` compares it.
    package init(_ target: any ExportTarget, check: @escaping () throws -> CheckReport) {
        self.target = target
        self.check = check
    }

    /// Seeds all kinds of faults into one table: a row that is gone, each column changed, two rows that changed places, a row too many.
    ///
    /// The check must name this table, or `swapped` where two rows changed places.
    package mutating func seed(_ table: Table, swapped: String? = nil) throws {
        let columns = table.columns.map { quoted($0.name) }.joined(separator: ", ")
        let order = table.key.map(quoted).joined(separator: ", ")
        let all = try target.rows("SELECT \(columns) FROM \(quoted(table.name)) ORDER BY \(order)")
        let height = table.columns.firstIndex { $0.name == "height" }
        let rows = all.filter { row in height.map { !row[$0].isNull } ?? true }
        guard !rows.isEmpty else { return failures.append("\(table.name) has no rows") }
        let row = rows[rows.count / 2]
        try seed(table, [row], [], .missing, "deleted \(row)")
        for column in table.columns.indices where !table.key.contains(table.columns[column].name) {
            guard let changed = Self.changed(row, column, table) else { continue }
            let kind: CheckReport.Problem = table.columns.map(\.name) == ["id", "name"] ? .missing : .different
            try seed(table, [row], [changed], kind, "column \(table.columns[column].name) of \(row)")
        }
        if let extra = Self.extra(row, table) { try seed(table, [], [extra], .unexpected, "added \(extra)") }
        try swap(rows, table, swapped ?? table.name)
    }

    private mutating func swap(_ rows: [[SQLValue]], _ table: Table, _ named: String) throws {
        let isKey = table.columns.map { table.key.contains($0.name) }
        func content(_ row: [SQLValue]) -> [SQLValue] { row.indices.filter { !isKey[$0] }.map { row[$0] } }
        // A mark must be later than the row.
        let mark = table.columns.firstIndex { $0.name == "undone_by" }
        let rows = rows.filter { row in mark.map { row[$0].isNull } ?? true }
        guard let one = rows.first, let other = rows.last(where: { content($0) != content(one) }) else { return }
        let (first, second) = (
            one.indices.map { isKey[$0] ? other[$0] : one[$0] }, one.indices.map { isKey[$0] ? one[$0] : other[$0] }
        )
        try seed(table, [one, other], [first, second], .different, "swapped \(one) and \(other)", named)
    }

    /// Replaces rows, checks, and puts them back.
    private mutating func seed(
        _ table: Table, _ gone: [[SQLValue]], _ new: [[SQLValue]], _ problem: CheckReport.Problem, _ what: String,
        _ named: String? = nil
    ) throws {
        try replace(gone, by: new, table)
        count += 1
        let report = try check()
        let found = report.differences.first { $0.table == named ?? table.name }
        if report.isSound || report.first?.table != named ?? table.name || found?.problem != problem || found?.key == ""
        {
            // A snapshot that is not in the table is late, not wrong, but named all the same.
            let isLate = table.name == "snapshots" && problem == .missing && report.lateSnapshots.count == 1
            if !isLate { failures.append("\(table.name): \(what): \(report)") }
        }
        try replace(new, by: gone, table)
    }

    private func replace(_ old: [[SQLValue]], by new: [[SQLValue]], _ table: Table) throws(SQLFailure) {
        let condition = table.key.enumerated().map { "\(quoted($0.element)) = $\($0.offset + 1)" }
        try target.begin()
        for row in old {
            let key = table.key.compactMap { name in table.columns.firstIndex { $0.name == name }.map { row[$0] } }
            try target.run("DELETE FROM \(quoted(table.name)) WHERE \(condition.joined(separator: " AND "))", key)
        }
        var rows = RowBuffer(columnCount: table.columns.count)
        for value in new.joined() { rows.append(value) }
        try target.insert(rows, into: table)
        try target.commit()
    }

    /// The row with another value in a column; nil if no other can stand there.
    private static func changed(_ row: [SQLValue], _ column: Int, _ table: Table) -> [SQLValue]? {
        var row = row
        let name = table.columns[column].name
        // One of the two payloads is always null.
        if name.hasPrefix("payload"), row[column].isNull { return nil }
        switch (table.columns[column].type, row[column]) {
        case (.integer, .null): row[column] = .integer(name == "undone_by" ? .max : 7)
        case (.timestamp, .null): row[column] = .integer(7)
        case (.integer, .integer(let value)), (.timestamp, .integer(let value)): row[column] = .integer(value + 1)
        case (.bytes, let value): row[column] = .bytes((value.bytes ?? []) + [1])
        case (.json, let value): row[column] = .text(value.text == "17" ? "18" : "17")
        case (.numeric, let value):
            let digits = String(repeating: "0", count: 77) + "3"
            row[column] = .text(value.text == digits ? String(digits.dropLast()) + "4" : digits)
        case (.text, let value): row[column] = .text((value.text ?? "") + "x")
        default: return nil
        }
        return row
    }

    /// The row under a key that no other has; nil if there is no other key.
    private static func extra(_ row: [SQLValue], _ table: Table) -> [SQLValue]? {
        // A snapshot of another schema version may have been there.
        let name = table.name == "snapshots" ? "sequence" : table.key.last
        guard table.checks != ["id = 1"], let column = table.columns.firstIndex(where: { $0.name == name })
        else { return nil }
        var row = row
        if let mark = table.columns.firstIndex(where: { $0.name == "undone_by" }) { row[mark] = .null }
        switch row[column] {
        case .integer(let value): row[column] = .integer(value + 100_000)
        case .text(let value): row[column] = .text(value + " of nobody")
        case .bytes(let value): row[column] = .bytes(value + [0])
        default: return nil
        }
        // The names of models and types are unique.
        if table.columns.map(\.name) == ["id", "name"], let name = row[1].text { row[1] = .text(name + " of nobody") }
        return row
    }
}
