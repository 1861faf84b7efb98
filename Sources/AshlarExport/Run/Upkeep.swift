import Ashlar
import AshlarStorage

/// What an exporter does now and then beside writing rows: it looks for snapshots, and has the database renew its statistics.
struct Upkeep {
    /// How often it looks for snapshots, while it runs.
    private static let snapshotInterval: UInt64 = 10_000_000_000
    /// How often statistics are renewed.
    private static let statisticsInterval: UInt64 = 3_600_000_000_000

    private let exporter: Exporter
    private var snapshots: SnapshotTable
    private var nextSnapshots: UInt64 = 0
    private var nextStatistics = SystemCalls.monotonicNanoseconds() + Self.statisticsInterval
    private var hasWritten = false
    /// The target's cursor.
    private(set) var place: Cursor

    init(_ exporter: Exporter, at place: Cursor) {
        self.exporter = exporter
        self.place = place
        snapshots = SnapshotTable(exporter)
    }

    /// Notes that the target's cursor was moved.
    mutating func moved(to cursor: Cursor) {
        place = cursor
        hasWritten = true
    }

    /// Does what is due. Not within a transaction.
    mutating func runIfDue() throws(ExportError) {
        let now = SystemCalls.monotonicNanoseconds()
        if now >= nextSnapshots { try refreshSnapshots() }
        if now >= nextStatistics { try refreshStatistics() }
    }

    /// Does all of it, at the end of a run. Not within a transaction.
    mutating func finish() throws(ExportError) {
        try refreshSnapshots()
        if hasWritten { try refreshStatistics() }
    }

    private mutating func refreshSnapshots() throws(ExportError) {
        nextSnapshots = SystemCalls.monotonicNanoseconds() + Self.snapshotInterval
        try snapshots.refresh(at: place)
    }

    private mutating func refreshStatistics() throws(ExportError) {
        nextStatistics = SystemCalls.monotonicNanoseconds() + Self.statisticsInterval
        hasWritten = false
        let target = exporter.target
        try exporter.database { () throws(SQLFailure) in try target.refreshStatistics() }
    }
}
