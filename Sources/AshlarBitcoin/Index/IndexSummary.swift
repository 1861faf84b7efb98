package import AshlarCLI

/// What a run did; what all runs count is among its members.
@dynamicMemberLookup
package struct IndexSummary: Sendable {
    package var counts = RunCounts()
    /// Blocks that were seen and did not become part of the chain.
    package var sideBlocks = 0
    /// Blocks whose parents are in none of the files.
    package var waitingBlocks = 0
    /// Records of blocks that had been seen in this run.
    package var duplicates = 0
    /// Records passed over because they are no sound blocks.
    package var damagedRecords = 0
    /// What people should know.
    package var notes: [String] = []

    package init() {}

    package subscript<Value>(dynamicMember member: WritableKeyPath<RunCounts, Value>) -> Value {
        get { counts[keyPath: member] }
        set { counts[keyPath: member] = newValue }
    }

    private var numbers: [RunCounts.Named] {
        [
            ("sideBlocks", "blocks of other branches", sideBlocks),
            ("waitingBlocks", "blocks without their parents", waitingBlocks),
            ("duplicates", "blocks met twice", duplicates), ("damagedRecords", "damaged records", damagedRecords),
        ]
    }

    /// The summary as one line of JSON.
    package var json: String { counts.json(numbers, notes: notes) }

    /// The summary as a table for people; what is zero and rare is left out.
    package var table: String {
        counts.table(numbers, rows: [("seconds", NumberText.decimals(counts.seconds, 3))])
    }

    /// The line of progress: what was done, how fast, and how long the rest of the files will take after `first` to `done` bytes of them.
    package func line(tip: Int32?, seconds: Double, first: Int64, done: Int64, of total: Int64) -> String {
        NumberText.speed(height: tip.map(Int64.init), blocks: counts.blocks, events: counts.events, seconds: seconds)
            + NumberText.rest(seconds: seconds, from: first, to: done, of: total)
    }
}
