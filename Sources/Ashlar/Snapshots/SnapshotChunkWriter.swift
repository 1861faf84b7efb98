import AshlarFormat
import AshlarStorage

/// Cuts the bytes of a state into chunks, and compresses and writes them on other threads while the model goes on encoding.
///
/// Invariants: chunks are compressed in any order and written in the order of their indexes; there are never more than `bufferLimit` raw
/// buffers and one compressed one a thread. After a failure nothing more is written, and every call throws it.
final class SnapshotChunkWriter: Sendable {
    static let threads = 2
    /// One that is filled, one for each thread, one that waits.
    static let bufferLimit = threads + 2

    let header: SnapshotHeader
    private let file: any StorageFile
    private let monitor: Monitor<State>

    struct Chunk: Sendable {
        var index: UInt64
        var raw: SnapshotBuffer
    }

    struct State: ~Copyable {
        /// The buffer that the encoder fills.
        var current: SnapshotBuffer
        var free: [SnapshotBuffer] = []
        var buffers = 1
        var queue: [Chunk] = []
        var handedOn: UInt64 = 0
        /// What stands in the file; its `chunkCount` is the index of the chunk to be written next.
        var trailer: SnapshotTrailer
        var failure: SnapshotError?
        var isFinished = false
        var workers: [WorkerThread] = []
        var canStartWorkers = true

        init(_ trailer: SnapshotTrailer, chunkBytes: Int) {
            current = SnapshotBuffer(capacity: chunkBytes)
            self.trailer = trailer
        }
    }

    init(_ header: SnapshotHeader, to file: any StorageFile) throws(SnapshotError) {
        self.header = header
        self.file = file
        monitor = Monitor(State(SnapshotTrailer(header: header), chunkBytes: header.chunkBytes))
        try snapshotting { () throws(StorageError) in try file.write(header.encoded(), at: 0) }
    }

    /// The present buffer, from where it is filled.
    var start: (cursor: UnsafeMutableRawPointer, end: UnsafeMutableRawPointer) {
        monitor.withLock { ($0.current.base, $0.current.base + header.chunkBytes) }
    }

    /// Bytes in the buffers before the present one.
    var bytesBeforeCurrent: Int { monitor.withLock { Int($0.handedOn) * header.chunkBytes } }

    /// Raw buffers ever made, for tests of the bound.
    var bufferCount: Int { monitor.withLock { $0.buffers } }

    /// Hands the present buffer on, filled up to `cursor`, and gives the next one; waits for one while all are in use.
    func next(
        filled cursor: UnsafeMutableRawPointer
    ) throws(SnapshotError) -> (UnsafeMutableRawPointer, UnsafeMutableRawPointer) {
        try handOn(filled: cursor)
        try monitor.withLockWaiting {
            [chunkBytes = header.chunkBytes] (state) throws(SnapshotError) -> MonitorStep<Void> in
            if let failure = state.failure { throw failure }
            if let buffer = state.free.popLast() {
                state.current = buffer
            } else if state.buffers < Self.bufferLimit {
                state.current = SnapshotBuffer(capacity: chunkBytes)
                state.buffers += 1
            } else {
                return .wait(until: nil)
            }
            return .done(())
        }
        return start
    }

    /// Hands on what is left, waits until all of it is written, and ends the file.
    func finish(filled cursor: UnsafeMutableRawPointer) throws(SnapshotError) {
        if cursor > start.cursor { try handOn(filled: cursor) }
        stop(with: nil)
        let trailer = try monitor.withLock { (state) throws(SnapshotError) in
            if let failure = state.failure { throw failure }
            return state.trailer
        }
        try snapshotting { () throws(StorageError) in
            try file.write(trailer.encoded(header: header), at: Int(trailer.endOffset))
            if !file.isSeeded(.snapshotRenamedBeforeSync) { try file.sync() }
        }
    }

    /// Ends the threads, after what was handed on is written, or at once if there is a failure. May be called again.
    func stop(with failure: SnapshotError?) {
        let workers = monitor.withLock { state in
            state.isFinished = true
            if state.failure == nil { state.failure = failure }
            defer { state.workers = [] }
            return state.workers
        }
        monitor.signal()
        for worker in workers { worker.join() }
    }

