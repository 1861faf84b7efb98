/// A table of a map, and what fills it.
///
/// Its columns are `sequence` and `ordinal` (the key: which event it is), `height` (null for a floating event), `time` (the block's,
/// or the event's own), `undone_by` (the sequence that undid it, else null), and then those of the map. Its indexes hold the
/// rows that are not undone: one over `height`, and those that the map asks for.
package struct TypedTable {
    /// What the map says of it.
    package let mapped: MappedTable
    /// The table.
    package let table: Table
    /// The name of the view of its rows that are not undone.
    package let viewName: String
    /// How many values did not fit, by column of the map.
    package private(set) var misfits: [Int]
    /// The first value that did not fit.
    package private(set) var firstMisfit: Misfit?

    private var tree: PathTree
    private var value: ColumnValue

    /// A table for one kind of database.
    package init(_ mapped: MappedTable, dialect: SQLDialect) {
        self.mapped = mapped
        table = Self.table(mapped)
        viewName = TableNames.view(mapped.name)
        misfits = Array(repeating: 0, count: mapped.columns.count)
        tree = PathTree(
            mapped.columns.map { column in
                if case .path(let path) = column.source { path } else { nil }
            })
        value = ColumnValue(dialect)
    }

    private static func table(_ mapped: MappedTable) -> Table {
        let common = [
            Column("sequence", .integer), Column("ordinal", .integer), Column("height", .integer, optional: true),
            Column("time", .timestamp, optional: true), Column("undone_by", .integer, optional: true),
        ]
        let condition = "undone_by IS NULL"
        let indexed = ["height"] + mapped.columns.filter(\.isIndexed).map(\.name)
        return Table(
            mapped.name,
            common + mapped.columns.map { Column($0.name, $0.kind.columnType, optional: true) },
            key: ["sequence", "ordinal"],
            indexes: indexed.map { TableIndex(TableNames.index(mapped.name, $0), [$0], where: condition) })
    }

    /// Number of values that did not fit.
    package var misfitCount: Int { misfits.reduce(0, +) }

    /// Appends the row of an event. `model` is the name of its model, in UTF-8.
    ///
    /// A value that does not fit becomes null and is counted, or is thrown, as the map says; then no part of the row stays. If the
    /// payload is not JSON, no column with a path fits.
    ///
    /// - Complexity: O(*n*) in the payload's length; it is walked once.
    package mutating func append(
        payload: RawSpan, model: RawSpan, sequence: UInt64, ordinal: Int, height: Int64?, time: Int64?,
        to rows: inout RowBuffer
    ) throws(Misfit) {
        rows.append(Int64(clamping: sequence))
        rows.append(Int64(ordinal))
        rows.append(height)
        rows.append(time)
        rows.appendNull()
        let isJSON = tree.walk(payload)
        for index in mapped.columns.indices {
            if append(index, payload, isJSON: isJSON, model: model, to: &rows) { continue }
            let misfit = misfit(index, payload, model, sequence, ordinal)
            misfits[index] += 1
            firstMisfit = firstMisfit ?? misfit
            guard mapped.onMisfit == .null else {
                rows.removePartialRow()
                throw misfit
            }
            rows.appendNull()
        }
    }

    private mutating func append(
        _ index: Int, _ payload: RawSpan, isJSON: Bool, model: RawSpan, to rows: inout RowBuffer
    ) -> Bool {
        let column = mapped.columns[index]
        if case .model = column.source { return value.append(model, .string, as: column, to: &rows) }
        guard isJSON else { return false }
        let range = tree.found[index]
        if range.isEmpty || payload.unsafeLoad(fromByteOffset: range.lowerBound, as: UInt8.self) == UInt8(ascii: "n") {
            rows.appendNull()
            return true
        }
        return value.append(range, of: payload, as: column, to: &rows)
    }

    private func misfit(
        _ index: Int, _ payload: RawSpan, _ model: RawSpan, _ sequence: UInt64, _ ordinal: Int
    ) -> Misfit {
        let range = tree.found[index]
        var shown = range.isEmpty ? payload : payload.extracting(range)
        if case .model = mapped.columns[index].source { shown = model }
        let isCut = shown.byteCount > Misfit.shownBytes
        let prefix = shown.extracting(first: Misfit.shownBytes)
        return Misfit(
            table: mapped.name, column: mapped.columns[index].name, kind: mapped.columns[index].kind,
            sequence: sequence,
            ordinal: ordinal, value: prefix.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } + (isCut ? "…" : "")
        )
    }
}

/// A value that does not fit its column.
package struct Misfit: Error, Sendable, Hashable {
    /// How much of a value is shown.
    static let shownBytes = 60

    /// The table.
    package let table: String
    /// The column.
    package let column: String
    /// What the column holds.
    package let kind: MappedColumn.Kind
    /// The sequence of the event's commit.
    package let sequence: UInt64
    /// Which event of the commit it is.
    package let ordinal: Int
    /// How the value begins.
    package let value: String
}

extension Misfit: CustomStringConvertible {
    package var description: String {
        let shown = String(String.UnicodeScalarView(value.unicodeScalars.map { $0.value < 0x20 ? "\u{FFFD}" : $0 }))
        return
            "the event \(ordinal) of sequence \(sequence) has \(shown) for the column `\(column)` of the table `\(table)`, "
            + "which holds \(kind.rawValue); correct the map, or set `onMisfit` to `null` to go without such values"
    }
}
