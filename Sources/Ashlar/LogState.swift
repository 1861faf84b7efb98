import AshlarFormat
import AshlarStorage

/// The log while it is open: what writer and readers share, under one lock.
///
/// Invariants:
/// - `state` is what the log adds up to after the last commit; `chain`, `registry` and `active.index` agree with it.
/// - The bytes of `tail` stand at `flushedEnd` … `flushedEnd + tail.count` of the active segment; everything before is in the file.
/// - `durable.sequence ≤ state.sequence`, and never ends inside a group.
/// - `base` is what the log added up to before its first segment; no commit up to its sequence, and no block up to its height, can be read.
/// - Once `poison` is set nothing is written any more ([MED-4]).
struct LogState: ~Copyable {
    let storage: any Storage
    let storeID: StoreID
    let heightGaps: Bool
    let hashNotation: HashNotation

    var base: ChainState
    var sealed: [SealedSegment]
    var active: ActiveSegment?
    var chain: Chain
    var registry: Registry
    var state: ChainState
    var durable: DurablePoint
    var recent: RecentBlocks

    var tail = ByteBuffer(capacity: 1 << 20)
    var flushedEnd = 0
    var poison: StoreError?
    var isClosed = false

    /// A sync is under way outside the lock.
    var isSyncing = false
    /// Who waits for which sequence to become durable.
    var waiters: [DurabilityWaiter] = []
    /// Who waits for more than it was handed; see `Follower`.
    var followers: [FollowWaiter] = []
    /// Told what happens, if somebody wants to know.
    var report: (@Sendable (WriterNotice) -> Void)?
    /// Bytes appended since the last sync began, and when the oldest of them was.
    var unsyncedBytes = 0
    var oldestUnsyncedNanoseconds: UInt64?
    /// Whether the sync thread knows of the deadline that the oldest unsynced commit sets.
    var hasDeadline = false

    var epoch: UInt64 = 0
    var noteFile: (any StorageFile)?
    var keyRing: KeyRing?
    /// Open files of sealed segments, the most recently used last.
    var openFiles: [ReadSource] = []

    init(_ log: OpenedLog, storage: any Storage, recentHashes: Int) {
        self.storage = storage
        storeID = log.storeID
        heightGaps = log.heightGaps
        hashNotation = log.hashNotation
        base = log.base
        sealed = log.sealed
        active = log.active
        chain = log.chain
        registry = log.registry
        state = log.state
        durable = log.proven
        recent = RecentBlocks(capacity: recentHashes)
        flushedEnd = log.active?.endOffset ?? 0
    }

    /// Where the next commit goes in the active segment.
    var endOffset: Int { flushedEnd + tail.count }
}

/// One who waits for a sequence to become durable.
struct DurabilityWaiter: Sendable {
    var sequence: UInt64
    var resume: @Sendable (Result<Void, StoreError>) -> Void
}

extension LogState {
    /// The file of a segment and where its committed bytes end, ready for reading: what is still buffered is written first, unless `flushing`
    /// is false because the reader wants nothing that is not durable.
    mutating func source(of segment: UInt64, flushing: Bool = true) throws(StoreError) -> ReadSource {
        if let active, active.name.number == segment {
            // What is buffered cannot be written any more once the log is poisoned or closed; what is in the file can still be read.
            var failure: StoreError?
            if flushing, tail.count > 0, noteFile != nil {
                do throws(StoreError) { try flush() } catch { failure = error }
            }
            return ReadSource(
                file: active.file, seed: active.seed, number: segment,
                end: failure == nil && flushing ? active.endOffset : flushedEnd, header: active.header,
                failure: failure)
        }
        guard let sealed = sealedSegment(number: segment) else { throw .viewExpired }
        return try source(of: sealed)
    }

    private mutating func source(of segment: SealedSegment) throws(StoreError) -> ReadSource {
        if let position = openFiles.lastIndex(where: { $0.number == segment.name.number }) {
            let source = openFiles[position]
            if position < openFiles.count - 1 { openFiles.append(openFiles.remove(at: position)) }
            return source
        }
        let file: any StorageFile
        do throws(StorageError) { file = try storage.open(segment.name.segmentFile, .read) } catch {
            // Pruned by the writer since this process looked last.
            if error.code == SystemCalls.notFound { throw .viewExpired }
            throw StoreError(error)
        }
        // A bound on descriptors, whatever the number of segments; readers keep those they use alive.
        if openFiles.count >= 64 { openFiles.removeFirst() }
        let number = segment.name.number
        let source = ReadSource(
            file: file, seed: Checksum.headerSeed(store: storeID, segment: number), number: number,
            end: Int(segment.summary.endOffset), header: segment.header)
        openFiles.append(source)
        return source
    }

    func sealedSegment(number: UInt64) -> SealedSegment? {
        guard let first = sealed.first, number >= first.name.number, number - first.name.number < UInt64(sealed.count)
        else { return nil }
        return sealed[Int(number - first.name.number)]
    }

    /// Where the commit with this sequence is, or nil if the log has none; throws `pruned` if it had one.
    ///
    /// Complexity: O(log segments), at most one read.
    func location(ofSequence sequence: UInt64) throws(StoreError) -> Location? {
        guard sequence > 0, sequence <= state.sequence else { return nil }
        guard sequence > base.sequence else { throw pruned }
        if let active, sequence > active.header.opening.sequence {
            let index = Int(sequence - active.header.opening.sequence) - 1
            return Location(segment: active.name.number, offset: Int(active.index.offsets[index]) * 8)
        }
        var low = 0
        var high = sealed.count
        while low < high {
            let middle = (low + high) / 2
            if sealed[middle].lastSequence < sequence { low = middle + 1 } else { high = middle }
        }
        guard low < sealed.count, sequence > sealed[low].header.opening.sequence else { throw .viewExpired }
        let segment = sealed[low]
        let index = Int(sequence - segment.header.opening.sequence) - 1
        let offset = try storing { () throws(StorageError) in try segment.offset(ofCommit: index) }
        return Location(segment: segment.name.number, offset: offset)
    }

    /// The sequence of the commit at `location`. Complexity: O(log *n*), with reads if it is in a sealed segment.
    func sequence(of location: Location) throws(StoreError) -> UInt64 {
        if let active, active.name.number == location.segment {
            guard let index = active.commitIndex(ofOffset: location.offset) else { throw .viewExpired }
            return active.header.opening.sequence + 1 + UInt64(index)
        }
        guard let segment = sealedSegment(number: location.segment) else { throw .viewExpired }
        let index = try storing { () throws(StorageError) in try segment.index(ofOffset: location.offset) }
        guard let index else { throw .viewExpired }
        return segment.header.opening.sequence + 1 + UInt64(index)
    }
}

/// A segment to read from. It is passed on with every commit, so it is a reference.
final class ReadSource: Sendable {
    let file: any StorageFile
    let seed: UInt32
    let number: UInt64
    /// No commit stands at or behind this offset.
    let end: Int
    let header: SegmentHeader
    /// Why commits at or behind `end` are not in the file, if there are any.
    let failure: StoreError?

    init(
        file: any StorageFile, seed: UInt32, number: UInt64, end: Int, header: SegmentHeader,
        failure: StoreError? = nil
    ) {
        self.file = file
        self.seed = seed
        self.number = number
        self.end = end
        self.header = header
        self.failure = failure
    }
}
