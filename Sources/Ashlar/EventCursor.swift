public import AshlarFormat

/// Walks the events a query asks for, one at a time, without copying them.
///
///     var cursor = try store.view().cursor()
///     while try cursor.next() { use(cursor.payload) }
///
/// `next` moves to the next event, whose CRC has been checked; the properties then speak of that event until the next call. No event costs an
/// allocation. A cursor is used from one task at a time; its view does not move.
///
/// For reading blocks here and there, keep one cursor and `seek` with it: its buffers are used again.
public struct EventCursor: ~Copyable {
    // What `next` and the properties need is inlined into the caller's loop and has to be small: a borrow of the cursor may copy it.
    // Everything else is behind `runs`, once per run and not per event. Invariants: `row` is the current event's, or `runs.idle`; behind it
    // (going by `step`) are `left` more of the present run; `run` is `runs.present`.
    let runs: EventRuns
    @usableFromInline var row: UnsafePointer<RecordTable.Row>
    @usableFromInline var left = 0
    @usableFromInline let step: Int
    @usableFromInline let run: UnsafePointer<EventRun>

    init(_ runs: EventRuns) {
        self.runs = runs
        step = runs.step
        row = UnsafePointer(runs.idle)
        run = UnsafePointer(runs.present)
    }

    /// Moves to the next event; false at the end.
    ///
    /// Throws `corrupt` naming file, offset and height, `inputOutput`, `viewExpired`, `removed`; an error is never an end, and behind one
    /// nothing more is given out.
    @inlinable
    @inline(__always)
    public mutating func next() throws(StoreError) -> Bool {
        if left > 0 {
            left -= 1
            row += step
            return true
        }
        return try nextRun()
    }

    @usableFromInline
    @inline(never)
    mutating func nextRun() throws(StoreError) -> Bool {
        // The commit may go: what of the event does not need its bytes is kept.
        runs.idle.pointee = row.pointee
        do throws(StoreError) {
            if let found = try runs.next() {
                runs.present.pointee = found
                row = found.rows
                left = found.count - 1
                return true
            }
            // At a limit the commit is still there, and a page token can be taken.
            if runs.remaining > 0 { leave() }
            return false
        } catch {
            leave()
            throw error
        }
    }

    private mutating func leave() {
        runs.idle.pointee.length = 0
        runs.present.pointee.sectionCount = 0
        row = UnsafePointer(runs.idle)
    }

    /// Turns to the events of the canonical block at `height`: `next` gives those that the query asks for, and then false. False if there is no
    /// such block, or the query's `heights` leave it out.
    ///
    /// Filters stay; `offset`, `limit` and `limitPerModel` count anew from here. May be called at any time, again and again, also behind an error.
    /// Throws what `next` throws, `pruned`, and `invalidArgument` for a cursor whose query has another order or scope than the chain's, or a page
    /// token. Complexity: O(1), no allocation once the buffers are as large as the blocks; reads the block and nothing else.
    public mutating func seek(height: Int64) throws(StoreError) -> Bool {
        left = 0
        runs.idle.pointee = RecordTable.Row()
        row = UnsafePointer(runs.idle)
        runs.present.pointee = runs.empty
        return try runs.seek(height: height)
    }
}

/// Events that stand side by side in one commit and have all been checked, and what they share.
///
/// Invariant: `rows` and `contents` are good until the next run is asked for.
@usableFromInline
struct EventRun {
    /// The first event; the others are before or behind it, as the query's direction says.
    var rows: UnsafePointer<RecordTable.Row>
    var count = 0
    /// What the rows' offsets count from.
    @usableFromInline var contents: UnsafeRawPointer
    /// Of the commit.
    @usableFromInline var sequence: UInt64 = 0
    @usableFromInline var chainValue: UInt64 = 0
    /// Of the block; −1 if it is none.
    @usableFromInline var height: Int64 = -1
    /// Of the block or the floating batch, in microseconds.
    @usableFromInline var timestamp: Int64 = 0
    @usableFromInline var sections: UnsafePointer<DirectoryEntry>?
    @usableFromInline var sectionCount: UInt32 = 0

    /// Number among its model's canonical events; nil for a floating event.
    @inlinable
    func version(_ row: RecordTable.Row) -> UInt64? {
        guard let entry = entry(row), entry.pointee.firstVersion != 0 else { return nil }
        return entry.pointee.firstVersion &+ UInt64(row.indexInSection)
    }

    /// The directory entry of a row's section; nil before the first event and behind the last.
    @inlinable
    func entry(_ row: RecordTable.Row) -> UnsafePointer<DirectoryEntry>? {
        row.section < sectionCount ? sections.map { $0 + Int(row.section) } : nil
    }

    /// The content of one of its rows.
    func content(_ row: RecordTable.Row) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: contents + Int(row.contentOffset), count: Int(row.length))
    }
}
