import AshlarFormat
import AshlarStorage

extension LogState {
    /// Throws unless the log may be written.
    func checkWritable() throws(StoreError) {
        if isClosed { throw .closed }
        if let poison { throw .poisoned(cause: poison.description) }
    }

    /// Runs a step that writes; a failure poisons the store for good, because what reached the medium is unknown from then on.
    mutating func writing<Result: ~Copyable>(
        _ body: (inout LogState) throws(StorageError) -> Result
    ) throws(StoreError) -> Result {
        try checkWritable()
        do { return try body(&self) } catch {
            let failure = StoreError(error)
            poison(with: failure)
            throw failure
        }
    }

    /// Ends all writing, and fails everyone who waits for durability that will not come now.
    mutating func poison(with failure: StoreError) {
        if poison == nil { tell(.failed(failure)) }
        poison = poison ?? failure
        failWaiters(failure)
        wakeFollowers(all: true)
    }

    /// Reports from a task of its own, because the log's lock is held here.
    func tell(_ notice: @autoclosure () -> WriterNotice) {
        guard let report else { return }
        let notice = notice()
        Task.detached { report(notice) }
    }

    /// Writes the buffered commits to the file (not durable yet).
    mutating func flush() throws(StoreError) {
        guard tail.count > 0, let file = active?.file else { return }
        try writing { (log) throws(StorageError) in
            do throws(StorageError) { try file.write(log.tail.bytes, at: log.flushedEnd) } catch {
                guard file.isSeeded(.holeAfterFailedWrite) else { throw error }
            }
            log.flushedEnd += log.tail.count
            log.tail.clear(keeping: 4 << 20)
            let written = max(log.active?.writtenEnd ?? 0, log.flushedEnd)
            log.active?.writtenEnd = written
        }
        if storage.isSeeded(.noteAheadOfSync) {
            try writeNote(upTo: DurablePoint(sequence: state.sequence, chainValue: state.chainValue))
        }
    }

    /// Writes zeros ahead of the end, so that the next syncs go into blocks that are there already and cost two thirds.
    ///
    /// Only worth it where every block is synced; the step is small because zeros are written too.
    mutating func writeZerosAhead(step: Int, segmentBytes: Int) throws(StoreError) {
        guard let active, flushedEnd + step / 4 > active.writtenEnd, active.writtenEnd < segmentBytes else { return }
        let start = max(active.writtenEnd, flushedEnd)
        // Behind the size at which the segment is sealed they would only be cut off again.
        let end = min(start + step, max(start, segmentBytes))
        let file = active.file
        try writing { (log) throws(StorageError) in
            // Noted first: what a write that fails half-way has left must be cut off when the segment is sealed.
            log.active?.writtenEnd = end
            do throws(StorageError) {
                try file.write([UInt8](repeating: 0, count: end - start), at: start)
            } catch {
                // A disk that is too full for zeros may still take the blocks; it is their write that must not fail.
                if error.code != SystemCalls.noSpace { throw error }
            }
        }
    }

    /// Marks everything up to `point` durable, tells the other processes, and wakes who waited.
    mutating func advanceDurable(to point: DurablePoint) throws(StoreError) {
        guard point.sequence > durable.sequence else { return }
        durable = point
        // First those who waited: what they asked for is durable, even if the note then cannot be written.
        let ready = waiters.filter { $0.sequence <= point.sequence }
        waiters.removeAll { $0.sequence <= point.sequence }
        for waiter in ready { waiter.resume(.success(())) }
        wakeFollowers()
        try writeNote()
    }

    /// Fails everyone who waits for durability that will not come.
    mutating func failWaiters(_ error: StoreError) {
        let all = waiters
        waiters = []
        for waiter in all { waiter.resume(.failure(error)) }
    }

    /// Overwrites the durability note; not synced, it is evidence that can only lag ([NOTE-4]).
    mutating func writeNote() throws(StoreError) { try writeNote(upTo: durable) }

