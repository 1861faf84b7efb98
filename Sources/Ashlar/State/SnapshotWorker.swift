import AshlarStorage

/// The thread that takes a projection's snapshots, one at a time.
///
/// Its thread starts with the first snapshot and ends with `stop`. It holds the store, not the projection.
final class SnapshotWorker: Sendable {
    private struct State {
        var task: SnapshotTask?
        var isStopped = false
        var thread: WorkerThread?
    }

    private let monitor = Monitor(State())
    private let store: Store
    private let finished: @Sendable (SnapshotTask, Result<SnapshotTask.Outcome, SnapshotError>) -> Void

    /// A worker that tells `finished` what came of each snapshot, on its thread.
    init(
        _ store: Store,
        finished: @escaping @Sendable (SnapshotTask, Result<SnapshotTask.Outcome, SnapshotError>) -> Void
    ) {
        self.store = store
        self.finished = finished
    }

    /// Whether a snapshot is being taken.
    var isBusy: Bool { monitor.withLock { $0.task != nil || $0.isStopped } }

    /// Begins to take a snapshot; false if another is still under way.
    func begin(_ task: SnapshotTask) -> Bool {
        monitor.withLock { state in
            guard state.task == nil, !state.isStopped else { return false }
            state.task = task
            if state.thread == nil { state.thread = try? WorkerThread { [self] in run() } }
            guard state.thread != nil else {
                state.task = nil
                return false
            }
            monitor.signal()
            return true
        }
    }

    /// Waits until no snapshot is under way.
    func drain() {
        monitor.withLockWaiting { $0.task == nil || $0.isStopped ? .done(()) : .wait(until: nil) }
    }

    /// Ends the thread; a snapshot that is being written is finished first, one that waits to become durable is given up.
    func stop() {
        let thread = monitor.withLock { state in
            state.isStopped = true
            monitor.signal()
            defer { state.thread = nil }
            return state.thread
        }
        thread?.join()
    }

    private func run() {
        while true {
            let task = monitor.withLockWaiting { state -> MonitorStep<SnapshotTask?> in
                if let task = state.task { return .done(task) }
                return state.isStopped ? .done(nil) : .wait(until: nil)
            }
            guard let task else { return }
            let result: Result<SnapshotTask.Outcome, SnapshotError>
            do throws(SnapshotError) {
                let monitor = monitor
                result = .success(try task.perform(on: store, isWanted: { !monitor.withLock { $0.isStopped } }))
            } catch {
                result = .failure(error)
            }
            finished(task, result)
            monitor.withLock {
                $0.task = nil
                monitor.signal()
            }
        }
    }
}
