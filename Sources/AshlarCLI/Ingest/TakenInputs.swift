import Ashlar

/// How far an input was taken before.
struct TakenInput {
    /// Its last mark.
    var mark: IngestMark
    /// The commit that carries it.
    var sequence: UInt64
    /// Everything before this offset was done with.
    var end: Int64
}

extension Store {
    /// How many inputs are looked through for the one that is begun.
    private static let maximumInputs = 4_096

    /// The mark that `ingest` left last, and the commit that carries it.
    func lastIngestMark() throws(StoreError) -> (mark: IngestMark, sequence: UInt64)? {
        guard let (bytes, sequence) = try lastMark(), let mark = IngestMark(decoding: bytes) else { return nil }
        return (mark, sequence)
    }

    /// How far the input with this first line was taken, or nil if it is new.
    ///
    /// - Complexity: O(*n*) in the inputs taken since, one small read each.
    func taken(_ head: InputHead) throws(StoreError) -> TakenInput? {
        guard var (mark, sequence) = try lastIngestMark() else { return nil }
        var end = mark.place.end
        for _ in 0..<Self.maximumInputs {
            if mark.head == head { return TakenInput(mark: mark, sequence: sequence, end: max(end, mark.place.end)) }
            // The log is older, sequence by sequence: a list that does not go back is not one of ours.
            guard let previous = mark.previous, previous.sequence < sequence,
                let older = try ingestMark(of: previous.sequence)
            else { return nil }
            (mark, sequence, end) = (older, previous.sequence, previous.end)
        }
        return nil
    }

    private func ingestMark(of sequence: UInt64) throws(StoreError) -> IngestMark? {
        guard sequence >= firstSequence else { return nil }
        for result in commits(sequence...sequence) {
            if let bytes = try result.get().mark { return IngestMark(decoding: bytes) }
        }
        return nil
    }
}

/// Tells of the lines of an input, read again from its beginning, which of them the store took before.
///
/// Needed where one cannot go to the place at once: for pipes, and for files that changed. Lines and commits come in the same order, and each
/// commit's mark says which line it completes and what that line was.
struct TakenLines {
    /// What is known of a line.
    enum Verdict {
        /// It was taken, and has this commit.
        case taken(sequence: UInt64, height: Int64?)
        /// No commit came of a line here, behind that commit: it changed nothing then, or waited aside.
        case noCommit(after: UInt64)
        /// Another line stood here.
        case differs
        /// The line is behind what was taken.
        case new
    }

    let input: TakenInput
    private var commits: CommitSequence.Iterator
    private var next: (mark: IngestMark, commit: StoredCommit)?
    private var isDone = false
    /// The last commit of this input that came of a line before the one asked about.
    private var passed: UInt64

    init(_ input: TakenInput, in store: Store) {
        self.input = input
        let first = min(max(input.mark.firstSequence, 1), input.sequence)
        passed = first - 1
        commits = store.commits(first...input.sequence).makeIterator()
    }

    /// What is known of a line; lines are asked about in order.
    mutating func judge(_ place: InputPlace) throws(StoreError) -> Verdict {
        if place.start >= input.end { return .new }
        while !isDone, next.map({ $0.mark.place.line < place.line }) ?? true { try advance() }
        guard let next, next.mark.place.line == place.line else { return .noCommit(after: passed) }
        guard next.mark.place.crc == place.crc, next.mark.place.start == place.start else { return .differs }
        return .taken(sequence: next.commit.sequence, height: next.commit.tipHeight)
    }

    private mutating func advance() throws(StoreError) {
        if let next { passed = next.commit.sequence }
        next = nil
        while let commit = try commits.next()?.get() {
            guard let bytes = commit.mark, let mark = IngestMark(decoding: bytes), mark.head == input.mark.head
            else { continue }
            next = (mark, commit)
            return
        }
        isDone = true
    }
}

extension StoredCommit {
    /// The height that the commit put the tip at, if that is known from it.
    fileprivate var tipHeight: Int64? {
        switch content {
        case .block(let block, _): block.block.height
        case .rollback(let rollback): rollback.toHeight >= 0 ? rollback.toHeight : nil
        case .floating, .control: nil
        }
    }
}
