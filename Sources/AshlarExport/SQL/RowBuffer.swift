// Rows on their way into a table: filled by the thread that reads the log, emptied by the one that talks to the database.
//
// Invariants:
// - `cells.count` is a multiple of `columnCount` between two rows; `rowCount` counts the whole ones.
// - The range of a cell with content lies within `bytes`.

/// Many rows of one table in two flat arrays, so that a row costs no allocation.
package struct RowBuffer: Sendable {
    /// What a cell holds.
    package enum Kind: UInt8, Sendable {
        /// No value.
        case null
        /// A 64-bit integer; for a column of timestamps, microseconds since 1970 UTC.
        case integer
        /// UTF-8 text; for a column of JSON or of numerics, theirs.
        case text
        /// Bytes.
        case bytes
    }

    /// One value of one row: an integer itself, or where its bytes stand.
    package struct Cell: Sendable {
        /// What it holds.
        package let kind: Kind
        /// Number of its bytes, if it has some.
        package let length: UInt32
        /// The integer, or the offset of the bytes.
        package let value: Int64

        @inline(__always)
        init(kind: Kind, length: UInt32 = 0, value: Int64 = 0) {
            self.kind = kind
            self.length = length
            self.value = value
        }
    }

    /// Number of cells in a row.
    package let columnCount: Int
    /// The cells, row by row.
    package private(set) var cells: [Cell] = []
    /// What texts and bytes consist of.
    package private(set) var bytes: [UInt8] = []

    /// No rows of `columnCount` cells each.
    package init(columnCount: Int) {
        precondition(columnCount > 0)
        self.columnCount = columnCount
    }

    /// Number of whole rows.
    package var rowCount: Int { cells.count / columnCount }

    /// Whether there are no rows.
    package var isEmpty: Bool { cells.isEmpty }

    /// Numbers of cells and of bytes.
    var size: (cells: Int, bytes: Int) { (cells.count, bytes.count) }

    /// Makes room for about as many rows as there were in one of this size, and a sixteenth more, so that appending copies nothing.
    mutating func reserveCapacity(like size: (cells: Int, bytes: Int)) {
        cells.reserveCapacity(size.cells + size.cells / 16)
        bytes.reserveCapacity(size.bytes + size.bytes / 16)
    }

    /// Forgets the rows and keeps the memory.
    package mutating func removeAll() {
        cells.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }

    /// Appends a cell without a value.
    @inline(__always)
    package mutating func appendNull() { cells.append(Cell(kind: .null)) }

    /// Appends an integer.
    @inline(__always)
    package mutating func append(_ value: Int64) { cells.append(Cell(kind: .integer, value: value)) }

    /// Appends an integer or, if it is nil, a cell without a value.
    @inline(__always)
    package mutating func append(_ value: Int64?) {
        if let value { append(value) } else { appendNull() }
    }

    /// Appends text.
    package mutating func append(text: String) {
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        cells.append(Cell(kind: .text, length: UInt32(bytes.count - start), value: Int64(start)))
    }

    /// Appends text or bytes that stand elsewhere.
    @inline(__always)
    package mutating func append(_ kind: Kind, _ content: borrowing RawSpan) {
        let start = bytes.count
        content.withUnsafeBytes { bytes.append(contentsOf: $0) }
        cells.append(Cell(kind: kind, length: UInt32(bytes.count - start), value: Int64(start)))
    }

    /// Appends bytes or, if they are nil, a cell without a value.
    package mutating func append(bytes content: [UInt8]?) {
        guard let content else { return appendNull() }
        append(.bytes, content.span.bytes)
    }

    /// Appends a value of any kind but a floating-point number.
    package mutating func append(_ value: SQLValue) {
        switch value {
        case .null: appendNull()
        case .integer(let value): append(value)
        case .real: preconditionFailure("rows hold no floating-point numbers")
        case .text(let value): append(text: value)
        case .bytes(let value): append(bytes: value)
        }
    }

    /// Forgets the cells of the last row if it is not whole.
    package mutating func removePartialRow() {
        let partial = cells.suffix(cells.count % columnCount)
        if let first = partial.first(where: { $0.kind == .text || $0.kind == .bytes }) {
            bytes.removeLast(bytes.count - Int(first.value))
        }
        cells.removeLast(partial.count)
    }

    /// Replaces the integer or empty cell at a place by another of these two kinds.
    package mutating func set(row: Int, column: Int, to value: Int64?) {
        cells[row * columnCount + column] = value.map { Cell(kind: .integer, value: $0) } ?? Cell(kind: .null)
    }

    /// The cell at a place.
    @inline(__always)
    package func cell(row: Int, column: Int) -> Cell { cells[row * columnCount + column] }

    /// The value at a place.
    package func value(row: Int, column: Int) -> SQLValue {
        let cell = cell(row: row, column: column)
        let range = Int(cell.value)..<Int(cell.value) + Int(cell.length)
        switch cell.kind {
        case .null: return .null
        case .integer: return .integer(cell.value)
        case .text: return .text(String(decoding: bytes[range], as: UTF8.self))
        case .bytes: return .bytes(Array(bytes[range]))
        }
    }
}
