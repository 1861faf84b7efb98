import Ashlar
import AshlarFormat

/// The log as JSON Lines, CSV, or a view for people.
struct LogPrinter {
    private let notation: HashNotation
    private let format: RowFormat
    private var table = TextTable([
        .text(" "), .number("sequence"), .number("height"), .text("hash"), .number("events"), .text("time"),
        .text("what"),
    ])

    /// A printer of the log of a store.
    init(_ notation: HashNotation, _ format: RowFormat) {
        self.notation = notation
        self.format = format
    }

    /// Writes what stands in front of the first commit.
    func begin(_ output: inout Output) {
        if format == .csv { LogRow.csvHead(&output) }
    }

    /// Writes a commit.
    mutating func print(_ entry: LogEntry, _ output: inout Output) {
        switch format {
        case .jsonLines: LogRow(entry, notation).json(&output)
        case .csv: LogRow(entry, notation).csv(&output)
        case .table: for row in rows(entry) { table.add(row, to: &output) }
        }
    }

    /// Writes what was held back.
    mutating func finish(_ output: inout Output) {
        if format == .table { table.finish(&output) }
    }

    /// The commit's own line, one for each block it undid, one for each it took up again.
    private func rows(_ entry: LogEntry) -> [[String]] {
        let commit = entry.commit
        let mark = entry.isCanonical == false ? "✗" : ""
        var height = ""
        var hash = ""
        var time = ""
        var what: String
        switch commit.content {
        case .block(let stored, let rollback):
            height = "\(stored.block.height)"
            hash = BlockPrinter.short(stored.block.hash, notation)
            time = TimeText.format(stored.block.timestamp)
            what = entry.isCanonical == false ? "block, undone since" : "block"
            if let rollback { what += ", after undoing " + Self.describe(rollback) }
        case .rollback(let rollback): what = "rollback, undoing " + Self.describe(rollback)
        case .floating(let timestamp, _, _):
            time = TimeText.format(timestamp)
            what = "floating events"
        case .control: what = "control"
        }
        if commit.continues { what += " (one change with the next commit)" }
        let own = [mark, "\(commit.sequence)", height, hash, "\(commit.eventCount)", time, what]
        return [own] + entry.undone.map { row($0, "undone") } + entry.readopted.map { row($0, "taken up again") }
    }

    private func row(_ block: LogEntry.Block, _ what: String) -> [String] {
        let hash = BlockPrinter.short(block.hash, notation)
        return ["", "", "\(block.height)", hash, "", "", "  └ \(what): commit \(block.sequence)"]
    }

    private static func describe(_ rollback: StoredRollback) -> String {
        let blocks = rollback.undoneBlocks == 1 ? "1 block" : "\(rollback.undoneBlocks) blocks"
        let events = rollback.undoneEvents == 1 ? "1 event" : "\(rollback.undoneEvents) events"
        var text = "\(blocks) (\(events))" + (rollback.toHeight < 0 ? "" : " above height \(rollback.toHeight)")
        if !rollback.readopted.isEmpty { text += " and taking up \(rollback.readopted.count) again" }
        return text
    }
}
