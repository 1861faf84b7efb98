import AshlarStorage

/// The same work on several threads at once.
enum BenchThreads {
    private struct Outcome<Value: Sendable>: Sendable {
        var values: [Value?]
        var failure: (any Error)?
    }

    /// Runs `body` for 0 ..< `count`, each on a thread of its own (the calling one among them), and gives what they came to in order.
    ///
    /// Throws what one of them threw, after all of them have ended.
    static func run<Value: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (Int) throws -> Value
    ) throws -> [Value] {
        if count == 1 { return [try body(0)] }
        let outcome = Monitor(Outcome<Value>(values: Array(repeating: nil, count: count)))
        let work: @Sendable (Int) -> Void = { index in
            do {
                let value = try body(index)
                outcome.withLock { $0.values[index] = value }
            } catch {
                outcome.withLock { $0.failure = error }
            }
        }
        var threads: [WorkerThread] = []
        defer { for thread in threads { thread.join() } }
        for index in 1..<count { threads.append(try WorkerThread { work(index) }) }
        work(0)
        while let thread = threads.popLast() { thread.join() }
        return try outcome.withLock { outcome in
            if let failure = outcome.failure { throw failure }
            return outcome.values.compactMap(\.self)
        }
    }
}
