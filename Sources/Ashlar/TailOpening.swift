import AshlarFormat
import AshlarStorage

/// Opens the last segment: sealed, clean, torn or corrupt; see "The last segment" in `format-spec/recovery.md`.
struct TailOpening {
    let storage: any Storage
    let loading: SegmentLoading
    let horizon: ReadHorizon
    let note: DurabilityNote?
    /// Whether a next segment file was begun: then this one was sealed and synced ([SEG-9]), and nothing in it may be torn.
    let isFollowed: Bool

    /// What walking the commits found.
    private struct Walk {
        var index: SegmentIndex
        var end: CommitWalker.End = .endOfFile
        /// Where the valid commits end.
        var endOffset: Int
        /// Highest durable sequence that a valid commit's header names.
        var evidence: UInt64 = 0
        /// Offset of the first commit above the note's sequence.
        var unprovenOffset: Int?
        /// The chain value at the note's sequence.
        var chainValueAtNote: UInt64?
        /// Whether it came to the end of the valid commits, and did not stop at the sequence it was asked for.
        var isComplete = false
    }

    func open(_ name: SegmentName, _ header: SegmentHeader, into log: inout OpenedLog) throws(StoreError) {
        let file = try storing { () throws(StorageError) in try storage.open(name.segmentFile, .read) }
        let size = try storing { () throws(StorageError) in try file.size() }
        try checkNote(below: header, log)
        if try openSealed(name, header, file, size, into: &log) { return }
        if try openFromSidecar(name, header, file, size, into: &log) { return }
        var walk = try walk(header, file, size, stopAfter: stop(header, log))
        if horizon == .durable, note == nil,
            walk.index.summary.closing.sequence > max(walk.evidence, header.opening.sequence)
        {
            walk = try self.walk(header, file, size, stopAfter: max(walk.evidence, header.opening.sequence))
        }
        try judge(name, header, file, size, walk, &log)
        try finish(name, header, file, size, walk, into: &log)
    }

    /// A reader of the durable prefix ends at the note's sequence and looks at nothing behind it: that belongs to the writer ([REC-16]).
    private func stop(_ header: SegmentHeader, _ log: OpenedLog) -> UInt64? {
        guard horizon == .durable, let note, !storage.isSeeded(.durableReaderSeesTail) else { return nil }
        return max(note.sequence, header.opening.sequence)
    }

    /// A note that speaks of an earlier segment must know its commit there by the same chain value ([NOTE-3]).
    private func checkNote(below header: SegmentHeader, _ log: OpenedLog) throws(StoreError) {
        guard let note, note.sequence <= header.opening.sequence, note.sequence >= log.base.sequence else { return }
        let found = try chainValue(at: note.sequence, header, log)
        guard found == note.chainValue else { throw noteContradicts(note) }
    }

    private func chainValue(
        at sequence: UInt64, _ header: SegmentHeader, _ log: OpenedLog
    ) throws(StoreError) -> UInt64 {
        if sequence == header.opening.sequence { return header.opening.chainValue }
        guard sequence > log.base.sequence,
            let segment = log.sealed.last(where: { $0.header.opening.sequence < sequence })
        else { return log.base.chainValue }
        let index = Int(sequence - segment.header.opening.sequence) - 1
        let offset = try storing { () throws(StorageError) in try segment.offset(ofCommit: index) }
        let file = try storing { () throws(StorageError) in try storage.open(segment.name.segmentFile, .read) }
        let bytes = try SegmentLoading.read(file, at: offset, count: CommitHeader.size)
        let seed = Checksum.headerSeed(store: log.storeID, segment: segment.name.number)
        guard bytes.count == CommitHeader.size,
            let commit = try? CommitHeader(decoding: bytes.span.bytes, at: 0, seed: seed)
        else { throw loading.corrupt(segment.name, offset, "commit header: does not check out") }
        return commit.chainValue
    }

    private func noteContradicts(_ note: DurabilityNote) -> StoreError {
        .corrupt(
            Corruption(
                file: SegmentName.noteFile, offset: 40, heights: nil,
                reason:
                    "commit \(note.sequence) of this log is not the one that was made durable: its chain value differs")
        )
    }

