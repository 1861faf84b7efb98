import AshlarFormat
import AshlarStorage

/// Reads the chunks of a snapshot ahead, and checks and expands them on other threads while the model decodes.
///
/// Invariants: chunks are read in the order of their indexes, expanded in any order, and given out in order; a chunk is given out only after
/// its CRC was right. There are never more than `bufferLimit` raw buffers and one of stored bytes a thread.
final class SnapshotChunkReader: SnapshotByteSource, Sendable {
    static let threads = 2
    /// One that the model reads, one for each thread, one that waits.
    static let bufferLimit = threads + 2

    let name: String
    let header: SnapshotHeader
    let trailer: SnapshotTrailer
    private let file: any StorageFile
    private let monitor: Monitor<State>

    /// One that was read, with its raw bytes, or why there is none.
    typealias Loaded = Result<SnapshotBuffer, SnapshotError>

    struct State: ~Copyable {
        /// What was read so far; its `chunkCount` is the index of the chunk to be read next.
        var read: SnapshotTrailer
        var isReading = false
        var loaded: [UInt64: Loaded] = [:]
        var given: UInt64 = 0
        /// The CRC of the raw bytes given out so far.
        var rawCRC: UInt32 = 0
        var current: SnapshotBuffer?
        var free: [SnapshotBuffer] = []
        var buffers = 0
        var isStopped = false
        var workers: [WorkerThread] = []
    }

    init(_ name: String, _ header: SnapshotHeader, _ trailer: SnapshotTrailer, _ file: any StorageFile) {
        self.name = name
        self.header = header
        self.trailer = trailer
        self.file = file
        monitor = Monitor(State(read: SnapshotTrailer(header: header)))
    }

    var rawBytes: Int { Int(trailer.rawBytes) }

    var nothing: UnsafeRawPointer { UnsafeRawPointer(nowhere.base) }
    private let nowhere = SnapshotBuffer(capacity: 1)

    /// Raw buffers ever made, for tests of the bound.
    var bufferCount: Int { monitor.withLock { $0.buffers } }

    func next() throws(SnapshotError) -> (start: UnsafeRawPointer, count: Int) {
        let isAlone = monitor.withLock { state in
            if let current = state.current { state.free.append(current) }
            state.current = nil
            if state.given == 1, trailer.chunkCount > 1 { startWorkers(&state) }
            return state.workers.isEmpty
        }
        monitor.signal()
        if isAlone { loadNext(by: SnapshotBuffer(capacity: chunkCapacity)) }
        let loaded = monitor.withLockWaiting { state -> MonitorStep<Loaded> in
            guard let loaded = state.loaded[state.given] else { return .wait(until: nil) }
            return .done(loaded)
        }
        // A failure stays where it is: whoever asks again gets it again.
        let buffer = try loaded.get()
        let (index, seed) = monitor.withLock { state in
            state.loaded[state.given] = nil
            state.current = buffer
            state.given += 1
            return (state.given, state.rawCRC)
        }
        let rawCRC = Checksum.crc(buffer.bytes, seed: seed)
        monitor.withLock { $0.rawCRC = rawCRC }
        if index == trailer.chunkCount { try checkWhole(rawCRC) }
        return (UnsafeRawPointer(buffer.base), buffer.count)
    }

    /// What keeps the next chunk from being given out, if it was asked for.
    var failure: SnapshotError? {
        monitor.withLock { state in
            if case .failure(let error) = state.loaded[state.given] { error } else { nil }
        }
    }

    /// Ends the threads. To be called when nothing more is wanted; may be called again.
    func stop() {
        let workers = monitor.withLock { state in
            state.isStopped = true
            defer { state.workers = [] }
            return state.workers
        }
        monitor.signal()
        for worker in workers { worker.join() }
    }

    /// All chunks were the right ones, in the right order ([SNP-9]); looked at before the last one is given out.
    private func checkWhole(_ rawCRC: UInt32) throws(SnapshotError) {
        let read = monitor.withLock { $0.read }
        guard read.digest == trailer.digest, read.endOffset == trailer.endOffset, rawCRC == trailer.rawCRC else {
            throw damaged("snapshot trailer: its digest is not that of the chunks", at: trailer.endOffset)
        }
    }