    private mutating func writeNote(upTo point: DurablePoint) throws(StoreError) {
        guard let noteFile else { return }
        let note = DurabilityNote(
            storeID: storeID, epoch: epoch, sequence: point.sequence, chainValue: point.chainValue)
        try writing { (_) throws(StorageError) in
            var bytes = ByteBuffer(capacity: DurabilityNote.size)
            note.encode(to: bytes.extend(DurabilityNote.size))
            try noteFile.write(bytes.bytes, at: 0)
        }
    }
}

extension LogState {
    /// Seals the active segment and makes it durable; the next one is created by `beginSegment` ([SEG-9]).
    mutating func seal() throws(StoreError) {
        guard let active else { return }
        let isFooterFirst = storage.isSeeded(.footerBeforeData)
        if !isFooterFirst { try flush() }
        let footer = footer(of: active.index)
        let end = endOffset
        let (started, commits) = (SystemCalls.monotonicNanoseconds(), state.sequence - durable.sequence)
        try writing { (log) throws(StorageError) in
            try active.file.write(footer, at: end)
            if active.writtenEnd > end + footer.count, !log.storage.isSeeded(.zerosLeftBehindFooter) {
                try active.file.truncate(to: end + footer.count)
            }
            if !log.storage.isSeeded(.nextSegmentBeforeSync) { try active.file.sync() }
            try log.storage.syncDirectory()
        }
        if isFooterFirst { try flush() }
        tell(.synced(nanoseconds: SystemCalls.monotonicNanoseconds() - started, commits: commits))
        let loading = SegmentLoading(storage: storage)
        sealed.append(
            loading.sealed(
                active.name, active.header, encodedIndex(active.index, footer), .file(active.file, base: end)))
        self.active = nil
        unsyncedBytes = 0
        oldestUnsyncedNanoseconds = nil
        hasDeadline = false
        if storage.isSeeded(.nextSegmentBeforeSync) { return }
        try advanceDurable(to: DurablePoint(sequence: state.sequence, chainValue: state.chainValue))
    }

    private func footer(of index: SegmentIndex) -> [UInt8] {
        guard storage.isSeeded(.footerWithoutRollbacks) else { return index.encodedFooter() }
        var index = index
        index.rollbacks = []
        return index.encodedFooter()
    }

    /// The index with the column table that its encoded footer has.
    private func encodedIndex(_ index: SegmentIndex, _ footer: [UInt8]) -> SegmentIndex {
        var index = index
        if let summary = try? SegmentSummary(
            decoding: footer.span.bytes, store: storeID, segment: index.summary.segment)
        {
            index.summary = summary
        }
        return index
    }

    /// Creates the next segment: its header and its directory entry are durable before any commit goes into it ([SEG-9]).
    ///
    /// From then on the log begins behind `prunedSequence`, which its header says; where it begins now if nil.
    mutating func beginSegment(prunedSequence: UInt64? = nil) throws(StoreError) {
        let number = (sealed.last?.name.number ?? 0) + 1
        guard number <= Limits.segmentNumber else {
            throw .commitTooLarge("the store has \(number - 1) segments, the most the format allows; use larger ones")
        }
        let name = SegmentName(number: number)
        let header = SegmentHeader(
            storeID: storeID, segment: number, createdTime: SystemCalls.wallMicroseconds(), epoch: epoch,
            heightGaps: heightGaps, hashNotation: hashNotation, opening: state,
            prunedSequence: prunedSequence ?? base.sequence)
        let file = try writing { (log) throws(StorageError) in try Self.createSegment(name, header, in: log.storage) }
        active = ActiveSegment(
            name: name, header: header, file: file, index: SegmentIndex(header: header), writtenEnd: SegmentHeader.size)
        flushedEnd = SegmentHeader.size
    }

    static func createSegment(
        _ name: SegmentName, _ header: SegmentHeader, in storage: any Storage
    ) throws(StorageError) -> any StorageFile {
        let file = try storage.open(name.segmentFile, .create)
        try file.write(header.encoded(), at: 0)
        if !storage.isSeeded(.headerNotSynced) { try file.sync() }
        if !storage.isSeeded(.segmentNotInDirectory) { try storage.syncDirectory() }
        return file
    }
}
