/// What came of comparing a target with the log.
package struct CheckReport: Sendable, Hashable {
    /// The first row that is not as the log says.
    package struct Difference: Sendable, Hashable {
        /// The table.
        package var table: String
        /// The columns of its key, with their values, as text.
        package var key: String
        /// The commit in its key, if there is one.
        package var sequence: Int64?
        /// The event's place in it, if it is one's.
        package var ordinal: Int64?
        /// The height, if the row has one.
        package var height: Int64?
        /// What is wrong.
        package var problem: Problem
    }

    /// What can be wrong with a row.
    package enum Problem: String, Sendable, Hashable {
        /// The log has it, the target does not.
        case missing
        /// The target has it, the log does not.
        case unexpected
        /// Both have it, and they differ.
        case different
    }

    /// Up to which commit was compared: the target's cursor.
    package var sequence: UInt64 = 0
    /// Rows of the log that were compared.
    package var blocks: UInt64 = 0
    package var events: UInt64 = 0
    /// Tables that were compared.
    package var tables = 0
    /// Ranges of heights that were compared, and those that differ.
    package var ranges = 0
    package var differentRanges: [ClosedRange<Int64>] = []
    /// Whether floating events differ.
    package var floatingDiffers = false
    /// State tables that do not show the states as of the target's cursor.
    package var differentStates: [String] = []
    /// The first difference in each table that differs, in the order in which they were compared.
    package var differences: [Difference] = []
    /// Snapshots that were made or removed, or have become valid again, since the exporter last looked: no differences.
    package var lateSnapshots: [String] = []

    /// The first difference, by table and then by height.
    package var first: Difference? { differences.first }

    /// Whether the target says what the log says.
    package var isSound: Bool { differences.isEmpty }
}
