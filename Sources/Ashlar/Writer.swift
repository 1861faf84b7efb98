import AshlarFormat
package import AshlarStorage

/// The one writer of a store.
///
/// It is used from one task at a time; any number of readers (`store`) work beside it. What was appended is durable once
/// `durableSequence` has reached it. Call `close()` when done: a writer that is dropped closes too, but cannot report a failure.
public struct Writer: ~Copyable {
    let core: StoreCore
    let options: WriterOptions
    let rules: CommitRules
    var batch: EventBatch
    var builder = FrameBuilder()
    var reader = CommitReader()
    var table = RecordTable()
    /// How many undone blocks were reported.
    var undoneBlocks: UInt64 = 0
    private let lock: any StorageLock
    private let worker: SyncWorker

    /// The store for reading, from any thread.
    public let store: Store

    /// What opening found at the end of the log.
    public var recovery: Recovery { core.recovery }

    /// Opens the store at `path` for writing, or creates it there if `options.creation` says with what.
    ///
    /// Takes the store's lock and recovers: a torn, never durable tail is cut, and `recovery` tells. Throws `inUse` if another writer has
    /// it, `notAStore`, `corrupt`, `unsupported`, `inputOutput`. Complexity: O(segments + unsealed tail).
    public static func open(at path: String, options: WriterOptions = WriterOptions()) throws(StoreError) -> Writer {
        let kind = try storing { () throws(StorageError) in try SystemCalls.kind(of: path) }
        if kind == .other { throw .notAStore(path: path) }
        if kind == nil, options.creation == nil { throw .notAStore(path: path) }
        let storage = try storing { () throws(StorageError) in
            options.creation == nil ? try FileStorage(path: path) : try FileStorage.create(path: path)
        }
        return try open(storage, options: options)
    }

    /// Creates a store at `path`, which must be empty or not there.
    ///
    /// Throws `alreadyExists`, and what `open` throws. The new store is durable when this returns.
    public static func create(at path: String, options: WriterOptions) throws(StoreError) -> Writer {
        if let kind = try storing({ () throws(StorageError) in try SystemCalls.kind(of: path) }), kind == .directory {
            let storage = try storing { () throws(StorageError) in try FileStorage(path: path) }
            let files = try storing { () throws(StorageError) in try storage.list() }
            if files.contains(where: { SegmentName(fileName: $0) != nil }) { throw .alreadyExists(path: path) }
        }
        var options = options
        options.creation = options.creation ?? CreationOptions()
        return try open(at: path, options: options)
    }

    package static func open(_ storage: any Storage, options: WriterOptions) throws(StoreError) -> Writer {
        // Without a segment there is no store; where none may be made, no lock file is left behind either.
        let files = try storing { () throws(StorageError) in try storage.list() }
        if !files.contains(where: { SegmentName(fileName: $0) != nil }) {
            guard options.creation != nil else { throw .notAStore(path: storage.path) }
            guard !LogOpening.hasForeignFiles(files) else { throw StoreCore.foreignFiles(in: storage) }
        }
        switch try storing({ () throws(StorageError) in try storage.lock(SegmentName.lockFile) }) {
        case .held(let processID): throw .inUse(path: storage.path, processID: processID)
        case .acquired(let lock):
            let core = try StoreCore.openForWriting(storage, options)
            return try Writer(core, lock, options)
        }
    }

    private init(_ core: StoreCore, _ lock: any StorageLock, _ options: WriterOptions) throws(StoreError) {
        self.core = core
        self.lock = lock
        self.options = options
        rules = CommitRules(
            segmentBytes: min(max(options.segmentBytes, 4_096), Limits.segmentBytesOfWriter),
            codec: options.compression.codec,
            finalityDepth: max(options.finalityDepth, 0))
        batch = EventBatch(maxPayloadBytes: options.maxPayloadBytes)
        store = Store(core)
        worker = try storing { () throws(StorageError) in try SyncWorker(core, options.durability) }
        guard let report = options.report else { return }
        undoneBlocks = core.monitor.withLock { log in
            log.report = report
            return log.state.undoneBlocks
        }
        report(.opened(nanoseconds: core.openNanoseconds, core.recovery))
    }

    deinit {
        Self.shutDown(core, worker)
    }

    /// Makes everything durable, writes down where the log ends, and lets go of the lock.
    ///
    /// Throws the failure that kept it from becoming durable; the store is closed all the same.
    public consuming func close() throws(StoreError) {
        if let failure = Self.shutDown(core, worker) { throw failure }
    }