    /// The last segment may be sealed already: its footer ends the file.
    private func openSealed(
        _ name: SegmentName, _ header: SegmentHeader, _ file: any StorageFile, _ size: Int, into log: inout OpenedLog
    ) throws(StoreError) -> Bool {
        guard case .success(let (index, base)) = try loading.footer(header, file, size: size) else { return false }
        let closing = index.summary.closing
        // The footer is written together with the last commits, so it alone proves nothing of them: it spares the walk only
        // if the note says that they were synced.
        guard let note, note.sequence >= closing.sequence || storage.isSeeded(.footerTrustedUnproven) else {
            return false
        }
        if note.sequence > closing.sequence { throw lost(name, Int(index.summary.endOffset), note.sequence, closing) }
        if note.sequence == closing.sequence, note.chainValue != closing.chainValue { throw noteContradicts(note) }
        let segment = loading.sealed(name, header, index, .file(file, base: base))
        try replay(index, name, header, into: &log)
        log.sealed.append(segment)
        log.state = closing
        log.proven = DurablePoint(sequence: closing.sequence, chainValue: closing.chainValue)
        return true
    }

    /// After a clean close the sidecar saves the walk ([FTR-4]).
    private func openFromSidecar(
        _ name: SegmentName, _ header: SegmentHeader, _ file: any StorageFile, _ size: Int, into log: inout OpenedLog
    ) throws(StoreError) -> Bool {
        guard let note, let (index, _) = try loading.sidecar(name, header) else { return false }
        let closing = index.summary.closing
        let end = Int(index.summary.endOffset)
        guard closing.sequence == note.sequence, closing.chainValue == note.chainValue, end <= size else {
            return false
        }
        var walker = CommitWalker(file, header: header, from: end, state: closing, limit: size)
        var walk = Walk(index: index, endOffset: end)
        switch try walker.next(provenSequence: note.sequence) {
        case .end(.endOfFile): break
        case .end(.zeros): walk.end = .zeros
        default: return false
        }
        log.proven = DurablePoint(sequence: closing.sequence, chainValue: closing.chainValue)
        try finish(name, header, file, size, walk, into: &log)
        return true
    }

    /// Walks the commits; groups count only when whole ([REC-7]).
    private func walk(
        _ header: SegmentHeader, _ file: any StorageFile, _ size: Int, stopAfter: UInt64?
    ) throws(StoreError) -> Walk {
        var walk = Walk(index: SegmentIndex(header: header), endOffset: SegmentHeader.size)
        if note?.sequence == header.opening.sequence { walk.chainValueAtNote = header.opening.chainValue }
        var walker = CommitWalker(file, header: header, from: SegmentHeader.size, state: header.opening, limit: size)
        // The index as it was before the group that is being read; groups are rare, so the copy costs nothing that matters.
        var beforeGroup: SegmentIndex?
        var beforeLast: (index: SegmentIndex, endOffset: Int)?
        while beforeGroup != nil || walk.index.summary.closing.sequence < stopAfter ?? .max {
            let found: CommitWalker.Found
            switch try walker.next(provenSequence: note?.sequence ?? 0) {
            case .commit(let commit): found = commit
            case .end(let end):
                walk.isComplete = true
                walk.end = beforeGroup == nil ? end : .damaged("a group of commits is not whole")
                walk.index = beforeGroup ?? walk.index
                if let beforeLast, case .damaged = end { (walk.index, walk.endOffset) = beforeLast }
                return walk
            }
            if storage.isSeeded(.tailCutTooFar) { beforeLast = (walk.index, walk.endOffset) }
            do throws(FormatError) {
                try walk.index.check(found.header, found.meta, sections: found.sections.span, types: found.types.span)
                if found.header.continues, beforeGroup == nil, !storage.isSeeded(.groupKeptInPart) {
                    beforeGroup = walk.index
                }
                try walk.index.add(
                    found.header, found.meta, offset: found.offset, sections: found.sections.span,
                    types: found.types.span)
            } catch {
                walk.end = .damaged(error.reason)
                walk.index = beforeGroup ?? walk.index
                return walk
            }
            walk.evidence = max(walk.evidence, found.header.durableSequence)
            if found.header.sequence == note?.sequence { walk.chainValueAtNote = found.header.chainValue }
            if found.header.continues, !storage.isSeeded(.groupKeptInPart) { continue }
            beforeGroup = nil
            if walk.unprovenOffset == nil, found.header.sequence > note?.sequence ?? 0 {
                walk.unprovenOffset = walk.endOffset
            }
            walk.endOffset = walker.offset
        }
        return walk
    }

