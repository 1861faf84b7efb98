package import Ashlar
import AshlarCLI

/// What a run did.
package struct IndexSummary: Sendable {
    /// Blocks appended; those taken up again are not among them.
    package var blocks = 0
    /// Events in them.
    package var events = 0
    /// Switches to another branch.
    package var rollbacks = 0
    /// The most blocks that one of them undid.
    package var deepestRollback = 0
    /// Blocks undone, counted each time.
    package var undoneBlocks = 0
    /// Undone blocks that became canonical again without being appended anew.
    package var readopted = 0
    /// Blocks that were seen and did not become part of the chain.
    package var sideBlocks = 0
    /// Blocks whose parents are in none of the files.
    package var waitingBlocks = 0
    /// Records of blocks that had been seen in this run.
    package var duplicates = 0
    /// Records passed over because they are no sound blocks.
    package var damagedRecords = 0
    /// The highest canonical block.
    package var tip: Block?
    /// The last sequence that is durable.
    package var durableSequence: UInt64 = 0
    /// How long it took.
    package var seconds = 0.0
    /// What people should know.
    package var notes: [String] = []

    package init() {}

    mutating func countRollback(undone: Int) {
        guard undone > 0 else { return }
        rollbacks += 1
        deepestRollback = max(deepestRollback, undone)
        undoneBlocks += undone
    }
}

extension IndexSummary {
    private var numbers: [(name: String, title: String, value: Int)] {
        [
            ("blocks", "blocks appended", blocks), ("events", "events in them", events),
            ("rollbacks", "rollbacks", rollbacks), ("deepestRollback", "deepest rollback", deepestRollback),
            ("undoneBlocks", "blocks undone", undoneBlocks), ("readopted", "blocks taken up again", readopted),
            ("sideBlocks", "blocks of other branches", sideBlocks),
            ("waitingBlocks", "blocks without their parents", waitingBlocks),
            ("duplicates", "blocks met twice", duplicates), ("damagedRecords", "damaged records", damagedRecords),
        ]
    }

    /// The summary as one line of JSON.
    package var json: String {
        var members = numbers.map { "\"\($0.name)\":\($0.value)" }
        members.append("\"tip\":" + (tip.map { "{\"height\":\($0.height),\"hash\":\"\($0.hash)\"}" } ?? "null"))
        members.append("\"durableSequence\":\(durableSequence)")
        if !notes.isEmpty { members.append("\"notes\":[\(notes.map(JSONText.quoted).joined(separator: ","))]") }
        members.append("\"seconds\":\(NumberText.decimals(seconds, 3))")
        return "{" + members.joined(separator: ",") + "}"
    }

    /// The summary as a table for people; what is zero and rare is left out.
    package var table: String {
        let shown = numbers.filter { $0.name == "blocks" || $0.name == "events" || $0.value != 0 }
        var rows = shown.map { ($0.title, NumberText.grouped($0.value)) }
        rows.append(("tip", tip.map { "\(NumberText.grouped(Int($0.height))) \($0.hash)" } ?? "none"))
        rows.append(("seconds", NumberText.decimals(seconds, 3)))
        return NumberText.table(rows)
    }

    /// The line of progress: what was done, how fast, and how long the rest of the files will take after `first` to `done` bytes of them.
    package func line(tip: Int32?, seconds: Double, first: Int64, done: Int64, of total: Int64) -> String {
        NumberText.speed(height: tip.map(Int64.init), blocks: blocks, events: events, seconds: seconds)
            + NumberText.rest(seconds: seconds, from: first, to: done, of: total)
    }
}
