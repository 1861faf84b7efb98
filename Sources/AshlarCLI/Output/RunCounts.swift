import Ashlar

/// What each run counts that appends blocks, and how such a run is told to people and programs.
package struct RunCounts: Hashable, Sendable {
    /// A number for programs and for people.
    package typealias Named = (name: String, title: String, value: Int)

    /// The highest canonical block at the end.
    package struct Tip: Hashable, Sendable {
        /// Its height.
        package var height: Int64
        /// Its hash as the store's chain prints it.
        package var hash: String

        /// A tip.
        package init(height: Int64, hash: String) { (self.height, self.hash) = (height, hash) }
    }

    /// Blocks appended; those taken up again are not among them.
    package var blocks = 0
    /// Events in them.
    package var events = 0
    /// Rollbacks that undid at least one block.
    package var rollbacks = 0
    /// The most blocks that one of them undid.
    package var deepestRollback = 0
    /// Blocks undone, counted each time.
    package var undoneBlocks = 0
    /// Undone blocks that became canonical again without being appended anew.
    package var readopted = 0
    /// The highest canonical block.
    package var tip: Tip?
    /// The last sequence that is durable.
    package var durableSequence: UInt64 = 0
    /// How long it took.
    package var seconds = 0.0

    /// Nothing was done yet.
    package init() {}

    /// Counts a rollback.
    package mutating func countRollback(undone: Int) {
        guard undone > 0 else { return }
        rollbacks += 1
        deepestRollback = max(deepestRollback, undone)
        undoneBlocks += undone
    }

    private var numbers: [Named] {
        [
            ("blocks", "blocks appended", blocks), ("events", "events in them", events),
            ("rollbacks", "rollbacks", rollbacks), ("deepestRollback", "deepest rollback", deepestRollback),
            ("undoneBlocks", "blocks undone", undoneBlocks), ("readopted", "blocks taken up again", readopted),
        ]
    }

    /// All as one line of JSON, with further numbers and members, and what people should know.
    package func json(_ further: [Named], members others: [String] = [], notes: [String]) -> String {
        var members = (numbers + further).map { "\"\($0.name)\":\($0.value)" }
        let tipObject = tip.map { "{\"height\":\($0.height),\"hash\":\(JSONText.quoted($0.hash))}" }
        members += ["\"tip\":" + (tipObject ?? "null"), "\"durableSequence\":\(durableSequence)"] + others
        if !notes.isEmpty { members.append("\"notes\":[\(notes.map(JSONText.quoted).joined(separator: ","))]") }
        members.append("\"seconds\":\(NumberText.decimals(seconds, 3))")
        return "{" + members.joined(separator: ",") + "}"
    }

    /// All as a table for people, with further numbers, and further rows at the end; what is zero and rare is left out.
    package func table(_ further: [Named], rows others: [(title: String, value: String)] = []) -> String {
        let shown = (numbers + further).filter { $0.name == "blocks" || $0.name == "events" || $0.value != 0 }
        var rows = shown.map { ($0.title, NumberText.grouped($0.value)) }
        rows.append(("tip", tip.map { "\(NumberText.grouped(Int($0.height))) \($0.hash)" } ?? "none"))
        return NumberText.table(rows + others)
    }
}
