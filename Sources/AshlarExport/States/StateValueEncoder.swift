import Ashlar

/// Puts a model's values into rows, and refuses those that their columns cannot hold.
struct StateValueEncoder {
    private let model: String
    private let columns: [Column]
    private let dialect: SQLDialect
    private var digits: [UInt8] = []

    init(_ model: String, _ table: Table, _ dialect: SQLDialect) {
        self.model = model
        self.dialect = dialect
        columns = table.columns
    }

    /// Appends a row, or the key of one; which of them, the width of `rows` says.
    ///
    /// Throws `refused` (`badStateRow`); then no part of the row stays.
    mutating func append(_ values: [StateValue], to rows: inout RowBuffer) throws(ExportError) {
        guard values.count == rows.columnCount else {
            throw refused("\(values.count) values for \(rows.columnCount) columns")
        }
        for (value, column) in zip(values, columns) {
            guard append(value, column, to: &rows) else {
                rows.removePartialRow()
                throw refused("its column \(column.name) cannot hold \(value)")
            }
        }
    }

    private mutating func append(_ value: StateValue, _ column: Column, to rows: inout RowBuffer) -> Bool {
        switch (value, column.type) {
        case (.null, _) where column.isOptional: rows.appendNull()
        case (.integer(let value), .integer): rows.append(value)
        case (.text(let text), .text) where !text.utf8.contains(0): rows.append(text: text)
        case (.bytes(let bytes), .bytes): rows.append(bytes: bytes)
        case (.numeric(let text), .numeric):
            guard NumericText.write(Array(text.utf8).span.bytes, for: dialect, to: &digits) else { return false }
            rows.append(.text, digits.span.bytes)
        default: return false
        }
        return true
    }

    private func refused(_ why: String) -> ExportError {
        .refused(code: "badStateRow", message: "the model \(model) gave a row that its table cannot hold: \(why)")
    }
}
