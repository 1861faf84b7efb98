import AshlarFormat

extension Writer {
    /// Appends `block` with the events that `fill` adds, as one commit: there whole or not at all.
    ///
    /// A block on the tip extends the chain; one on an earlier canonical block undoes what stands above, in the same commit (or is refused, as
    /// the options say); one that is canonical already with the same content changes nothing. It returns at memory speed; see
    /// `durable(upTo:)`. Throws `unlinked`, `wrongHeight`, `belowFinality`, `fork`, `differentBlock`, `payloadTooLarge`, `invalidArgument`,
    /// what `fill` throws, and `inputOutput` or `poisoned`. Nothing is appended then; after `inputOutput` alone the block may turn out to be in the log
    /// when the store is opened again.
    public mutating func append(
        _ block: Block, _ fill: (inout EventBatch) throws(StoreError) -> Void
    ) throws(StoreError) -> AppendOutcome {
        batch.stage.clear()
        try fill(&batch)
        return try appendStaged(block)
    }

    /// Appends `block` with `events`; see `append(_:_:)`.
    @discardableResult
    public mutating func append(_ block: Block, events: [Event] = []) throws(StoreError) -> AppendOutcome {
        try stage(events)
        return try appendStaged(block)
    }

    /// Puts `events` into the batch, names resolved.
    mutating func stage(_ events: [Event]) throws(StoreError) {
        try core.monitor.withLock { (log) throws(StoreError) in try batch.stage(events, &log.registry) }
    }

    private mutating func appendStaged(_ block: Block) throws(StoreError) -> AppendOutcome {
        try Self.check(block)
        try waitForRoom()
        let outcome = try core.monitor.withLock { (log) throws(StoreError) -> AppendOutcome in
            try log.checkWritable()
            let placement = try log.place(block, forks: options.forks, belowFinality: false, &reader)
            if case .duplicate(let location) = placement {
                try log.compare(block, batch.stage, with: location, &reader, &table)
                return .duplicate(sequence: try log.sequence(of: location))
            }
            var meta = Self.meta(of: block)
            meta.eventTimes = batch.stage.eventTimes
            var undone = 0
            if case .fork(let keep, let parentHeight) = placement {
                let part = try log.planRollback(keep: keep, toHeight: parentHeight, readopted: [], &reader)
                undone = Int(part.undoneBlocks)
                meta.rollback = part
            }
            try log.commit(.block, meta: meta, stage: &batch.stage, rules: rules, builder: &builder)
            return meta.rollback == nil
                ? .extended(sequence: log.state.sequence) : .forked(sequence: log.state.sequence, undone: undone)
        }
        try afterCommit()
        return outcome
    }

    @inline(never)
    private mutating func tellUndone(_ report: @Sendable (WriterNotice) -> Void) {
        let (undone, height) = core.monitor.withLock { ($0.state.undoneBlocks, $0.state.tipHeight) }
        guard undone > undoneBlocks else { return }
        report(.undone(blocks: undone - undoneBlocks, toHeight: height))
        undoneBlocks = undone
    }

    static func meta(of block: Block) -> CommitMeta {
        var meta = CommitMeta()
        meta.block = BlockPart(
            height: block.height, timestamp: block.timestamp.microseconds, hash: block.hash, parent: block.parent)
        meta.requestID = block.requestID
        meta.mark = block.mark
        return meta
    }

    static func check(_ block: Block) throws(StoreError) {
        guard (0...Limits.height).contains(block.height) else {
            throw .invalidArgument("height \(block.height) is out of range")
        }
        guard block.hash != block.parent else { throw .invalidArgument("block \(block.height) is its own parent") }
        if let requestID = block.requestID { try EventBatch.check(requestID: requestID) }
        try check(mark: block.mark)
    }

    static func check(mark: [UInt8]?) throws(StoreError) {
        guard let mark else { return }
        guard (1...Limits.markBytes).contains(mark.count) else {
            throw .invalidArgument("a mark must have 1–65,535 bytes; this has \(mark.count)")
        }
    }