    /// Torn, corrupt or clean ([REC-8]).
    private func judge(
        _ name: SegmentName, _ header: SegmentHeader, _ file: any StorageFile, _ size: Int, _ walk: Walk,
        _ log: inout OpenedLog
    ) throws(StoreError) {
        let closing = walk.index.summary.closing
        var proven = max(note?.sequence ?? 0, header.opening.sequence, walk.evidence)
        var tail: TailEvidence?
        if case .damaged = walk.end { tail = try evidence(header, file, walk.endOffset, size) }
        if walk.end == .footer { tail = try evidence(header, file, walk.endOffset, size) }
        proven = max(proven, tail?.durableSequence ?? 0)
        let hasFooter = try endsWithFooter(header, file, walk.endOffset, size)
        let end = walk.end == .footer && hasFooter ? .endOfFile : walk.end
        switch RecoveryRule.judge(lastSequence: closing.sequence, end: end, proven: proven) {
        case .clean where isFollowed && walk.isComplete && !hasFooter, .torn where isFollowed:
            throw loading.corrupt(
                name, walk.endOffset, "the segment is not whole, but the next one was begun, so it was durable",
                heights: heights(closing, tail))
        case .clean: break
        case .torn:
            let end = tail?.contentEnd ?? size
            log.recovery.tail = .torn(
                file: name.segmentFile, offset: walk.endOffset, bytes: end - walk.endOffset,
                sequences: walk.end == .footer ? nil : tail?.sequences)
        case .corrupt(let reason):
            throw loading.corrupt(name, walk.endOffset, reason, heights: heights(closing, tail))
        }
        if let note, note.sequence <= closing.sequence, let found = walk.chainValueAtNote, found != note.chainValue {
            throw noteContradicts(note)
        }
        // Between note and end the chain value at the proven sequence was not kept; nobody may compare with it.
        let atNote = note?.sequence == proven ? note?.chainValue : nil
        log.proven = DurablePoint(
            sequence: min(proven, closing.sequence),
            chainValue: proven >= closing.sequence ? closing.chainValue : atNote ?? 0)
    }

    /// Whether a footer that checks out stands at `offset` and ends the file.
    private func endsWithFooter(
        _ header: SegmentHeader, _ file: any StorageFile, _ offset: Int, _ size: Int
    ) throws(StoreError) -> Bool {
        guard case .success(let (_, base)) = try loading.footer(header, file, size: size) else { return false }
        return base == offset
    }

    private func evidence(
        _ header: SegmentHeader, _ file: any StorageFile, _ offset: Int, _ size: Int
    ) throws(StoreError) -> TailEvidence {
        try storing { () throws(StorageError) in
            try TailEvidence.search(file, header: header, from: offset, limit: size)
        }
    }

    private func lost(_ name: SegmentName, _ offset: Int, _ proven: UInt64, _ closing: ChainState) -> StoreError {
        loading.corrupt(
            name, offset, "the log ends at sequence \(closing.sequence), but sequences up to \(proven) were durable",
            heights: heights(closing, nil))
    }

    private func heights(_ closing: ChainState, _ tail: TailEvidence?) -> ClosedRange<Int64> {
        let first = closing.tipHeight + 1
        return first...max(first, tail?.heights?.upperBound ?? .max)
    }

    private func replay(
        _ index: SegmentIndex, _ name: SegmentName, _ header: SegmentHeader, into log: inout OpenedLog
    ) throws(StoreError) {
        do throws(FormatError) { try log.register(index) } catch {
            throw loading.corrupt(name, Int(index.summary.endOffset), error.reason)
        }
        let lookup = ActiveSegment(
            name: name, header: header,
            file: try storing { () throws(StorageError) in try storage.open(name.segmentFile, .read) },
            index: index, writtenEnd: 0)
        var chain = log.chain
        var view = log
        view.active = lookup
        do throws(StoreError) {
            try chain.replay(
                index, number: name.number, opening: header.opening.sequence,
                sequenceOf: { (location) throws(StoreError) in try view.sequence(of: location) })
        } catch {
            if case .invalidArgument(let why) = error { throw loading.corrupt(name, SegmentHeader.size, why) }
            throw error
        }
        log.chain = chain
    }

    private func finish(
        _ name: SegmentName, _ header: SegmentHeader, _ file: any StorageFile, _ size: Int, _ walk: Walk,
        into log: inout OpenedLog
    ) throws(StoreError) {
        try replay(walk.index, name, header, into: &log)
        log.active = ActiveSegment(
            name: name, header: header, file: file, index: walk.index, writtenEnd: walk.endOffset)
        log.state = walk.index.summary.closing
        // A footer that was not proven goes too: the segment is sealed again when it must be.
        if log.proven.sequence < log.state.sequence || walk.end == .footer {
            log.unprovenOffset = walk.unprovenOffset ?? walk.endOffset
        }
        if case .torn = log.recovery.tail { return }
        if walk.end == .zeros { log.active?.writtenEnd = size }
    }
}
