import Ashlar

/// What some steps of the log change in a target.
package struct ChangeSet: Sendable {
    /// An undone block, or one taken up again: what rows that are there become.
    package struct Mark: Sendable, Hashable {
        /// The commit that holds the block.
        var sequence: UInt64
        /// The block's height.
        var height: Int64
        /// The commit that undid it; nil if it counts again.
        var undoneBy: UInt64?
    }

    /// Rows first, then marks.
    struct Part: Sendable {
        /// New rows, in the order of `TableSet.tables`: first those of `LogTable`.
        var rows: [RowBuffer]
        /// In the order of the log.
        var marks: [Mark] = []

        init(_ tables: [Table]) { rows = tables.map { RowBuffer(columnCount: $0.columns.count) } }
    }

    /// The highest canonical block, for the table `tip`.
    struct Tip: Sendable, Hashable {
        /// The commit that holds it.
        var sequence: UInt64
        /// Its height.
        var height: Int64
    }

    /// To be applied one after the other.
    var parts: [Part]
    /// Where the target stands when all is applied.
    var cursor: Cursor
    /// The tip then; nil before the first block.
    var tip: Tip?
    /// Heights of its blocks, as runs without gaps: a chain may skip any number of heights.
    private(set) var heights: [ClosedRange<Int64>] = []
    /// What becomes of the tables of states, in their order; only where the changes end at the end of a commit.
    var states: [StateChange] = []
    /// The lowest height that was gone back to: snapshots of higher blocks may be of none that counts any more.
    var voidAbove: Int64?
    /// Numbers of new rows.
    var events = 0
    var blocks = 0
    var undoneBlocks = 0
    /// Values that did not fit their columns.
    var misfits = 0

    init(_ tables: [Table], cursor: Cursor) {
        self.cursor = cursor
        parts = [Part(tables)]
    }

    /// Notes that there are rows of this height.
    mutating func note(height: Int64) {
        guard let last = heights.last else { return heights.append(height...height) }
        if last.contains(height) { return }
        let isNext = last.upperBound < .max && last.upperBound + 1 == height
        if isNext { heights[heights.count - 1] = last.lowerBound...height } else { heights.append(height...height) }
    }

    /// Number of new rows in all tables.
    var rowCount: Int {
        parts.reduce(0) { $0 + $1.rows.reduce(0) { $0 + $1.rowCount } } + states.reduce(0) { $0 + $1.rows.rowCount }
    }
}
