import AshlarFormat
import AshlarStorage

/// Checks one segment in full, and goes on behind damage where a commit can be recognised again.
struct SegmentVerifier {
    /// What was found in the segment.
    struct Found: Sendable {
        var commits: UInt64 = 0
        var events: UInt64 = 0
        var problems: [Corruption] = []
        var notices: [String] = []
    }

    /// So many places of damage are reported in one segment; behind the last it is not searched further.
    private static let problemLimit = 100

    private let job: StoreVerification.Job
    private let storage: any Storage
    private let durable: UInt64
    private let counter: ProgressCounter
    private var found = Found()

    init(_ job: StoreVerification.Job, _ storage: any Storage, durable: UInt64, counter: ProgressCounter) {
        self.job = job
        self.storage = storage
        self.durable = durable
        self.counter = counter
    }

    mutating func run() throws(StoreError) -> Found {
        let loading = SegmentLoading(storage: storage)
        let file = try storing { () throws(StorageError) in try storage.open(job.name.segmentFile, .read) }
        let header: SegmentHeader
        do throws(StoreError) { header = try loading.header(job.name, file) } catch {
            guard case .corrupt(let corruption) = error else { throw error }
            // An unfinished last file is no damage; opening has judged that already.
            if !job.isLast { found.problems.append(corruption) }
            return found
        }
        try walk(header, file)
        counter.add(max(0, job.size - reported))
        return found
    }

    private var reported = 0

    private mutating func report(upTo offset: Int) {
        guard offset - reported >= 1 << 20 else { return }
        counter.add(offset - reported)
        reported = offset
    }

    private mutating func walk(_ header: SegmentHeader, _ file: any StorageFile) throws(StoreError) {
        var index = SegmentIndex(header: header)
        var isWhole = true
        var walker = CommitWalker(
            file, header: header, from: SegmentHeader.size, state: header.opening, limit: job.size)
        while true {
            report(upTo: walker.offset)
            switch try walker.next(provenSequence: 0) {
            case .commit(let commit):
                found.commits += 1
                found.events += UInt64(commit.header.eventCount)
                guard isWhole else { continue }
                do throws(FormatError) {
                    try index.check(
                        commit.header, commit.meta, sections: commit.sections.span, types: commit.types.span)
                    try index.add(
                        commit.header, commit.meta, offset: commit.offset, sections: commit.sections.span,
                        types: commit.types.span)
                } catch {
                    problem(at: commit.offset, error.reason, heights: commit.meta.block.map { $0.height...$0.height })
                    isWhole = false
                }
            case .end(let end):
                guard try goOn(behind: end, &walker, header, file, &isWhole, index) else {
                    if isWhole { try checkEnd(header, file, index, at: walker.offset, end) }
                    return
                }
            }
        }
    }

    private mutating func problem(at offset: Int, _ reason: String, heights: ClosedRange<Int64>?) {
        found.problems.append(
            Corruption(file: job.name.segmentFile, offset: offset, heights: heights, reason: reason))
    }

    /// Reports damage that is no torn tail and moves the walker to the next commit that can be recognised; false if there is none.
    private mutating func goOn(
        behind end: CommitWalker.End, _ walker: inout CommitWalker, _ header: SegmentHeader, _ file: any StorageFile,
        _ isWhole: inout Bool, _ index: SegmentIndex
    ) throws(StoreError) -> Bool {
        guard case .damaged(let reason) = end else { return false }
        let last = walker.lastSequence
        if job.isLast, last >= durable { return false }
        // Behind the last commit of a sealed segment stands its footer, damaged perhaps: that is no loss.
        if let next = job.next, next.opening.sequence == last { return false }
        // A file that is crafted, or destroyed throughout, must not keep us for ever.
        guard found.problems.count < Self.problemLimit else { return false }
        let offset = walker.offset
        let resumed = try walker.resume(header, file)
        let first = index.summary.closing.tipHeight + 1
        let height = isWhole ? first...max(first, (resumed?.height ?? .max) - 1) : nil
        var what = reason
        if let resumed { what += "; sequences \(last &+ 1)–\(resumed.sequence - 1) are lost" }
        problem(at: offset, what, heights: height)
        isWhole = false
        return resumed != nil
    }

    /// The walk came to the end without damage: what stands there, and is the footer that of the content ([FTR-1])?
    private mutating func checkEnd(
        _ header: SegmentHeader, _ file: any StorageFile, _ index: SegmentIndex, at offset: Int, _ end: CommitWalker.End
    ) throws(StoreError) {
        if let next = job.next, next.opening != index.summary.closing {
            let first = index.summary.closing.tipHeight + 1
            problem(
                at: offset,
                "the segment ends at sequence \(index.summary.closing.sequence), the next one begins behind \(next.opening.sequence)",
                heights: first...max(first, next.opening.tipHeight))
            return
        }
        guard !job.isLast || end == .footer else { return }
        let expected = index.encodedFooter()
        let actual = try SegmentLoading.read(file, at: offset, count: expected.count + 1)
        guard actual != expected else { return }
        found.notices.append(
            "the footer of \(job.name.segmentFile) is not that of its content; it is rebuilt when needed")
    }
}

extension CommitWalker {
    /// Finds the next commit behind damage and goes on from it, taking its own word for what came before; nil if there is none.
    mutating func resume(
        _ header: SegmentHeader, _ file: any StorageFile
    ) throws(StoreError) -> (sequence: UInt64, height: Int64?)? {
        var reader = ChunkReader()
        reader.reset(to: file)
        var position = offset + 8
        while position + CommitHeader.size <= limit {
            let start: UnsafeRawPointer?
            do throws(StorageError) {
                start = try reader.load(at: position, count: CommitHeader.size, limit: limit)
            } catch {
                throw StoreError(error)
            }
            guard let start else { return nil }
            let span = RawSpan(_unsafeStart: start, byteCount: CommitHeader.size)
            if span.u32(0) == CommitHeader.magic, let commit = try? CommitHeader(decoding: span, at: 0, seed: seed),
                commit.sequence > lastSequence
            {
                restart(at: position, before: commit)
                return (commit.sequence, commit.kind == .block ? commit.height : nil)
            }
            position += 8
        }
        return nil
    }
}
