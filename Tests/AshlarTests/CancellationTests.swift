import AshlarStorage
import AshlarTestSupport
import Foundation
import Synchronization
import Testing

@testable import Ashlar

/// The runtime holds a lock of a task while the task's cancellation handlers run, and takes it to resume the task: who resumes a task under
/// the log's lock would wait for a handler that waits for the log.
@Suite("Cancellation handlers that look at the store")
struct CancellationTests {
    /// Opens a writer in a thread of its own, and appends there once `isDue`: a deadlock is told, and takes no thread of the pool.
    private func appender(
        _ durability: Durability, _ failures: SharedFailures, when isDue: Flag
    ) throws -> (Store, WorkerThread) {
        let opened = Mutex<Store?>(nil)
        let thread = try WorkerThread {
            do {
                var writer = try Writer.open(MemoryStorage(), options: options(durability: durability))
                try writer.append(0...0)
                opened.withLock { $0 = writer.store }
                for _ in 0..<30_000 where !isDue.value.load(ordering: .acquiring) { usleep(1_000) }
                try writer.append(1...1)
                try writer.close()
            } catch { failures.add("\(error)") }
        }
        for _ in 0..<30_000 {
            if let store = opened.withLock({ $0 }) { return (store, thread) }
            usleep(1_000)
        }
        throw StoreError.closed
    }

    /// Cancels `task` once `isWaiting`; its handler calls `look` while the appender appends. Whether all of it comes to an end.
    private func cancel(
        _ failures: SharedFailures, _ durability: Durability, isWaiting: (Store) -> Bool,
        _ wait: @escaping @Sendable (Store) async -> Void
    ) async throws {
        let (isCancelling, isOver) = (Flag(), Flag())
        let (store, appending) = try appender(durability, failures, when: isCancelling)
        let task = Task {
            await withTaskCancellationHandler {
                await wait(store)
            } onCancel: {
                isCancelling.value.store(true, ordering: .releasing)
                // Long enough for the append to come to the point where it wakes the task.
                usleep(50_000)
                _ = store.sequence
            }
            isOver.value.store(true, ordering: .releasing)
        }
        for _ in 0..<30_000 where !isWaiting(store) { try await Task.sleep(for: .milliseconds(1)) }
        let cancelling = try WorkerThread { task.cancel() }
        for _ in 0..<30_000 where !isOver.value.load(ordering: .acquiring) {
            try await Task.sleep(for: .milliseconds(1))
        }
        guard isOver.value.load(ordering: .acquiring) else {
            Issue.record("the handler, the append and the task wait for each other")
            return
        }
        cancelling.join()
        appending.join()
    }

    @Test("a follower's")
    func follower() async throws {
        let failures = SharedFailures()
        let isWaiting: (Store) -> Bool = { store in store.core.monitor.withLock { !$0.followers.isEmpty } }
        try await cancel(failures, .manual, isWaiting: isWaiting) { store in
            var options = SubscriptionOptions()
            options.horizon = .committed
            do throws(StoreError) {
                for try await _ in try store.subscribe(options: options) {}
            } catch { failures.add("\(error)") }
        }
        #expect(failures.all.isEmpty)
    }
}
