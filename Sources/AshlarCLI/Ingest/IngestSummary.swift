import AshlarFormat

/// What a run did.
package struct IngestSummary: Hashable, Sendable {
    /// Where a run took up again.
    package struct ResumePoint: Hashable, Sendable {
        /// What the input is called.
        package var input: String
        /// The last line that was done with before.
        package var line: Int
        /// Where the next line starts.
        package var offset: Int64
    }

    /// The highest canonical block at the end.
    package struct Tip: Hashable, Sendable {
        /// Its height.
        package var height: Int64
        /// Its hash as the store's chain prints it.
        package var hash: String
    }

    /// Blocks appended; those taken up again are not among them.
    package var blocks = 0
    /// Events in them.
    package var events = 0
    /// Switches and explicit rollbacks that undid at least one block.
    package var rollbacks = 0
    /// The most blocks that one of them undid.
    package var deepestRollback = 0
    /// Blocks undone, counted each time.
    package var undoneBlocks = 0
    /// Undone blocks that became canonical again without being appended anew.
    package var readopted = 0
    /// Lines whose block is canonical already; under `longest` also those that are known otherwise.
    package var duplicates = 0
    /// Lines that under `longest` were not applied on arrival.
    package var sideBlocks = 0
    /// Lines that linked to nothing known and were passed over.
    package var unlinked = 0
    /// Floating batches appended.
    package var floating = 0
    /// Events in them.
    package var floatingEvents = 0
    /// The highest canonical block.
    package var tip: Tip?
    /// The last sequence that is durable.
    package var durableSequence: UInt64 = 0
    /// Where an input was taken up, if one was.
    package var resumedAt: ResumePoint?
    /// How long it took.
    package var seconds = 0.0

    /// A summary of nothing.
    package init() {}

    /// Counts a switch or rollback.
    mutating func countRollback(undone: Int) {
        guard undone > 0 else { return }
        rollbacks += 1
        deepestRollback = max(deepestRollback, undone)
        undoneBlocks += undone
    }
}

extension IngestSummary {
    private var numbers: [(name: String, title: String, value: Int)] {
        [
            ("blocks", "blocks appended", blocks), ("events", "events in them", events),
            ("rollbacks", "rollbacks", rollbacks), ("deepestRollback", "deepest rollback", deepestRollback),
            ("undoneBlocks", "blocks undone", undoneBlocks), ("readopted", "blocks taken up again", readopted),
            ("duplicates", "duplicate lines", duplicates), ("sideBlocks", "lines kept aside", sideBlocks),
            ("unlinked", "unlinked lines", unlinked), ("floating", "floating batches", floating),
            ("floatingEvents", "floating events", floatingEvents),
        ]
    }

    /// The summary as one line of JSON, with what people should know beside it.
    package func json(notes: [String] = []) -> String {
        var members = numbers.map { "\"\($0.name)\":\($0.value)" }
        let tipObject = tip.map { "{\"height\":\($0.height),\"hash\":\(Self.quoted($0.hash))}" }
        members.append("\"tip\":" + (tipObject ?? "null"))
        members.append("\"durableSequence\":\(durableSequence)")
        if let resumedAt {
            members.append(
                "\"resumedAt\":{\"input\":\(Self.quoted(resumedAt.input)),\"line\":\(resumedAt.line),"
                    + "\"offset\":\(resumedAt.offset)}")
        }
        if !notes.isEmpty { members.append("\"notes\":[\(notes.map(Self.quoted).joined(separator: ","))]") }
        members.append("\"seconds\":\(NumberText.decimals(seconds, 3))")
        return "{" + members.joined(separator: ",") + "}"
    }

    /// The summary as a table for people; what is zero and rare is left out.
    package var table: String {
        let always: Set = ["blocks", "events"]
        let shown = numbers.filter { always.contains($0.name) || $0.value != 0 }
        var rows = shown.map { ($0.title, NumberText.grouped($0.value)) }
        rows.append(("tip", tip.map { "\(NumberText.grouped(Int($0.height))) \($0.hash)" } ?? "none"))
        if let resumedAt {
            rows.append(("taken up behind line", "\(NumberText.grouped(resumedAt.line)) of \(resumedAt.input)"))
        }
        let rate = seconds > 0 ? Double(events + floatingEvents) / seconds : 0
        rows.append(("seconds", NumberText.decimals(seconds, 3) + " (\(NumberText.grouped(Int(rate))) events/s)"))
        return NumberText.table(rows)
    }

    /// A text as a JSON string.
    private static func quoted(_ text: String) -> String { String(decoding: JSONText.quoted(text.utf8), as: UTF8.self) }
}
