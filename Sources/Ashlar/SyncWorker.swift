import AshlarStorage

/// The thread that syncs in the background, as the durability policy says.
final class SyncWorker: Sendable {
    private let thread: WorkerThread

    /// Starts the thread. It ends when the log is closed.
    init(_ core: StoreCore, _ durability: Durability) throws(StorageError) {
        thread = try WorkerThread { Self.run(core, durability) }
    }

    /// Waits for the end of the thread; the log must be marked closed first.
    func join() { thread.join() }

    private static func run(_ core: StoreCore, _ durability: Durability) {
        while true {
            let job = core.monitor.withLockWaiting({ log -> MonitorStep<SyncJob?> in
                if log.isClosed { return .done(nil) }
                // A write that fails poisons the log, so that it is not tried again; the next append reports it.
                if log.poison == nil, !log.isSyncing, isDue(log, durability), let job = try? log.beginSync() {
                    return .done(job)
                }
                return .wait(until: deadline(log, durability))
            })
            guard let job else { return }
            try? core.finish(job)
        }
    }

    private static func isDue(_ log: borrowing LogState, _ durability: Durability) -> Bool {
        guard log.state.sequence > log.durable.sequence else { return false }
        if log.waiters.contains(where: { $0.sequence > log.durable.sequence }) { return true }
        switch durability {
        case .everyBlock: return true
        case .manual: return false
        case .interval(let milliseconds, let bytes):
            guard let oldest = log.oldestUnsyncedNanoseconds else { return false }
            return log.unsyncedBytes >= bytes
                || SystemCalls.monotonicNanoseconds() >= oldest + UInt64(max(0, milliseconds)) * 1_000_000
        }
    }

    private static func deadline(_ log: borrowing LogState, _ durability: Durability) -> UInt64? {
        guard case .interval(let milliseconds, _) = durability, let oldest = log.oldestUnsyncedNanoseconds,
            !log.isSyncing,
            log.poison == nil
        else { return nil }
        return oldest + UInt64(max(0, milliseconds)) * 1_000_000
    }
}