    /// Unsynced bytes are bounded: beyond the bound, appending waits for a sync.
    func waitForRoom() throws(StoreError) {
        let last = core.monitor.withLock { $0.unsyncedBytes > options.maxUnsyncedBytes ? $0.state.sequence : nil }
        if let last { try core.sync(upTo: last) }
    }

    /// Tells the sync thread if the policy wants a sync now.
    mutating func afterCommit() throws(StoreError) {
        if let report = options.report { tellUndone(report) }
        switch options.durability {
        case .manual: return
        case .everyBlock:
            try core.monitor.withLock { (log) throws(StoreError) in
                guard log.state.sequence > log.durable.sequence else { return }
                if !log.isSyncing {
                    try log.flush()
                    try log.writeZerosAhead(step: 1 << 20, segmentBytes: rules.segmentBytes)
                }
                core.monitor.signal()
            }
        case .interval(_, let bytes):
            core.monitor.withLock { log in
                // A sync may have taken the commit in already; then there is nothing to wait for, and no deadline to note.
                guard log.oldestUnsyncedNanoseconds != nil else { return }
                if log.unsyncedBytes >= bytes || !log.hasDeadline {
                    log.hasDeadline = true
                    core.monitor.signal()
                }
            }
        }
    }
}

extension EventBatch {
    /// Replaces the content by `events`, names resolved.
    mutating func stage(_ events: [Event], _ registry: inout Registry) throws(StoreError) {
        stage.clear()
        for event in events {
            let model = try registry.resolveModel(event.model)
            let type = try registry.resolveType(event.type)
            try add(
                ModelHandle(id: registry.models[model].id), TypeHandle(id: registry.types[type].id),
                payload: event.payload.span.bytes, timestamp: event.timestamp, requestID: event.requestID)
        }
    }
}

extension LogState {
    /// Checks that the canonical block at `location` has the content given, and names the first difference if it has not.
    mutating func compare(
        _ block: Block, _ stage: borrowing EventStage, with location: Location, _ reader: inout CommitReader,
        _ table: inout RecordTable
    ) throws(StoreError) {
        let source = try source(of: location.segment)
        try reader.load(location, from: source, .frame, height: block.height)
        guard let existing = reader.meta.block else { return }
        func differs(_ what: String) -> StoreError { .differentBlock(height: block.height, difference: what) }
        if existing.parent != block.parent { throw differs("its parent is \(existing.parent)") }
        if existing.timestamp != block.timestamp.microseconds {
            throw differs("its timestamp is \(existing.timestamp) µs, not \(block.timestamp.microseconds)")
        }
        if reader.meta.requestID != block.requestID { throw differs("its request id") }
        if Int(reader.header.eventCount) != stage.eventCount {
            throw differs("it has \(reader.header.eventCount) events, not \(stage.eventCount)")
        }
        if reader.header.isStub { return }
        do throws(FormatError) {
            try table.layOut(reader.frame, reader.header, reader.meta)
            try table.loadAll(reader.frame, reader.header)
        } catch {
            throw reader.corrupt(error, height: block.height)
        }
        guard let base = reader.base, let heads = stage.heads.bytes.baseAddress else { return }
        var offset = 0
        var run = 0
        for ordinal in 0..<table.count {
            while run + 1 < stage.runs.count, stage.runs[run + 1].firstEvent <= ordinal { run += 1 }
            let staged = RecordHead(loading: heads + RecordHead.size * ordinal)
            let row = table[ordinal]
            let content = UnsafeRawBufferPointer(rebasing: stage.contents.bytes[offset..<offset + Int(staged.length)])
            offset += Int(staged.length)
            if table.sections[Int(row.section)].entry.model != stage.slots[stage.runs[run].slot].model {
                throw differs("event \(ordinal) is of another model")
            }
            if row.typeAndFlags != staged.typeAndFlags { throw differs("event \(ordinal) is of another type") }
            guard row.length == staged.length, row.crc == staged.crc,
                table.content(of: row, base: base).elementsEqual(content)
            else { throw differs("event \(ordinal) has another payload") }
        }
    }
}