    var failure: SnapshotError? { monitor.withLock { $0.failure } }

    var trailer: SnapshotTrailer { monitor.withLock { $0.trailer } }
}

extension SnapshotChunkWriter {
    /// Queues the present buffer; the first one that is full starts the threads, so that a small state needs none.
    private func handOn(filled cursor: UnsafeMutableRawPointer) throws(SnapshotError) {
        let isAlone = try monitor.withLock { (state) throws(SnapshotError) in
            if let failure = state.failure { throw failure }
            state.current.count = UnsafeRawPointer(cursor) - UnsafeRawPointer(state.current.base)
            state.queue.append(Chunk(index: state.handedOn, raw: state.current))
            state.handedOn += 1
            let isFull = state.current.count == header.chunkBytes
            if isFull, state.workers.isEmpty, state.canStartWorkers { startWorkers(&state) }
            return state.workers.isEmpty
        }
        monitor.signal()
        guard isAlone else { return }
        // No threads: the encoder's own does the work.
        let chunk = monitor.withLock { $0.queue.removeFirst() }
        write(chunk, by: SnapshotBuffer(capacity: chunk.raw.count))
        if let failure { throw failure }
    }

    private func startWorkers(_ state: inout State) {
        state.canStartWorkers = false
        for _ in 0..<Self.threads {
            // Without threads it only takes longer.
            guard let worker = try? WorkerThread({ self.work() }) else { return }
            state.workers.append(worker)
        }
    }

    private func work() {
        let target = SnapshotBuffer(capacity: header.chunkBytes)
        while true {
            let chunk = monitor.withLockWaiting { state -> MonitorStep<Chunk?> in
                if state.failure != nil { return .done(nil) }
                if !state.queue.isEmpty { return .done(state.queue.removeFirst()) }
                return state.isFinished ? .done(nil) : .wait(until: nil)
            }
            guard let chunk else { return }
            write(chunk, by: target)
        }
    }

    /// Compresses a chunk into `target`, waits for its turn, and writes it.
    private func write(_ chunk: Chunk, by target: SnapshotBuffer) {
        let codec = compress(chunk.raw, into: target)
        let stored = codec == .none ? chunk.raw.bytes : target.bytes
        let head = SnapshotChunkHead(
            rawLength: chunk.raw.count, codec: codec, stored: stored, seed: header.seed(chunk: chunk.index))
        let turn = monitor.withLockWaiting { state -> MonitorStep<SnapshotTrailer?> in
            if state.failure != nil { return .done(nil) }
            return state.trailer.chunkCount == chunk.index ? .done(state.trailer) : .wait(until: nil)
        }
        guard var trailer = turn else { return }
        let offset = Int(trailer.endOffset)
        do throws(StorageError) {
            var headBytes = [UInt8](repeating: 0, count: SnapshotChunkHead.size)
            headBytes.withUnsafeMutableBytes { if let base = $0.baseAddress { head.encode(to: base) } }
            try file.write(headBytes, at: offset)
            try file.write(stored, at: offset + SnapshotChunkHead.size)
        } catch {
            monitor.withLock { if $0.failure == nil { $0.failure = SnapshotError(error) } }
            monitor.signal()
            return
        }
        trailer.add(head, raw: chunk.raw.bytes)
        monitor.withLock { [trailer] state in
            state.trailer = trailer
            state.free.append(chunk.raw)
        }
        monitor.signal()
    }

    /// Compresses `raw` if that makes it smaller, but not beyond what a reader takes ([SNP-6]).
    private func compress(_ raw: SnapshotBuffer, into target: SnapshotBuffer) -> Codec {
        let codec = header.codec
        guard codec != .none, raw.count > 1,
            let length = codec.compress(raw.bytes, into: target.room(min(raw.count - 1, target.capacity))),
            raw.count <= Limits.expansion * length
        else { return .none }
        target.count = length
        return codec
    }
}
