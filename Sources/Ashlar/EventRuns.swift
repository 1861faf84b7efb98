import AshlarFormat
import AshlarStorage

/// What is behind a cursor: the query, the walk through the log, and the commit at hand with its buffers.
///
/// It belongs to one `EventCursor`, which cannot be copied, so one task at a time uses it. Invariants: the rows from `nextRow` to `endRow`, going
/// by `step`, were neither given out nor checked; behind an error or the end there are none.
@usableFromInline
final class EventRuns {
    /// How many events are checked at a time.
    private static let longest = 64

    let view: View
    let compiled: CompiledQuery
    let token: PageToken?
    let step: Int
    let names: EventNames
    var commit = LoadedCommit()
    // One of the three is there.
    var chain: ChainWalk?
    var sequence: SequenceWalk?
    var sorted: SortedEvents?
    /// The segment that was last found to hold something that is asked for.
    var checkedSegment: UInt64 = 0
    var nextRow = 0
    var endRow = 0
    /// The row of a cursor that is at no event, and what it is told of the present run. Both stand by themselves so that the cursor reads them
    /// as plain memory.
    let idle: UnsafeMutablePointer<RecordTable.Row>
    let present: UnsafeMutablePointer<EventRun>
    private var toSkip: Int
    private(set) var remaining: Int
    private var perModel: [UInt32: Int] = [:]
    private var isDone = false

    init(_ view: View, _ compiled: CompiledQuery) {
        let query = compiled.query
        self.view = view
        self.compiled = compiled
        token = query.after
        step = query.descending ? -1 : 1
        names = EventNames(view.core)
        toSkip = query.after == nil ? query.offset : 0
        remaining = query.limit ?? .max
        idle = .allocate(capacity: 1)
        idle.initialize(to: RecordTable.Row())
        present = .allocate(capacity: 1)
        present.initialize(to: empty)
    }

    deinit {
        idle.deallocate()
        present.deallocate()
    }

    /// The run of a cursor that is at no event.
    var empty: EventRun { EventRun(rows: UnsafePointer(idle), contents: UnsafeRawPointer(idle)) }

    /// The next events; nil at the end.
    func next() throws(StoreError) -> EventRun? {
        do throws(StoreError) {
            while !isDone, remaining > 0 {
                while nextRow != endRow {
                    if let run = try isPlain ? plainRun() : filteredRun() { return run }
                }
                guard try advance() else { break }
            }
            finish()
            return nil
        } catch {
            // Behind an error nothing more is given out: what follows would look whole and is not.
            finish()
            throw error
        }
    }

    private func finish() {
        isDone = true
        nextRow = endRow
    }

    /// Whether all records of the commit are asked for.
    private var isPlain: Bool { !compiled.filtersRecords && token == nil && commit.wanted.isEmpty }

    /// A run of records that are all asked for; nil if they are to be skipped.
    private func plainRun() throws(StoreError) -> EventRun? {
        guard let base = commit.base else { throw .viewExpired }
        let first = nextRow
        let limit = min((endRow - first) * step, Self.longest, toSkip > 0 ? toSkip : remaining)
        let count = commit.table.countWhole(from: first, step: step, limit: limit, base: base)
        guard count > 0 else { throw commit.damaged(commit.table[first]) }
        nextRow += count * step
        if toSkip > 0 {
            toSkip -= count
            return nil
        }
        remaining -= count
        return run(from: first, count: count, base)
    }

    /// A run of records that pass the filters; nil if there is none in this commit any more.
    private func filteredRun() throws(StoreError) -> EventRun? {
        guard let base = commit.base else { throw .viewExpired }
        let common = run(from: nextRow, count: 0, base)
        var first = nextRow
        var count = 0
        while nextRow != endRow, count < min(Self.longest, remaining) {
            let row = commit.table[nextRow]
            var isTaken = commit.wanted.isEmpty || commit.wanted[Int(row.section)]
            if isTaken {
                guard commit.table.countWhole(from: nextRow, step: step, limit: 1, base: base) == 1 else {
                    // What comes before it is given out first.
                    if count > 0 { break }
                    throw commit.damaged(row)
                }
                isTaken = passes(row, common)
            }
            if isTaken, toSkip > 0 {
                toSkip -= 1
                isTaken = false
            }
            nextRow += step
            if isTaken { count += 1 } else if count > 0 { break } else { first = nextRow }
        }
        guard count > 0 else { return nil }
        remaining -= count
        return run(from: first, count: count, base)
    }

    private func run(from index: Int, count: Int, _ base: UnsafeRawPointer) -> EventRun {
        EventRun(
            rows: commit.table.rows(from: index), count: count, contents: commit.table.contents(base: base),
            sequence: commit.reader.header.sequence, chainValue: commit.reader.header.chainValue,
            height: commit.reader.meta.block?.height ?? -1, timestamp: commit.reader.meta.commonTimestamp ?? 0,
            sections: commit.table.directory, sectionCount: UInt32(commit.table.sections.count))
    }

    /// Goes to the block at `height`; false if there is none.
    func seek(height: Int64) throws(StoreError) -> Bool {
        guard chain != nil, token == nil else {
            throw .invalidArgument("only a cursor over the chain, without a page token, can be moved to a height")
        }
        let query = compiled.query
        toSkip = query.offset
        remaining = query.limit ?? .max
        perModel.removeAll(keepingCapacity: true)
        chain?.end()
        finish()
        guard query.heights?.contains(height) ?? true, let (location, source) = try view.locate(height: height) else {
            return false
        }
        isDone = false
        if try commit.load(location, source, compiled, height: height) { begin() }
        return true
    }

    /// Makes all records of the commit the next ones.
    func begin() {
        nextRow = step > 0 ? 0 : commit.table.count - 1
        endRow = step > 0 ? commit.table.count : -1
    }

    /// Whether a record passes the filters that look at single records; counts it if it does.
    private func passes(_ row: RecordTable.Row, _ run: EventRun) -> Bool {
        guard compiled.filtersRecords || token != nil else { return true }
        if let types = compiled.types, types[row.typeAndFlags & RecordHead.typeMask] == 0 { return false }
        if let versions = compiled.query.versions, !versions.contains(run.version(row) ?? 0) { return false }
        let content = run.content(row)
        if let times = compiled.query.times, !times.contains(timestamp(row, content, run)) { return false }
        if let wanted = compiled.query.requestID, requestID(row, content).map({ $0 == wanted }) != true {
            return false
        }
        if let token, !isBehind(token, row, content, run) { return false }
        if let limit = compiled.query.limitPerModel {
            let model = run.entry(row)?.pointee.model ?? 0
            let count = perModel[model, default: 0]
            if count >= limit { return false }
            perModel[model] = count + 1
        }
        return true
    }

    private func isBehind(
        _ token: PageToken, _ row: RecordTable.Row, _ content: UnsafeRawBufferPointer, _ run: EventRun
    ) -> Bool {
        let here = (sortKey(row, content, run), run.sequence, row.ordinal)
        let there = (token.key, token.sequence, token.ordinal)
        return step > 0 ? here > there : here < there
    }
}
