import AshlarFormat
import AshlarStorage

/// Walks one segment file of a damaged store, and goes on behind damage wherever a commit can be recognised again.
///
/// Commits behind a gap are taken on their own word: their header is seeded with store and segment, and their own chain value says what came before.
struct SegmentScan: ~Copyable {
    /// What stands in a segment, in the order of the file.
    enum Step {
        /// A commit that continues the one before, or the first one behind a gap; `damage` tells why its events cannot be read.
        case commit(CommitWalker.Found, damage: String?)
        /// Nothing that can be read, where commits stood that were durable; `isFollowed` tells whether a commit of this segment comes behind it.
        case gap(bytes: Range<Int>, reason: String, isFollowed: Bool)
        /// What was never durable, at the end of the log.
        case torn(offset: Int)
        case end
    }

    /// So many gaps are looked behind in one segment: a file that is crafted, or destroyed throughout, must not keep us for ever.
    private static let gapLimit = 10_000

    private let segment: DamagedSegment
    private var walker: CommitWalker
    /// Where commits end at the latest: where the footer begins, if it can be read.
    private let end: Int
    private var gaps = 0
    private var budget: Int
    private var isOver = false

    init(_ segment: DamagedSegment, _ file: any StorageFile, after state: ChainState) {
        self.segment = segment
        end = segment.footerBase ?? segment.size
        budget = 4 * min(segment.size, 1 << 44) + (1 << 20)
        walker = CommitWalker(
            file, header: segment.seedHeader, from: SegmentHeader.size, state: state, limit: segment.size)
    }

    var lastSequence: UInt64 { walker.lastSequence }

    mutating func next() throws(StoreError) -> Step {
        if isOver { return .end }
        let reason: String
        switch try walker.next(provenSequence: 0) {
        case .commit(let found): return .commit(found, damage: nil)
        case .end(.endOfFile), .end(.zeros): reason = "the segment ends too early"
        case .end(.footer): reason = "the footer begins too early"
        case .end(.damaged(let what)):
            if let head = try walker.nextHeadOnly() { return .commit(head, damage: what) }
            reason = what
        }
        // Up to here the segment reached: what stands behind is a footer, perhaps a damaged one, or a torn tail.
        if let last = segment.lastSequence, walker.lastSequence >= last {
            isOver = true
            let isTail = segment.isLast && walker.offset < end && reason != "the segment ends too early"
            return isTail ? .torn(offset: walker.offset) : .end
        }
        return try goOn(reason)
    }

    private mutating func goOn(_ reason: String) throws(StoreError) -> Step {
        gaps += 1
        let start = min(walker.offset, end)
        if gaps <= Self.gapLimit, try walker.findNext(before: end, budget: &budget) {
            return .gap(bytes: start..<walker.offset, reason: reason, isFollowed: true)
        }
        isOver = true
        // Nothing is known to be missing: the next segment may tell more.
        guard segment.lastSequence != nil else { return .end }
        return .gap(bytes: start..<end, reason: reason, isFollowed: false)
    }
}

/// One segment file of a damaged store, as far as it can be told without walking it.
struct DamagedSegment: Sendable {
    var name: SegmentName
    var size: Int
    /// Nil if it does not check out.
    var header: SegmentHeader?
    /// With what its commits' checksums are seeded, header or not.
    var seedHeader: SegmentHeader
    var footer: SegmentIndex?
    var footerBase: Int?
    var isLast = false
    /// The last commit that belongs here: the one before the next segment's, or the last that was proven durable. Nil if nothing tells.
    var lastSequence: UInt64?
    /// What the log adds up to behind the segment, by the next one's header or its own footer.
    var closing: ChainState?
}
