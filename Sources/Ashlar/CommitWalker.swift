import AshlarFormat
import AshlarStorage

/// Walks the commits of one segment file and says where the valid ones end; see `format-spec/recovery.md`.
///
/// It judges bytes only: whether the end it finds is clean, torn or corrupt is `RecoveryRule`'s to say.
struct CommitWalker: ~Copyable {
    /// One valid commit.
    struct Found {
        var header: CommitHeader
        var meta: CommitMeta
        var offset: Int
        var sections: [DirectoryEntry]
        var types: [TypeCount]
    }

    /// Why the walk ended.
    enum End: Equatable {
        case endOfFile
        case zeros
        case footer
        case damaged(String)
    }

    enum Step {
        case commit(Found)
        case end(End)
    }

    private var reader = ChunkReader()
    private var table = RecordTable()
    private var typeCounter = TypeCounter()
    let seed: UInt32
    let limit: Int
    private(set) var offset: Int
    private var sequence: UInt64
    private var chainValue: UInt64
    private var finalHeight: Int64
    /// The one commit whose chain value has nothing to be checked against, behind damage.
    private var trustedSequence: UInt64 = 0

    /// Walks `file` from `offset`, where the state is `state`, up to `limit`, its size.
    init(_ file: any StorageFile, header: SegmentHeader, from offset: Int, state: ChainState, limit: Int) {
        reader.reset(to: file)
        seed = Checksum.headerSeed(store: header.storeID, segment: header.segment)
        self.limit = limit
        self.offset = offset
        sequence = state.sequence
        chainValue = state.chainValue
        finalHeight = state.finalHeight
    }

    /// The next commit, checked by points 1–5 of the rule, and by point 6 if its sequence is above `provenSequence`.
    mutating func next(provenSequence: UInt64) throws(StoreError) -> Step {
        do {
            guard let start = try load(CommitHeader.size) else { return .end(try rest()) }
            let bytes = RawSpan(_unsafeStart: start, byteCount: CommitHeader.size)
            if bytes.u32(0) == 0 { return .end(try rest()) }
            if bytes.u64(0) == SegmentSummary.magic { return .end(.footer) }
            let header = try CommitHeader(decoding: bytes, at: 0, seed: seed)
            try require(
                header.sequence == sequence &+ 1, "commit: sequence \(header.sequence) does not follow \(sequence)")
            try require(header.finalHeight >= finalHeight, "commit: the final height decreased")
            guard let whole = try load(header.frameLength) else {
                return .end(.damaged("commit: its frame is longer than the file"))
            }
            let frame = RawSpan(_unsafeStart: whole, byteCount: header.frameLength)
            let found = try check(header, frame, inFull: header.sequence > provenSequence)
            offset += header.frameLength
            sequence = header.sequence
            chainValue = header.chainValue
            finalHeight = header.finalHeight
            return .commit(found)
        } catch let error as FormatError {
            if case .unsupported(let what) = error { throw .unsupported(what) }
            return .end(.damaged(error.reason))
        } catch let error as StorageError {
            throw StoreError(error)
        } catch {
            throw .invalidArgument("\(error)")
        }
    }

    private mutating func load(_ count: Int) throws(StorageError) -> UnsafeRawPointer? {
        try reader.load(at: offset, count: count, limit: limit)
    }

    private mutating func check(
        _ header: CommitHeader, _ frame: borrowing RawSpan, inFull: Bool
    ) throws(FormatError) -> Found {
        let isTrusted = reader.isSeeded(.checksumsSkipped)
        try require(
            isTrusted || Checksum.crc(frame.extracting(CommitHeader.size..<header.bodyOffset)) == header.metaCRC,
            "commit meta: checksum does not match")
        try require(
            header.sequence == trustedSequence || header.continues(chainValue, frame: frame, at: 0),
            "commit: its chain value does not continue the log")
        let meta = try CommitMeta(decoding: frame, header: header)
        try table.layOut(frame, header, meta)
        typeCounter.clear()
        if !header.isStub, header.eventCount > 0 {
            try table.loadAll(frame, header)
            try table.check(frame, meta, inFull: inFull && !isTrusted, counting: &typeCounter)
        } else {
            try require(frame.isZero(header.bodyOffset..<header.frameLength), "commit: padding is not zero")
        }
        // A stub has no sections any more, but its directory still tells what they were: versions go on from there.
        let sections =
            header.isStub
            ? (0..<Int(header.sectionCount)).map { meta.directory(at: $0, in: frame) } : table.sections.map(\.entry)
        return Found(header: header, meta: meta, offset: offset, sections: sections, types: Array(typeCounter.counts))
    }

