import AshlarFormat

extension Follower {
    /// Hands out the next step of the cause, or a part of it; false if the batch has no room for it.
    mutating func deliver(_ batch: inout StepBatchBuilder) throws(StoreError) -> Bool {
        guard let cause else { return false }
        switch cause.kind {
        case .undone: return try deliverUndone(cause, &batch)
        case .readopted(let sequence): return try deliverEvents(cause, of: sequence, &batch)
        case .own: return try deliverEvents(cause, of: cause.sequence, &batch)
        }
    }

    /// Ends a part: `next` says how much of the step was handed out, nil all of it. Gives the step without its content.
    private mutating func close(_ cause: CauseCommit, next: Int?, _ content: Step.Content) -> Step {
        var after = cause
        after.step = next == nil ? cause.step + 1 : cause.step
        after.event = next ?? 0
        cursor = after.cursor(store.id, step: after.step, event: after.event)
        self.cause = cursor.isWhole ? nil : after
        return Step(
            id: StepID(chainValue: cause.chainValue, index: cause.step), cursor: cursor,
            appendTime: Timestamp(microseconds: cause.appendTime), isFirst: cause.event == 0, isLast: next == nil,
            content: content)
    }

    // MARK: Blocks that were undone

    private mutating func deliverUndone(
        _ cause: CauseCommit, _ batch: inout StepBatchBuilder
    ) throws(StoreError) -> Bool {
        guard cause.event < cause.undoneCount else {
            throw .cursorNotFound(.noSuchPlace(sequence: cause.sequence))
        }
        // A bounded part at a time: a rollback may undo the whole chain.
        let limit = min(max(options.batchEvents, 1), 4_096)
        let entries = core.monitor.withLock { log in
            Array(log.chain.history.undone(by: cause.sequence).dropLast(cause.event).suffix(limit).reversed())
        }
        guard entries.count == min(cause.undoneCount - cause.event, limit) else { throw .viewExpired }
        var blocks: [UndoneBlocks.Block] = []
        var source: ReadSource?
        for entry in entries {
            let bytes = 128
            guard batch.hasRoom(for: bytes) else { break }
            blocks.append(try undoneBlock(entry, &source))
            batch.countUndone(bytes: bytes)
        }
        guard !blocks.isEmpty else { return false }
        let done = cause.event + blocks.count
        let content = UndoneBlocks(toHeight: cause.toHeight, count: cause.undoneCount, blocks: blocks)
        batch.add(close(cause, next: done < cause.undoneCount ? done : nil, .undone(content)))
        return true
    }

    private mutating func undoneBlock(
        _ entry: UndoneBlock, _ source: inout ReadSource?
    ) throws(StoreError) -> UndoneBlocks.Block {
        let found: ReadSource
        if let source, source.number == entry.location.segment, entry.location.offset < source.end {
            found = source
        } else {
            let flushing = options.horizon == .committed
            found = try core.monitor.withLock { (log) throws(StoreError) in
                try log.source(of: entry.location.segment, flushing: flushing)
            }
            source = found
        }
        try undoneReader.load(entry.location, from: found, .meta, height: entry.height)
        guard let block = undoneReader.meta.block else { throw .viewExpired }
        return UndoneBlocks.Block(
            height: block.height, hash: block.hash, sequence: entry.sequence,
            chainValue: undoneReader.header.chainValue)
    }

    // MARK: Blocks and floating batches

    private mutating func deliverEvents(
        _ cause: CauseCommit, of sequence: UInt64, _ batch: inout StepBatchBuilder
    ) throws(StoreError) -> Bool {
        try turn(to: sequence, cause)
        guard batch.hasRoom(for: nextRow < rowCount ? Int(loaded.table[nextRow].length) : 0) else { return false }
        let header = loaded.header
        let meta = loaded.meta
        batch.begin(
            EventBuffers.Source(
                sequence: sequence, chainValue: header.chainValue, height: meta.block?.height, hash: meta.block?.hash,
                requestID: meta.requestID))
        do throws(StoreError) {
            try addEvents(common: meta.block?.timestamp ?? meta.floating?.timestamp ?? 0, &batch)
        } catch {
            batch.discard()
            loadedSequence = 0
            throw error
        }
        let next = nextRow < rowCount ? Int(loaded.table[nextRow].ordinal) : nil
        let content: Step.Content
        if let block = StoredBlock(header, meta) {
            let isReadopted = sequence != cause.sequence
            content = .applied(AppliedBlock(block: block, isReadopted: isReadopted, events: .none))
        } else {
            let time = Timestamp(microseconds: meta.floating?.timestamp ?? 0)
            let key = meta.floating?.key.isEmpty == false ? meta.floating?.key : nil
            content = .floating(FloatingEvents(timestamp: time, key: key, requestID: meta.requestID, events: .none))
        }
        batch.end(close(cause, next: next, content))
        return true
    }

    /// Makes the commit with this sequence the one whose events are handed out, at the place where the cause stands.
    private mutating func turn(to sequence: UInt64, _ cause: CauseCommit) throws(StoreError) {
        let isContinued = loadedSequence == sequence
        if !isContinued {
            let (location, source) = try lookUp(sequence)
            try load(sequence, location, source)
        }
        guard cause.event > 0 else {
            if isContinued {
                nextRow = 0
                skipUnwanted()
            }
            return
        }
        guard cause.event < Int(loaded.header.eventCount) else {
            throw .cursorNotFound(.noSuchPlace(sequence: cause.sequence))
        }
        // Records are in the order of their ordinals, in one section alone too.
        while nextRow < rowCount, Int(loaded.table[nextRow].ordinal) < cause.event { nextRow += 1 }
        skipUnwanted()
    }

    /// Adds the records from `nextRow` on, as many as there is room for.
    private mutating func addEvents(common: Int64, _ batch: inout StepBatchBuilder) throws(StoreError) {
        guard nextRow < rowCount else { return }
        guard let base = loaded.base else { throw .viewExpired }
        // Checked in runs, which is twice as fast as one by one.
        let runLength = loaded.wanted.isEmpty ? 64 : 1
        var checked = nextRow
        while nextRow < rowCount {
            let row = loaded.table[nextRow]
            guard batch.hasRoom(for: Int(row.length)) else { return }
            if nextRow >= checked {
                let limit = min(runLength, rowCount - nextRow)
                checked = nextRow + loaded.table.countWhole(from: nextRow, step: 1, limit: limit, base: base)
                guard nextRow < checked else { throw loaded.damaged(row) }
            }
            let content = loaded.table.content(of: row, base: base)
            var own = OwnFields.none
            if row.typeAndFlags & (RecordHead.ownTimestamp | RecordHead.ownRequestID) != 0 {
                // The CRC was right, so fields that cannot be split are a writer's mistake: then there are none.
                own = (try? OwnFields(typeAndFlags: row.typeAndFlags, content: content)) ?? .none
            }
            let entry = loaded.table.sections[Int(row.section)].entry
            let version = entry.firstVersion == 0 ? 0 : entry.firstVersion &+ UInt64(row.indexInSection)
            batch.add(
                EventBuffers.Row(
                    offset: 0, length: content.count - own.payloadOffset, version: version,
                    timestamp: own.timestamp ?? common, ordinal: row.ordinal, source: 0,
                    model: names.model(entry.model, store.core),
                    type: names.type(row.typeAndFlags & RecordHead.typeMask, store.core), requestLength: 0),
                content, requestID: own.requestID)
            nextRow += 1
            skipUnwanted()
        }
    }
}
