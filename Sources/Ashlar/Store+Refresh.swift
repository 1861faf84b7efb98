import AshlarFormat
import AshlarStorage

extension Store {
    /// Takes in what the writer has made durable since (or appended, under the `committed` horizon), when this store is open in another process.
    ///
    /// Returns whether anything came. Views taken before do not move. In the writer's own process there is nothing to do. Throws `corrupt`,
    /// `inputOutput`. Complexity: O(new commits).
    @discardableResult
    public func refresh() throws(StoreError) -> Bool {
        guard !core.isWriter else { return false }
        let note = try LogOpening(storage: core.storage, horizon: core.horizon).readNote()
        return try core.monitor.withLock { (log) throws(StoreError) in
            let before = log.state.sequence
            let limit = core.horizon == .durable ? note?.sequence ?? 0 : .max
            while log.state.sequence < limit, try log.takeMore(upTo: limit, note: note) {}
            // What was durable and cannot be read is damage, not the end; but who looked beyond may have seen what a power cut then took.
            if let note, log.state.sequence < note.sequence {
                throw core.horizon == .durable ? log.lost(note) : .tailLost(sequence: log.state.sequence)
            }
            if let note, try !log.agrees(with: note) { throw .tailLost(sequence: log.state.sequence) }
            if let note, note.sequence <= log.state.sequence, note.sequence > log.durable.sequence {
                log.durable = DurablePoint(sequence: note.sequence, chainValue: note.chainValue)
            }
            return log.state.sequence > before
        }
    }
}

extension LogState {
    /// Whether a note that is new speaks of the log that was read here.
    ///
    /// It may end before what was read; then the last commit read must still stand where it was: its chain value vouches for all before.
    fileprivate mutating func agrees(with note: DurabilityNote) throws(StoreError) -> Bool {
        guard note.sequence > durable.sequence else { return true }
        if note.sequence == state.sequence { return note.chainValue == state.chainValue }
        guard let location = try location(ofSequence: state.sequence) else { return false }
        var reader = CommitReader()
        do throws(StoreError) { try loadMeta(location, &reader) } catch {
            if case .corrupt = error { return false }
            throw error
        }
        return reader.header.chainValue == state.chainValue
    }

    /// Reads on in the active segment, or turns to the next one; false when there is nothing more.
    fileprivate mutating func takeMore(upTo limit: UInt64, note: DurabilityNote?) throws(StoreError) -> Bool {
        guard active != nil else { return try turnToNextSegment() }
        let before = state.sequence
        let end = try readOn(upTo: limit, proven: note?.sequence ?? 0)
        if state.sequence > before { return true }
        if end == .footer { return try sealActive() }
        return false
    }

    private mutating func readOn(upTo limit: UInt64, proven: UInt64) throws(StoreError) -> CommitWalker.End {
        guard let active else { return .endOfFile }
        let file = active.file
        // A follower looks many times a second: where no commit starts, four bytes tell.
        let first = try SegmentLoading.read(file, at: active.endOffset, count: 4)
        if first.count < 4 || first.allSatisfy({ $0 == 0 }) { return .zeros }
        let size = try storing { () throws(StorageError) in try file.size() }
        var walker = CommitWalker(file, header: active.header, from: active.endOffset, state: state, limit: size)
        var group: [CommitWalker.Found] = []
        while state.sequence < limit || !group.isEmpty {
            switch try walker.next(provenSequence: proven) {
            case .end(let end): return end
            case .commit(let found):
                group.append(found)
                if found.header.continues { continue }
                for found in group { try take(found) }
                group.removeAll()
            }
        }
        return .endOfFile
    }

    fileprivate func lost(_ note: DurabilityNote) -> StoreError {
        let name = active?.name ?? SegmentName(number: (sealed.last?.name.number ?? 0) + 1)
        let first = state.tipHeight + 1
        return .corrupt(
            Corruption(
                file: name.segmentFile, offset: active?.endOffset ?? 0, heights: first...max(first, .max),
                reason:
                    "the log cannot be read behind sequence \(state.sequence), but sequences up to \(note.sequence) were durable"
            ))
    }

    private mutating func take(_ found: CommitWalker.Found) throws(StoreError) {
        let name = active?.name ?? SegmentName(number: 1)
        do throws(FormatError) {
            try active?.index.check(found.header, found.meta, sections: found.sections.span, types: found.types.span)
            try active?.index.add(
                found.header, found.meta, offset: found.offset, sections: found.sections.span, types: found.types.span)
            for entry in found.meta.names {
                try registry.define(entry.kind, id: entry.id, name: entry.name, version: entry.version)
            }
        } catch {
            throw .corrupt(Corruption(file: name.segmentFile, offset: found.offset, heights: nil, reason: error.reason))
        }
        for change in found.meta.rollback?.models ?? [] {
            if let slot = registry.modelIndex(id: change.model) { registry.setVersion(change.version, at: slot) }
        }
        if found.header.kind == .block {
            for entry in found.sections {
                guard let slot = registry.modelIndex(id: entry.model) else { continue }
                registry.setVersion(entry.firstVersion &+ UInt64(entry.count) &- 1, at: slot)
            }
        }
        try takeIntoChain(found, name)
        state = active?.index.summary.closing ?? state
        flushedEnd = active?.endOffset ?? flushedEnd
    }

    private mutating func takeIntoChain(_ found: CommitWalker.Found, _ name: SegmentName) throws(StoreError) {
        var moved = Chain()
        swap(&moved, &chain)
        defer { swap(&moved, &chain) }
        do {
            if let rollback = found.meta.rollback {
                try moved.rollback(
                    sequence: found.header.sequence, toHeight: rollback.toHeight, undoneBlocks: rollback.undoneBlocks,
                    readopted: rollback.readopted,
                    sequenceOf: { (location) throws(StoreError) in try self.sequence(of: location) })
            }
            if let block = found.meta.block {
                try moved.append(height: block.height, Location(segment: name.number, offset: found.offset))
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw .corrupt(
                Corruption(
                    file: name.segmentFile, offset: found.offset, heights: nil, reason: "its blocks are out of order"))
        }
    }

    /// The writer has sealed the segment that was active: its footer is at its end.
    private mutating func sealActive() throws(StoreError) -> Bool {
        guard let active else { return false }
        let loading = SegmentLoading(storage: storage)
        let size = try storing { () throws(StorageError) in try active.file.size() }
        guard case .success(let (index, base)) = try loading.footer(active.header, active.file, size: size),
            index.summary.closing == state
        else { return false }
        sealed.append(loading.sealed(active.name, active.header, index, .file(active.file, base: base)))
        self.active = nil
        return true
    }

    private mutating func turnToNextSegment() throws(StoreError) -> Bool {
        let name = SegmentName(number: (sealed.last?.name.number ?? 0) + 1)
        let file: any StorageFile
        do throws(StorageError) { file = try storage.open(name.segmentFile, .read) } catch {
            if error.code == SystemCalls.notFound { return false }
            throw StoreError(error)
        }
        let bytes = try SegmentLoading.read(file, at: 0, count: SegmentHeader.size)
        // A header that is not whole yet: the writer is still creating the file.
        guard bytes.count == SegmentHeader.size,
            let header = try? SegmentHeader(decoding: bytes.span.bytes, name: name),
            header.storeID == storeID, header.opening == state
        else { return false }
        // The writer has pruned: what this reader took in of it goes too.
        try rebase(to: header.prunedSequence)
        active = ActiveSegment(
            name: name, header: header, file: file, index: SegmentIndex(header: header), writtenEnd: SegmentHeader.size)
        flushedEnd = SegmentHeader.size
        return true
    }
}