    /// The commit at `offset` if only its records are damaged: its header and meta check out and continue the log. Nil if not even that.
    ///
    /// Its frame may be cut off; what stands behind it is found by the length that its header tells.
    mutating func nextHeadOnly() throws(StoreError) -> Found? {
        do {
            guard let found = try loadHead(), found.header.sequence == sequence &+ 1,
                found.header.finalHeight >= finalHeight
            else { return nil }
            let header = found.header
            guard let start = try load(header.bodyOffset) else { return nil }
            let span = RawSpan(_unsafeStart: start, byteCount: header.bodyOffset)
            guard header.sequence == trustedSequence || header.continues(chainValue, frame: span, at: 0) else {
                return nil
            }
            offset += header.frameLength
            sequence = header.sequence
            chainValue = header.chainValue
            finalHeight = header.finalHeight
            return found
        } catch let error as StorageError {
            throw StoreError(error)
        } catch {
            return nil
        }
    }

    /// Header and meta of what stands at `offset`, if both check out by themselves.
    private mutating func loadHead() throws -> Found? {
        guard let head = try load(CommitHeader.size) else { return nil }
        let header = try CommitHeader(
            decoding: RawSpan(_unsafeStart: head, byteCount: CommitHeader.size), at: 0, seed: seed)
        guard let start = try load(header.bodyOffset) else { return nil }
        let span = RawSpan(_unsafeStart: start, byteCount: header.bodyOffset)
        guard Checksum.crc(span.extracting(CommitHeader.size..<header.bodyOffset)) == header.metaCRC else { return nil }
        let meta = try CommitMeta(decoding: span, header: header)
        var sections: [DirectoryEntry] = []
        for index in 0..<Int(header.sectionCount) { sections.append(meta.directory(at: index, in: span)) }
        return Found(header: header, meta: meta, offset: offset, sections: sections, types: [])
    }

    /// The chain value before the commit at `position`, whose header and meta are known to check out, as it says itself.
    mutating func chainValue(before header: CommitHeader, at position: Int) throws(StoreError) -> UInt64? {
        do throws(StorageError) {
            guard let start = try reader.load(at: position, count: header.bodyOffset, limit: limit) else { return nil }
            return header.previousChainValue(
                frame: RawSpan(_unsafeStart: start, byteCount: header.bodyOffset), at: 0)
        } catch {
            throw StoreError(error)
        }
    }

    /// Finds the next commit from `offset` on whose header and meta check out and whose sequence is above `lastSequence`, and goes on there, taking
    /// its own word for what came before; false if there is none before `end`.
    mutating func findNext(before end: Int, budget: inout Int) throws(StoreError) -> Bool {
        var position = offset
        while position + CommitHeader.size <= end {
            let start: UnsafeRawPointer?
            do throws(StorageError) {
                start = try reader.load(at: position, count: CommitHeader.size, limit: limit)
            } catch {
                throw StoreError(error)
            }
            guard let start else { return false }
            let span = RawSpan(_unsafeStart: start, byteCount: CommitHeader.size)
            if span.u32(0) == CommitHeader.magic, let header = try? CommitHeader(decoding: span, at: 0, seed: seed),
                header.sequence > sequence
            {
                // Crafted headers must not make us check the same bytes for ever.
                budget -= header.bodyOffset
                guard budget > 0 else { return false }
                let before = offset
                offset = position
                if (try? loadHead()) != nil {
                    restart(at: position, before: header)
                    return true
                }
                offset = before
            }
            position += 8
        }
        return false
    }

    /// The sequence of the last commit that was valid.
    var lastSequence: UInt64 { sequence }

