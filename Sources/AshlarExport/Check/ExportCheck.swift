package import Ashlar
import AshlarFormat

/// Compares a target with the log up to the target's cursor, as it was when the check was made: counts and digests by ranges of heights, then row by row in the first that differs.
///
/// Invariant: it writes nothing. Memory: a few words per range and per undone block, and the rows of one range.
package struct ExportCheck: ~Copyable {
    /// Heights in a range.
    static let rangeHeights: Int64 = 1_000
    /// The range of events without a height.
    static let floating = Int64.min

    let store: Store
    let target: any ExportTarget
    let options: ExportOptions
    let states: [StateTable]
    var cursor: Cursor
    /// Which commit undid a block, by the block's commit, as of the cursor.
    var undone: [UInt64: UInt64] = [:]
    var models: [Int64: [UInt8]] = [:]
    var types: [Int64: [UInt8]] = [:]

    /// A check of what `options` export; what they select must be what the target holds.
    package init(
        _ store: Store, _ target: any ExportTarget, _ options: ExportOptions, states: [StateTable] = []
    ) throws(ExportError) {
        self.store = store
        self.target = target
        self.options = options
        self.states = states
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
        try readUndone()
        models = try names("models")
        types = try names("types")
        var report = CheckReport(sequence: cursor.wholeSequence)
        try check(.blocks, &report)
        try check(.events, &report)
        report.differentStates = try differentStates()
        return report
    }

    private mutating func check(_ table: CheckedTable, _ report: inout CheckReport) throws(ExportError) {
        var expected: [Int64: RangeSum] = [:]
        try eachLogRow(of: table, in: nil) { row in expected[row.range, default: RangeSum()].add(row.digest) }
        var found: [Int64: RangeSum] = [:]
        try eachTargetRow(of: table, in: nil) { row in found[row.range, default: RangeSum()].add(row.digest) }
        let count = expected.values.reduce(0) { $0 + $1.rows }
        if table == .blocks { report.blocks = count } else { report.events = count }
        report.ranges = max(report.ranges, expected.count)
        for range in Set(expected.keys).union(found.keys).sorted() where expected[range] != found[range] {
            if range == Self.floating {
                report.floatingDiffers = true
            } else {
                let heights = Self.heights(ofRange: range)
                if !report.differentRanges.contains(heights) { report.differentRanges.append(heights) }
            }
            if report.first == nil { report.first = try firstDifference(table, in: range) }
        }
    }

    /// The heights of a range; the outermost ranges end where 64 bits do, since a target may hold any number.
    static func heights(ofRange range: Int64) -> ClosedRange<Int64> {
        let (lower, isLow) = range.multipliedReportingOverflow(by: rangeHeights)
        let (upper, isHigh) = lower.addingReportingOverflow(rangeHeights - 1)
        guard !isLow else { return .min...(range + 1) * rangeHeights - 1 }
        return lower...(isHigh ? .max : upper)
    }

    /// The first row of a range that differs.
    private func firstDifference(_ table: CheckedTable, in range: Int64) throws(ExportError) -> CheckReport.Difference?
    {
        var found: [RowKey: CheckedRow] = [:]
        try eachTargetRow(of: table, in: range) { found[$0.key] = $0 }
        var first: CheckReport.Difference?
        func note(_ row: CheckedRow, _ problem: CheckReport.Problem) {
            let difference = CheckReport.Difference(
                table: table.rawValue, sequence: row.key.sequence, ordinal: table == .events ? row.key.ordinal : nil,
                height: row.height, problem: problem)
            if let known = first,
                (known.sequence, known.ordinal ?? 0) <= (difference.sequence, difference.ordinal ?? 0)
            {
                return
            }
            first = difference
        }
        try eachLogRow(of: table, in: range) { row in
            guard let other = found.removeValue(forKey: row.key) else { return note(row, .missing) }
            if other.digest != row.digest { note(row, .different) }
        }
        for row in found.values { note(row, .unexpected) }
        return first
    }

    private func names(_ table: String) throws(ExportError) -> [Int64: [UInt8]] {
        var names: [Int64: [UInt8]] = [:]
        do throws(SQLFailure) {
            for row in try target.rows("SELECT id, name FROM \(table)") {
                if let id = row[0].integer, let name = row[1].text { names[id] = Array(name.utf8) }
            }
        } catch {
            throw .database(target: target.name, error)
        }
        return names
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

/// The tables that are compared.
enum CheckedTable: String {
    case blocks, events
}

/// What names a row.
struct RowKey: Hashable {
    var sequence: Int64
    var ordinal: Int64
}

/// A row of either side.
struct CheckedRow {
    let key: RowKey
    let height: Int64?
    let digest: UInt64

    /// A row with the digest of its other fields; key and height become part of it, so that no two rows can change places.
    init(key: RowKey, height: Int64?, _ fields: RowDigest) {
        self.key = key
        self.height = height
        var whole = fields
        whole.add(key.sequence)
        whole.add(key.ordinal)
        whole.add(height)
        digest = whole.value
    }

    /// The number of its range of heights.
    var range: Int64 {
        guard let height else { return ExportCheck.floating }
        let (quotient, rest) = height.quotientAndRemainder(dividingBy: ExportCheck.rangeHeights)
        return rest < 0 ? quotient - 1 : quotient
    }
}
