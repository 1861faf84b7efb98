/// A table for people, written as it comes: the widths of its columns are those of the first rows.
package struct TextTable {
    /// One column.
    package struct Column: Sendable {
        let title: String
        let isNumber: Bool

        /// A column of texts, which stand at its left edge.
        package static func text(_ title: String) -> Column { Column(title: title, isNumber: false) }

        /// A column of numbers, which stand at its right edge.
        package static func number(_ title: String) -> Column { Column(title: title, isNumber: true) }
    }

    private let columns: [Column]
    private let sampleSize: Int
    private var widths: [Int] = []
    private var sample: [[String]] = []

    /// A table that looks at the first `sampleSize` rows before it writes any.
    package init(_ columns: [Column], sampleSize: Int = 256) {
        self.columns = columns
        self.sampleSize = sampleSize
    }

    /// Adds a row with a text for each column.
    package mutating func add(_ row: [String], to output: inout Output) {
        guard widths.isEmpty else { return write(row, to: &output) }
        sample.append(row.map(Self.printable))
        if sample.count == sampleSize { settle(&output) }
    }

    /// Writes what was held back; a table without rows is its head alone.
    package mutating func finish(_ output: inout Output) {
        if widths.isEmpty { settle(&output) }
    }

    private mutating func settle(_ output: inout Output) {
        widths = columns.indices.map { index in
            max(columns[index].title.count, sample.map { $0[index].count }.max() ?? 0)
        }
        write(columns.map(\.title), to: &output)
        for row in sample { write(row, to: &output) }
        sample = []
    }

    private func write(_ row: [String], to output: inout Output) {
        var line = ""
        for (index, column) in columns.enumerated() {
            let text = Self.printable(row[index])
            let padding = String(repeating: " ", count: max(0, widths[index] - text.count))
            if index > 0 { line += "  " }
            line += column.isNumber ? padding + text : text + padding
        }
        while line.last == " " { line.removeLast() }
        output.write(text: line)
        output.write("\n")
    }

    /// A text without what a terminal would act on: a stranger's store must not move the cursor.
    package static func printable(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
        guard !isPlain else { return text }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "\u{FFFD}" : $0 }))
    }

    /// A text cut to at most `length` characters.
    package static func cut(_ text: String, to length: Int) -> String {
        text.count <= length ? text : String(text.prefix(length - 1)) + "…"
    }
}
