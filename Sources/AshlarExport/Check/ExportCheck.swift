package import Ashlar
import AshlarFormat

/// Compares a target with the log up to the target's cursor, as it was when the check was made: counts and digests by ranges of heights, then row by row in the first that differs.
///
/// Invariant: it writes nothing. Memory: a few words per range and per block that was ever undone, the rows of one range, and the states.
package struct ExportCheck: ~Copyable {
    /// Heights in a range.
    static let rangeHeights: Int64 = 1_000
    /// The range of rows without a height.
    static let floating = Int64.min

    let store: Store
    let target: any ExportTarget
    let options: ExportOptions
    let states: [StateTable]
    let snapshotModels: [SnapshotModel]
    let cursor: Cursor
    /// Names by the numbers that the target gives them.
    var models: [Int64: [UInt8]] = [:]
    var types: [Int64: [UInt8]] = [:]

    /// A check of what `options` export; what they select must be what the target holds. States beside snapshots are compared of the models
    /// that are given.
    package init(
        _ store: Store, _ target: any ExportTarget, _ options: ExportOptions, states: [StateTable] = [],
        snapshotModels: [SnapshotModel] = []
    ) throws(ExportError) {
        self.store = store
        self.target = target
        self.options = options
        self.states = states
        self.snapshotModels = snapshotModels
        let exporter = Exporter(store, into: target, options: options, states: states)
        do throws(ExportError) {
            // One snapshot for all that is read: an exporter may be writing meanwhile.
            try exporter.database { () throws(SQLFailure) in try target.execute(target.dialect.beginSnapshot) }
            cursor = try exporter.cursorForReading()
        } catch {
            target.rollback()
            throw error
        }
    }

    deinit { target.rollback() }

    /// Compares everything.
    package mutating func run() throws(ExportError) -> CheckReport {
        let log = try ExportedLog(store, options, upTo: cursor.wholeSequence)
        var report = CheckReport(sequence: cursor.wholeSequence)
        try checkNames(log, &report)
        let typed = (options.map?.tables ?? []).map { TypedTable($0, dialect: target.dialect) }
        let tables: [CheckedTable] =
            [.blocks, .events, .rollbacks, .undoneBlocks, .readoptedBlocks, .tip] + typed.map { .typed($0) }
        for table in tables { try check(table, log, &report) }
        try checkStates(&report)
        try checkSnapshots(&report)
        report.tables += tables.count
        return report
    }

    private func check(
        _ table: CheckedTable, _ log: ExportedLog, _ report: inout CheckReport
    ) throws(ExportError) {
        var expected: [Int64: RangeSum] = [:]
        try eachLogRow(of: table, log, in: nil) { row in expected[row.range, default: RangeSum()].add(row.digest) }
        var found: [Int64: RangeSum] = [:]
        try eachTargetRow(of: table, in: nil) { row in found[row.range, default: RangeSum()].add(row.digest) }
        let count = expected.values.reduce(0) { $0 + $1.rows }
        if case .blocks = table { report.blocks = count }
        if case .events = table { report.events = count }
        report.ranges = max(report.ranges, expected.count)
        var first: CheckReport.Difference?
        for range in Set(expected.keys).union(found.keys).sorted() where expected[range] != found[range] {
            if range != Self.floating {
                let heights = Self.heights(ofRange: range)
                if !report.differentRanges.contains(heights) { report.differentRanges.append(heights) }
            } else if table.hasHeights {
                report.floatingDiffers = true
            }
            if first == nil { first = try firstDifference(table, log, in: range) }
        }
        if let first { report.differences.append(first) }
    }

    /// The heights of a range; the outermost ranges end where 64 bits do, since a target may hold any number.
    static func heights(ofRange range: Int64) -> ClosedRange<Int64> {
        let (lower, isLow) = range.multipliedReportingOverflow(by: rangeHeights)
        let (upper, isHigh) = lower.addingReportingOverflow(rangeHeights - 1)
        guard !isLow else { return .min...(range + 1) * rangeHeights - 1 }
        return lower...(isHigh ? .max : upper)
    }

    /// The first row of a range that differs.
    private func firstDifference(
        _ table: CheckedTable, _ log: ExportedLog, in range: Int64
    ) throws(ExportError) -> CheckReport.Difference? {
        var found: [RowKey: CheckedRow] = [:]
        try eachTargetRow(of: table, in: range) { found[$0.key] = $0 }
        var first: (row: CheckedRow, problem: CheckReport.Problem)?
        func note(_ row: CheckedRow, _ problem: CheckReport.Problem) {
            if let known = first, known.row.key <= row.key { return }
            first = (row, problem)
        }
        try eachLogRow(of: table, log, in: range) { row in
            guard let other = found.removeValue(forKey: row.key) else { return note(row, .missing) }
            if other.digest != row.digest { note(row, .different) }
        }
        for row in found.values { note(row, .unexpected) }
        return first.map { CheckReport.Difference(table, $0.row, $0.problem) }
    }
}

extension SQLDialect {
    /// The statement that begins a transaction in which all queries see the same.
    fileprivate var beginSnapshot: String {
        switch self {
        case .sqlite: "BEGIN"
        case .postgres: "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        }
    }
}
