import AshlarStorage
import AshlarTestSupport
import Foundation
import Synchronization
import Testing

@testable import Ashlar

/// The runtime holds a lock of a task while the task's cancellation handlers run, and takes it to resume the task: who resumes a task under
/// the log's lock would wait for a handler that waits for the log.
@Suite("Cancelling a task that the log wakes at that moment")
struct CancellationTests {
    /// Cancels `task` while the log is locked, and calls `wake` under that lock once a handler is on its way to it. False if these wait for
    /// each other; in threads of their own, so that a deadlock is told and does not take the pool.
    private func collide(
        _ store: Store, _ task: Task<Void, Never>, _ wake: @escaping @Sendable (inout LogState) -> Void
    ) async throws -> Bool {
        let isOver = Flag()
        let waking = try WorkerThread {
            store.core.monitor.withLock { log in
                let cancelling = try? WorkerThread { task.cancel() }
                // Long enough for the handler to come to where it waits for the lock.
                usleep(100_000)
                wake(&log)
                _ = cancelling
            }
            isOver.value.store(true, ordering: .releasing)
        }
        for _ in 0..<10_000 where !isOver.value.load(ordering: .acquiring) {
            try await Task.sleep(for: .milliseconds(1))
        }
        guard isOver.value.load(ordering: .acquiring) else { return false }
        waking.join()
        await task.value
        return true
    }

    @Test("a follower that is cancelled while it is woken")
    func follower() async throws {
        var writer = try Writer.open(MemoryStorage(), options: options())
        try writer.append(0...0)
        let store = writer.store
        let task = Task { await store.core.waitForMore(past: store.sequence, .committed) }
        for _ in 0..<10_000 where store.core.monitor.withLock({ $0.followers.isEmpty }) {
            try await Task.sleep(for: .milliseconds(1))
        }
        let isOver = try await collide(store, task) { $0.wakeFollowers(all: true) }
        try #require(isOver, "the handler and who wakes wait for each other")
        try writer.close()
    }

    @Test("one who waits for durability, and whose own handler looks at the store")
    func durable() async throws {
        var writer = try Writer.open(MemoryStorage(), options: options())
        try writer.append(0...0)
        let store = writer.store
        // As if a sync were under way: the task waits.
        store.core.monitor.withLock { $0.isSyncing = true }
        let task = Task {
            await withTaskCancellationHandler {
                do throws(StoreError) { try await store.durable(upTo: 1) } catch {}
            } onCancel: {
                _ = store.sequence
            }
        }
        for _ in 0..<10_000 where store.core.monitor.withLock({ $0.waiters.isEmpty }) {
            try await Task.sleep(for: .milliseconds(1))
        }
        let isOver = try await collide(store, task) { log in
            log.failWaiters(.cancelled)
            log.isSyncing = false
        }
        try #require(isOver, "the handler and who wakes wait for each other")
        try writer.close()
    }
}
