import Ashlar

/// Turns steps of the log into rows and marks.
///
/// Invariant: applied in order from the cursor it began at, its change sets make the target say what the log says.
package struct StepEncoder: ~Copyable {
    private let store: Store
    private let heights: ClosedRange<Int64>?
    private let keepsUndone: Bool
    private var classifier: PayloadClassifier
    private var models: NameNumbers
    private var types: NameNumbers
    private let tables: [Table]
    private var typed: TypedRows
    private let states: StateFeeds?
    private var tip: TipState = .unknown
    /// Of each table, what the batch before gave: most are alike.
    private var sizes: [(cells: Int, bytes: Int)] = []

    private enum TipState {
        case unknown
        case known(ChangeSet.Tip?)
    }

    init(
        _ store: Store, _ options: ExportOptions, _ dialect: SQLDialect, models: NameNumbers, types: NameNumbers,
        states: StateFeeds?
    ) {
        self.store = store
        heights = options.heights
        keepsUndone = options.keepsUndone
        classifier = PayloadClassifier(dialect)
        self.models = models
        self.types = types
        let set = TableSet(options, dialect, [])
        tables = set.tables
        typed = TypedRows(set.typed)
        self.states = states
    }

    /// What a batch of steps changes; nil if it was told to stop meanwhile.
    mutating func encode(_ batch: StepBatch, shouldStop: () -> Bool) throws(ExportError) -> ChangeSet? {
        var changes = ChangeSet(tables, cursor: batch.cursor)
        for (index, size) in sizes.enumerated() { changes.parts[0].rows[index].reserveCapacity(like: size) }
        let misfits = typed.misfits
        for step in batch.steps {
            switch step.content {
            case .applied(let block): try apply(block, step, &changes)
            case .floating(let floating): if heights == nil { try add(floating.events, nil, &changes) }
            case .undone(let undone): undo(undone, step, &changes)
            }
        }
        changes.misfits = typed.misfits - misfits
        sizes = changes.parts[0].rows.map(\.size)
        do throws(StoreError) { changes.tip = try currentTip(changes.cursor) } catch { throw .store(error) }
        guard let states else { return changes }
        states.note(batch.steps)
        guard batch.cursor.isWhole else { return changes }
        guard let found = try states.changes(upTo: batch.cursor.sequence, shouldStop: { _ in shouldStop() }) else {
            return nil
        }
        changes.states = found
        return changes
    }

    private mutating func apply(
        _ applied: AppliedBlock, _ step: Step, _ changes: inout ChangeSet
    ) throws(ExportError) {
        let block = applied.block
        guard heights?.contains(block.block.height) ?? true else { return }
        let height = block.block.height
        tip = .known(ChangeSet.Tip(sequence: block.sequence, height: height))
        if applied.isReadopted, step.isFirst { readopt(block, by: step.sequence, &changes) }
        // Rows that stayed, marked, only lose their mark.
        guard !applied.isReadopted || !keepsUndone else { return }
        if step.isFirst { add(block, &changes) }
        try add(applied.events, height, &changes)
    }

    private mutating func readopt(_ block: StoredBlock, by sequence: UInt64, _ changes: inout ChangeSet) {
        // Its rows may still have to be deleted before they come again.
        if !keepsUndone { changes.parts.append(ChangeSet.Part(tables)) }
        let last = changes.parts.count - 1
        changes.parts[last].rows[LogTable.readoptedBlocks.rawValue].appendRow(
            Int64(sequence), Int64(block.sequence), block.block.height)
        if keepsUndone {
            changes.parts[last].marks.append(
                ChangeSet.Mark(sequence: block.sequence, height: block.block.height, undoneBy: nil))
        }
    }

    private func add(_ stored: StoredBlock, _ changes: inout ChangeSet) {
        let height = stored.block.height
        changes.blocks += 1
        changes.note(height: height)
        changes.withRows(.blocks) { rows in
            rows.append(Int64(stored.sequence))
            rows.append(height)
            rows.append(bytes: stored.block.hash.bytes)
            rows.append(bytes: stored.block.parent.bytes)
            rows.append(stored.block.timestamp.microseconds)
            rows.append(stored.appendTime.microseconds)
            rows.append(Int64(bitPattern: stored.chainValue))
            rows.append(bytes: stored.block.requestID)
            rows.append(Int64(stored.eventCount))
            rows.appendNull()
        }
    }

    private mutating func add(
        _ events: StepEvents, _ height: Int64?, _ changes: inout ChangeSet
    ) throws(ExportError) {
        guard !events.isEmpty else { return }
        changes.events += events.count
        let last = changes.parts.count - 1
        // Taken out for the loop, so that appending is in place.
        var rows = changes.parts[last].rows
        changes.parts[last].rows = []
        for event in events {
            let model = models.number(event.modelIndex, event.model, &rows[LogTable.models.rawValue])
            let type = types.number(event.typeIndex, event.type, &rows[LogTable.types.rawValue])
            append(event, height, model, type, &rows[LogTable.events.rawValue])
            if !typed.isEmpty { try typed.append(event, height, to: &rows) }
        }
        changes.parts[last].rows = rows
    }

    @inline(__always)
    private mutating func append(
        _ event: StepEvent, _ height: Int64?, _ model: Int64, _ type: Int64, _ rows: inout RowBuffer
    ) {
        rows.append(Int64(event.sequence))
        rows.append(Int64(event.ordinal))
        rows.append(height)
        rows.append(model)
        rows.append(type)
        rows.append(event.version.map(Int64.init(clamping:)))
        rows.append(event.timestamp.microseconds)
        rows.append(bytes: event.requestID)
        let payload = event.payload
        if classifier.isJSON(payload) {
            rows.append(.text, payload)
            rows.appendNull()
        } else {
            rows.appendNull()
            rows.append(.bytes, payload)
        }
        rows.appendNull()
    }

    private mutating func undo(_ undone: UndoneBlocks, _ step: Step, _ changes: inout ChangeSet) {
        tip = .unknown
        changes.voidAbove = min(changes.voidAbove ?? .max, undone.toHeight)
        if step.isFirst {
            changes.withRows(.rollbacks) {
                $0.appendRow(
                    Int64(step.sequence), step.appendTime.microseconds, undone.toHeight, Int64(undone.count))
            }
        }
        for block in undone.blocks where heights?.contains(block.height) ?? true {
            changes.undoneBlocks += 1
            changes.withRows(.undoneBlocks) {
                $0.appendRow(Int64(step.sequence), Int64(block.sequence), block.height)
                $0.append(bytes: block.hash.bytes)
            }
            changes.parts[changes.parts.count - 1].marks.append(
                ChangeSet.Mark(sequence: block.sequence, height: block.height, undoneBy: step.sequence))
        }
    }

    /// The tip at a cursor; nil within a commit, where there is none to tell and none that may be kept for what follows.
    private mutating func currentTip(_ cursor: Cursor) throws(StoreError) -> ChangeSet.Tip? {
        guard cursor.isWhole, cursor.wholeSequence > 0 else { return nil }
        if case .known(let tip) = tip { return tip }
        let block = try store.highestBlock(of: heights, asOf: cursor.wholeSequence)
        let tip = block.map { ChangeSet.Tip(sequence: $0.sequence, height: $0.block.height) }
        self.tip = .known(tip)
        return tip
    }
}

extension Store {
    /// The highest canonical block of some heights, or of all, as of a commit.
    func highestBlock(of heights: ClosedRange<Int64>?, asOf sequence: UInt64) throws(StoreError) -> StoredBlock? {
        let view = try view(asOf: sequence)
        guard let top = view.tipHeight else { return nil }
        let (lowest, highest) = (heights?.lowerBound ?? view.firstHeight, min(top, heights?.upperBound ?? top))
        guard lowest <= highest else { return nil }
        return try view.blocks(lowest...highest, descending: true).first(where: { _ in true })?.get()
    }
}

extension ChangeSet {
    /// Adds rows of a table to the last part.
    fileprivate mutating func withRows(_ table: LogTable, _ body: (inout RowBuffer) -> Void) {
        body(&parts[parts.count - 1].rows[table.rawValue])
    }
}

extension RowBuffer {
    /// Appends integers.
    fileprivate mutating func appendRow(_ values: Int64...) {
        for value in values { append(value) }
    }
}
