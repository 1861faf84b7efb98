import AshlarFormat
import AshlarStorage
import Synchronization

/// An open store: the log under its lock, shared by the writer, the sync thread and all readers.
final class StoreCore: Sendable {
    let monitor: Monitor<LogState>
    let storage: any Storage
    let recovery: Recovery
    let storeID: StoreID
    let hashNotation: HashNotation
    let heightGaps: Bool
    /// How far readers of this core see.
    let horizon: ReadHorizon
    let isWriter: Bool
    /// Whether it shows what is healthy of a damaged store.
    let isDegraded: Bool
    let openNanoseconds: UInt64
    /// Held while snapshots are given up, or chosen to replace a part of the log.
    let retention = Mutex<Void>(())

    init(
        _ log: OpenedLog, storage: any Storage, horizon: ReadHorizon, isWriter: Bool, recentHashes: Int,
        started: UInt64, isDegraded: Bool = false
    ) {
        self.storage = storage
        self.horizon = horizon
        self.isWriter = isWriter
        self.isDegraded = isDegraded
        recovery = log.recovery
        storeID = log.storeID
        hashNotation = log.hashNotation
        heightGaps = log.heightGaps
        monitor = Monitor(LogState(log, storage: storage, recentHashes: recentHashes))
        openNanoseconds = SystemCalls.monotonicNanoseconds() - started
    }

    /// Throws for a damaged store that was opened to read what is healthy: no follower can pass over what is lost.
    func checkWhole() throws(StoreError) {
        guard isDegraded else { return }
        throw .invalidArgument("a damaged store cannot be followed; salvage it, and follow what was saved")
    }

    /// The last sequence a reader of this core sees.
    var visibleSequence: UInt64 {
        monitor.withLock {
            horizon == .durable && !isWriter ? min($0.durable.sequence, $0.state.sequence) : $0.state.sequence
        }
    }
}

extension StoreCore {
    /// Makes everything up to `target` durable, on the calling thread unless a sync is under way already.
    ///
    /// The write happens under the lock, the sync outside: appending goes on meanwhile, and what is appended gathers for the next sync.
    func sync(upTo target: UInt64) throws(StoreError) {
        while true {
            let job = try monitor.withLockWaiting({ (log) throws(StoreError) -> MonitorStep<SyncJob?> in
                if log.durable.sequence >= target { return .done(nil) }
                if log.isSyncing, log.poison == nil { return .wait(until: nil) }
                return .done(try log.beginSync())
            })
            guard let job else { return }
            try finish(job)
        }
    }

    /// Syncs what a job covers, then tells everyone.
    func finish(_ job: SyncJob) throws(StoreError) {
        let started = SystemCalls.monotonicNanoseconds()
        let failure: StoreError?
        do throws(StorageError) {
            if !storage.isSeeded(.acknowledgeBeforeSync) { try job.file?.sync() }
            failure = nil
        } catch {
            let isRetried = storage.isSeeded(.failedSyncRetried) && (try? job.file?.sync()) != nil
            failure = isRetried ? nil : StoreError(error)
        }
        let took = SystemCalls.monotonicNanoseconds() - started
        let (report, commits) = try monitor.withLock { (log) throws(StoreError) in
            defer { monitor.signal() }
            log.isSyncing = false
            let commits = job.point.sequence - min(job.point.sequence, log.durable.sequence)
            if let failure {
                if !storage.isSeeded(.failedSyncForgotten) { log.poison(with: failure) }
                throw failure
            }
            try log.advanceDurable(to: job.point)
            return (log.report, commits)
        }
        report?(.synced(nanoseconds: took, commits: commits))
    }
}

/// A sync to be done outside the lock.
struct SyncJob: Sendable {
    var file: (any StorageFile)?
    var point: DurablePoint
}

extension LogState {
    /// Writes what is buffered and says what to sync.
    mutating func beginSync() throws(StoreError) -> SyncJob {
        try checkWritable()
        try flush()
        isSyncing = true
        unsyncedBytes = 0
        oldestUnsyncedNanoseconds = nil
        hasDeadline = false
        return SyncJob(
            file: active?.file, point: DurablePoint(sequence: state.sequence, chainValue: state.chainValue))
    }
}