    /// A snapshot of no bytes has nothing but a trailer to be right.
    func checkEmpty() throws(SnapshotError) {
        if trailer.chunkCount == 0 { try checkWhole(0) }
    }

    private func damaged(_ reason: String, at offset: UInt64) -> SnapshotError {
        .damaged(file: name, offset: Int(offset), reason: reason)
    }

    private var chunkCapacity: Int { min(header.chunkBytes, rawBytes) }
}

extension SnapshotChunkReader {
    /// A chunk that a thread has taken on: it alone reads until it has the stored bytes.
    private struct Claim: Sendable {
        var before: SnapshotTrailer
        var target: SnapshotBuffer
    }

    private func startWorkers(_ state: inout State) {
        for _ in 0..<Self.threads {
            // Without threads it only takes longer.
            guard let worker = try? WorkerThread({ self.work() }) else { return }
            state.workers.append(worker)
        }
    }

    private func work() {
        let stored = SnapshotBuffer(capacity: chunkCapacity)
        while loadNext(by: stored) {}
    }

    /// Reads, checks and expands the next chunk; false if there is none.
    @discardableResult
    private func loadNext(by stored: SnapshotBuffer) -> Bool {
        guard let claim = claim() else { return false }
        let index = claim.before.chunkCount
        let loaded: Loaded
        do throws(SnapshotError) {
            let head = try read(claim, into: stored)
            try expand(head, stored, index, claim)
            loaded = .success(claim.target)
        } catch {
            loaded = .failure(error)
        }
        monitor.withLock { state in
            if case .failure = loaded {
                state.isReading = false
                state.isStopped = true
            }
            state.loaded[index] = loaded
        }
        monitor.signal()
        return true
    }

    /// Waits for a free buffer and for the file.
    private func claim() -> Claim? {
        monitor.withLockWaiting { state -> MonitorStep<Claim?> in
            if state.isStopped || state.read.chunkCount == trailer.chunkCount { return .done(nil) }
            if state.isReading { return .wait(until: nil) }
            let target: SnapshotBuffer
            if let buffer = state.free.popLast() {
                target = buffer
            } else if state.buffers < Self.bufferLimit {
                target = SnapshotBuffer(capacity: chunkCapacity)
                state.buffers += 1
            } else {
                return .wait(until: nil)
            }
            state.isReading = true
            return .done(Claim(before: state.read, target: target))
        }
    }

    /// Reads a chunk's head and stored bytes, then lets the next thread read.
    private func read(_ claim: Claim, into stored: SnapshotBuffer) throws(SnapshotError) -> SnapshotChunkHead {
        let before = claim.before
        let offset = Int(before.endOffset)
        let bytes = try snapshotting { () throws(StorageError) in
            try file.read(at: offset, count: SnapshotChunkHead.size)
        }
        let room = Int(trailer.endOffset) - offset - SnapshotChunkHead.size
        let expected = min(header.chunkBytes, rawBytes - Int(before.rawBytes))
        let head: SnapshotChunkHead
        do throws(FormatError) {
            try require(bytes.count == SnapshotChunkHead.size && room > 0, "snapshot chunk: the file ends before it")
            head = try SnapshotChunkHead(decoding: bytes.span.bytes, rawLength: expected, room: room)
        } catch {
            throw damaged(error.reason, at: before.endOffset)
        }
        stored.count = try snapshotting { () throws(StorageError) in
            try file.read(into: stored.room(head.storedLength), at: offset + SnapshotChunkHead.size)
        }
        guard stored.count == head.storedLength else {
            throw damaged("snapshot chunk: the file ends within it", at: before.endOffset)
        }
        monitor.withLock { state in
            state.read.add(head)
            state.isReading = false
        }
        monitor.signal()
        return head
    }

    private func expand(
        _ head: SnapshotChunkHead, _ stored: SnapshotBuffer, _ index: UInt64, _ claim: Claim
    ) throws(SnapshotError) {
        do throws(FormatError) {
            try head.check(stored.bytes, seed: header.seed(chunk: index))
            try head.codec.expand(stored.bytes, into: claim.target.room(head.rawLength))
        } catch {
            throw damaged(error.reason, at: claim.before.endOffset)
        }
        claim.target.count = head.rawLength
    }
}