    @discardableResult
    private static func shutDown(_ core: StoreCore, _ worker: SyncWorker) -> StoreError? {
        let isFirst = core.monitor.withLock { !$0.isClosed }
        guard isFirst else { return nil }
        var failure: StoreError?
        do throws(StoreError) {
            let last = core.monitor.withLock { $0.state.sequence }
            try core.sync(upTo: last)
            try core.monitor.withLock { (log) throws(StoreError) in try log.settle() }
        } catch {
            failure = error
        }
        core.monitor.withLock { log in
            log.isClosed = true
            log.failWaiters(failure ?? .closed)
            log.wakeFollowers(all: true)
            core.monitor.signal()
        }
        worker.join()
        return failure
    }
}

extension Writer {
    /// The handle of the model with this name, which is new if it was never used.
    ///
    /// Throws `invalidArgument` for a name that has not 1–255 bytes of UTF-8. Complexity: O(1).
    public func model(_ name: String) throws(StoreError) -> ModelHandle {
        try core.monitor.withLock { (log) throws(StoreError) in
            let index = try log.registry.resolveModel(name)
            return ModelHandle(id: log.registry.models[index].id)
        }
    }

    /// The handle of the event type with this name, which is new if it was never used.
    ///
    /// Throws `invalidArgument` for a name that has not 1–255 bytes of UTF-8. Complexity: O(1).
    public func type(_ name: String) throws(StoreError) -> TypeHandle {
        try core.monitor.withLock { (log) throws(StoreError) in
            let index = try log.registry.resolveType(name)
            return TypeHandle(id: log.registry.types[index].id)
        }
    }

    /// The last sequence that survives a power cut.
    public var durableSequence: UInt64 { core.monitor.withLock { $0.durable.sequence } }

    /// The last sequence appended.
    public var sequence: UInt64 { core.monitor.withLock { $0.state.sequence } }

    /// Makes everything appended so far durable, on the calling thread.
    ///
    /// Throws `inputOutput` or `poisoned`; then nothing more can be written until the store is opened anew.
    public func sync() throws(StoreError) {
        try core.sync(upTo: core.monitor.withLock { $0.state.sequence })
    }

    /// Hands everything appended so far to the operating system, without making it durable.
    ///
    /// It then survives the death of this process, not that of the machine. Throws `inputOutput` or `poisoned`.
    public func flush() throws(StoreError) {
        try core.monitor.withLock { (log) throws(StoreError) in try log.flush() }
    }

    /// Returns once everything up to `sequence` is durable; see `Store.durable(upTo:)`, which an actor that holds the writer can call.
    public func durable(upTo sequence: UInt64) async throws(StoreError) {
        try await store.durable(upTo: sequence)
    }
}

extension Store {
    /// Returns once the writer in this process has made everything up to `sequence` durable.
    ///
    /// Any number of tasks may wait. Throws `inputOutput`, `poisoned` or `closed` if that will not happen, `invalidArgument` for a sequence that
    /// is not in the log (in another process: not yet, until `refresh()`).
    public func durable(upTo sequence: UInt64) async throws(StoreError) {
        let core = core
        let result: Result<Void, StoreError> = await withCheckedContinuation { continuation in
            let early = core.monitor.withLock { log -> Result<Void, StoreError>? in
                if let early = log.durabilityNow(upTo: sequence) { return early }
                guard core.isWriter else {
                    return .failure(.invalidArgument("sequence \(sequence) is not known durable here yet; refresh"))
                }
                log.waiters.append(
                    DurabilityWaiter(sequence: sequence) { continuation.resumeOutsideLocks(returning: $0) })
                core.monitor.signal()
                return nil
            }
            if let early { continuation.resume(returning: early) }
        }
        try result.get()
    }
}

extension LogState {
    /// What a waiter for `sequence` can be told at once, or nil if it has to wait.
    fileprivate func durabilityNow(upTo sequence: UInt64) -> Result<Void, StoreError>? {
        if sequence <= durable.sequence { return .success(()) }
        if sequence > state.sequence {
            return .failure(.invalidArgument("sequence \(sequence) is not in the log; the last is \(state.sequence)"))
        }
        if isClosed { return .failure(.closed) }
        return poison.map { .failure(.poisoned(cause: $0.description)) }
    }

    /// The last words of a clean close: the sidecar that spares the next opening a walk, and the note, synced.
    fileprivate mutating func settle() throws(StoreError) {
        try writeNote()
        guard let noteFile else { return }
        try writing { (log) throws(StorageError) in try noteFile.sync() }
        guard let active, active.index.summary.commitCount > 0 else { return }
        // Derived and checked when read: it need not be synced, and that it cannot be written does no harm.
        let footer = active.index.encodedFooter()
        let temporary = active.name.indexFile + SegmentName.temporarySuffix
        _ = try? storage.remove(temporary)
        guard let file = try? storage.open(temporary, .create) else { return }
        guard (try? file.write(footer, at: 0)) != nil else { return }
        _ = try? storage.rename(temporary, to: active.name.indexFile)
    }
}
