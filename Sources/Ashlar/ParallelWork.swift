import AshlarStorage
import Synchronization

/// Independent jobs on several threads.
enum ParallelWork {
    private struct State<Value: Sendable>: Sendable {
        var next = 0
        var results: [Value?]
        var failure: (index: Int, error: StoreError)?
    }

    /// Runs `job` for 0 ..< `count` on up to `threads` threads, the calling one among them, and returns the results in order.
    ///
    /// Throws what the first job in order threw, whichever came first in time; jobs that were not begun by then are not.
    static func run<Value: Sendable>(
        _ count: Int, threads: Int, _ job: @escaping @Sendable (Int) throws(StoreError) -> Value
    ) throws(StoreError) -> [Value] {
        let shared = Mutex(State<Value>(results: Array(repeating: nil, count: count)))
        let work: @Sendable () -> Void = {
            while let index = shared.withLock({ state -> Int? in
                guard state.next < count, state.failure == nil else { return nil }
                defer { state.next += 1 }
                return state.next
            }) {
                do throws(StoreError) {
                    let result = try job(index)
                    shared.withLock { $0.results[index] = result }
                } catch {
                    shared.withLock { state in
                        // Jobs are begun in order: whatever comes before this one is running already, and may still fail.
                        if index < state.failure?.index ?? .max { state.failure = (index, error) }
                    }
                }
            }
        }
        var workers: [WorkerThread] = []
        for _ in 1..<max(1, min(threads, count)) {
            // One thread less is slower, not wrong.
            guard let worker = try? WorkerThread(work) else { break }
            workers.append(worker)
        }
        work()
        for worker in workers { worker.join() }
        return try shared.withLock { (state) throws(StoreError) -> [Value] in
            if let failure = state.failure { throw failure.error }
            return state.results.compactMap { $0 }
        }
    }
}
