import AshlarFormat

/// What a run did; what all runs count is among its members.
@dynamicMemberLookup
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

    /// What all runs count.
    package var counts = RunCounts()
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
    /// Where an input was taken up, if one was.
    package var resumedAt: ResumePoint?

    /// A summary of nothing.
    package init() {}

    /// A member of what all runs count.
    package subscript<Value>(dynamicMember member: WritableKeyPath<RunCounts, Value>) -> Value {
        get { counts[keyPath: member] }
        set { counts[keyPath: member] = newValue }
    }
}

extension IngestSummary {
    private var numbers: [RunCounts.Named] {
        [
            ("duplicates", "duplicate lines", duplicates), ("sideBlocks", "lines kept aside", sideBlocks),
            ("unlinked", "unlinked lines", unlinked), ("floating", "floating batches", floating),
            ("floatingEvents", "floating events", floatingEvents),
        ]
    }

    /// The summary as one line of JSON, with what people should know beside it.
    package func json(notes: [String] = []) -> String {
        let resumed = resumedAt.map {
            "\"resumedAt\":{\"input\":\(JSONText.quoted($0.input)),\"line\":\($0.line),\"offset\":\($0.offset)}"
        }
        return counts.json(numbers, members: [resumed].compactMap(\.self), notes: notes)
    }

    /// The summary as a table for people; what is zero and rare is left out.
    package var table: String {
        var rows: [(title: String, value: String)] = []
        if let resumedAt {
            rows.append(("taken up behind line", "\(NumberText.grouped(resumedAt.line)) of \(resumedAt.input)"))
        }
        let (seconds, events) = (counts.seconds, counts.events + floatingEvents)
        let rate = seconds > 0 ? Double(events) / seconds : 0
        rows.append(("seconds", NumberText.decimals(seconds, 3) + " (\(NumberText.grouped(Int(rate))) events/s)"))
        return counts.table(numbers, rows: rows)
    }
}
