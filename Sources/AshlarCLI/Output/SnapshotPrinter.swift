import Ashlar
import AshlarFormat

/// Snapshots as JSON Lines, CSV, or a table for people.
struct SnapshotPrinter {
    private let notation: HashNotation
    private let format: RowFormat
    private var table = TextTable([
        .text("model"), .number("height"), .text("hash"), .number("sequence"), .text("codec"), .number("state bytes"),
        .number("file bytes"), .text("taken"), .text("good for use?"),
    ])

    /// A printer of the snapshots of a store.
    init(_ notation: HashNotation, _ format: RowFormat) {
        self.notation = notation
        self.format = format
    }

    /// Writes what stands in front of the first.
    func begin(_ output: inout Output) {
        guard format == .csv else { return }
        output.write(
            "file,model,schemaVersion,height,hash,sequence,codec,bytes,stateBytes,created,usable,problem\r\n")
    }

    /// Writes one.
    mutating func print(_ entry: SnapshotEntry, problem: SnapshotSkip?, _ output: inout Output) {
        switch format {
        case .table: table.add(row(entry, problem), to: &output)
        case .jsonLines: json(entry, problem, &output)
        case .csv:
            let fields = values(entry, problem).map { $0.isText ? Self.quoted($0.text) : $0.text }
            output.write(text: fields.joined(separator: ",") + "\r\n")
        }
    }

    /// Writes what was held back.
    mutating func finish(_ output: inout Output) {
        if format == .table { table.finish(&output) }
    }

    private func row(_ entry: SnapshotEntry, _ problem: SnapshotSkip?) -> [String] {
        let (identity, header) = (entry.identity, entry.header)
        return [
            identity?.model ?? entry.fileName, identity.map { "\($0.height)" } ?? "",
            identity.map { BlockPrinter.short($0.blockHash, notation) } ?? "", identity.map { "\($0.sequence)" } ?? "",
            header.map { "\($0.codec)" } ?? "", entry.trailer.map { "\($0.rawBytes)" } ?? "", "\(entry.fileBytes)",
            header.map { TimeText.format(Timestamp(microseconds: $0.createdTime)) } ?? "",
            problem.map { "no: \($0)" } ?? "yes",
        ]
    }

    /// The members in their order; numbers and truth values are no texts, what there is none of is empty.
    private func values(
        _ entry: SnapshotEntry, _ problem: SnapshotSkip?
    ) -> [(name: String, text: String, isText: Bool)] {
        let (identity, header) = (entry.identity, entry.header)
        return [
            ("file", entry.fileName, true), ("model", identity?.model ?? "", true),
            ("schemaVersion", identity.map { "\($0.schemaVersion)" } ?? "", false),
            ("height", identity.map { "\($0.height)" } ?? "", false),
            ("hash", identity.map { HashText.encode($0.blockHash.bytes, as: notation) } ?? "", true),
            ("sequence", identity.map { "\($0.sequence)" } ?? "", false),
            ("codec", header.map { "\($0.codec)" } ?? "", true), ("bytes", "\(entry.fileBytes)", false),
            ("stateBytes", entry.trailer.map { "\($0.rawBytes)" } ?? "", false),
            ("created", header.map { "\($0.createdTime)" } ?? "", false), ("usable", "\(problem == nil)", false),
            ("problem", problem.map { "\($0)" } ?? "", true),
        ]
    }

    private func json(_ entry: SnapshotEntry, _ problem: SnapshotSkip?, _ output: inout Output) {
        var separator = "{"
        for (name, text, isText) in values(entry, problem) {
            output.write(text: "\(separator)\"\(name)\":")
            if text.isEmpty {
                output.write("null")
            } else if isText {
                output.json(text)
            } else {
                output.write(text: text)
            }
            separator = ","
        }
        output.write("}\n")
    }

    private static func quoted(_ text: String) -> String {
        guard text.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