    /// Goes on at `position`, where a commit stands whose predecessors cannot be read: its chain value is taken on trust.
    mutating func restart(at position: Int, before header: CommitHeader) {
        offset = position
        sequence = header.sequence - 1
        finalHeight = min(finalHeight, header.finalHeight)
        trustedSequence = header.sequence
    }

    /// What stands at `offset`, where no commit starts: nothing but zeros, or something.
    private mutating func rest() throws(StorageError) -> End {
        if offset >= limit { return .endOfFile }
        var position = offset
        while position < limit {
            let count = min(1 << 16, limit - position)
            guard let bytes = try reader.load(at: position, count: count, limit: limit) else { return .endOfFile }
            if !RawSpan(_unsafeStart: bytes, byteCount: count).isZero(0..<count) {
                return .damaged(position == offset ? "no commit starts here" : "bytes behind the end of the log")
            }
            position += count
        }
        return .zeros
    }
}

/// What can still be recognised behind damage: the evidence of [REC-8].
struct TailEvidence: Equatable {
    /// The highest durable sequence that any whole commit header names; 0 if there is none.
    var durableSequence: UInt64 = 0
    /// Sequences of the headers found.
    var sequences: ClosedRange<UInt64>?
    /// Heights of the blocks among them.
    var heights: ClosedRange<Int64>?
    /// The end of the last byte that is not zero.
    var contentEnd: Int

    /// Searches every multiple of 8 from `offset` to `limit` for commit headers of this segment.
    static func search(
        _ file: any StorageFile, header: SegmentHeader, from offset: Int, limit: Int
    ) throws(StorageError) -> TailEvidence {
        let seed = Checksum.headerSeed(store: header.storeID, segment: header.segment)
        var evidence = TailEvidence(contentEnd: offset)
        var reader = ChunkReader()
        reader.reset(to: file)
        var position = offset
        while position < limit {
            let count = min(1 << 19, limit - position)
            guard let bytes = try reader.load(at: position, count: count, limit: limit, alone: true) else { break }
            let span = RawSpan(_unsafeStart: bytes, byteCount: count)
            evidence.take(span, at: position, seed: seed)
            // Chunks overlap, so that a header across their border is seen.
            position += count < 1 << 19 ? count : count - 128
        }
        return evidence
    }

    private mutating func take(_ span: borrowing RawSpan, at position: Int, seed: UInt32) {
        var offset = 0
        while offset < span.byteCount {
            let width = min(8, span.byteCount - offset)
            if !span.isZero(offset..<offset + width) {
                for index in offset..<offset + width where span.u8(index) != 0 {
                    contentEnd = max(contentEnd, position + index + 1)
                }
                if span.byteCount - offset >= CommitHeader.size, span.u32(offset) == CommitHeader.magic {
                    take(headerIn: span, at: offset, seed: seed)
                }
            }
            offset += 8
        }
    }

    private mutating func take(headerIn span: borrowing RawSpan, at offset: Int, seed: UInt32) {
        guard let header = try? CommitHeader(decoding: span, at: offset, seed: seed) else { return }
        durableSequence = max(durableSequence, header.durableSequence)
        let low = min(sequences?.lowerBound ?? header.sequence, header.sequence)
        sequences = low...max(sequences?.upperBound ?? header.sequence, header.sequence)
        guard header.kind == .block else { return }
        let lowHeight = min(heights?.lowerBound ?? header.height, header.height)
        heights = lowHeight...max(heights?.upperBound ?? header.height, header.height)
    }
}

/// Torn or corrupt: decided by evidence of durability alone, from values, without I/O ([REC-8]).
enum RecoveryRule {
    enum Verdict: Equatable {
        case clean
        case torn
        case corrupt(String)
    }

    /// `lastSequence` is the last valid one, `end` what stands behind it, `proven` the highest sequence proven durable.
    static func judge(lastSequence: UInt64, end: CommitWalker.End, proven: UInt64) -> Verdict {
        if proven > lastSequence {
            let what = if case .damaged(let reason) = end { reason } else { "the log ends" }
            return .corrupt("\(what), but sequences up to \(proven) were durable")
        }
        switch end {
        case .endOfFile, .zeros: return .clean
        case .footer, .damaged: return .torn
        }
    }
}
