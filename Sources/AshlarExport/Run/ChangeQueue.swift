import AshlarStorage

/// Hands change sets from the thread that reads the log to the one that talks to the database, a few at a time.
///
/// Invariant: once one side has ended it, the other sees that at its next call.
final class ChangeQueue: Sendable {
    /// What comes out of it.
    enum Item: Sendable {
        /// The next changes.
        case changes(ChangeSet)
        /// Everything that was there is out; more may come.
        case caughtUp(lastSequence: UInt64)
        /// There is no more.
        case end
    }

    private struct State {
        var items: [Item] = []
        var failure: ExportError?
        var isAbandoned = false
    }

    private let monitor = Monitor(State())
    private let capacity = 2

    /// Adds an item, and waits for room first; false if nobody takes them any more.
    func put(_ item: Item) -> Bool {
        monitor.withLockWaiting { state -> MonitorStep<Bool> in
            if state.isAbandoned { return .done(false) }
            guard state.items.count < capacity else { return .wait(until: nil) }
            state.items.append(item)
            monitor.signal()
            return .done(true)
        }
    }

    /// Lets the taker fail when it has taken what is there.
    func fail(_ error: ExportError) {
        monitor.withLock { $0.failure = error }
        monitor.signal()
    }

    /// The next item, or nil at the deadline (in monotonic nanoseconds).
    func take(until deadline: UInt64) throws(ExportError) -> Item? {
        try monitor.withLockWaiting { (state) throws(ExportError) -> MonitorStep<Item?> in
            if !state.items.isEmpty {
                let item = state.items.removeFirst()
                monitor.signal()
                return .done(item)
            }
            if let failure = state.failure { throw failure }
            return SystemCalls.monotonicNanoseconds() >= deadline ? .done(nil) : .wait(until: deadline)
        }
    }

    /// Tells the giver that nothing is taken any more.
    func abandon() {
        monitor.withLock {
            $0.isAbandoned = true
            $0.items = []
        }
        monitor.signal()
    }

    /// Whether nothing is taken any more.
    var isAbandoned: Bool { monitor.withLock { $0.isAbandoned } }
}
