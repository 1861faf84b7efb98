import AshlarStorage
import Synchronization

/// One who was handed everything up to a sequence and waits for more, in the writer's process.
struct FollowWaiter: Sendable {
    /// Tells it from all others.
    var ticket: UInt64
    var sequence: UInt64
    var horizon: ReadHorizon
    var resume: @Sendable () -> Void
}

/// What one who was handed everything up to a sequence can expect.
enum FollowOutlook {
    /// More is there.
    case more
    /// Nothing yet.
    case quiet
    /// The writer was closed, and everything was delivered: nothing will come.
    case over
    /// The writer failed: nothing will come.
    case failed(StoreError)
}

private let lastTicket = Atomic<UInt64>(0)

extension FollowWaiter {
    /// A number no other waiter has.
    static func newTicket() -> UInt64 { lastTicket.add(1, ordering: .relaxed).newValue }
}

extension LogState {
    /// What may come behind `sequence` under `horizon`.
    func outlook(past sequence: UInt64, _ horizon: ReadHorizon) -> FollowOutlook {
        if visibleSequence(horizon) > sequence { return .more }
        if let poison { return .failed(.poisoned(cause: poison.description)) }
        return isClosed ? .over : .quiet
    }

    /// Wakes those for whom there is more, or all. Costs one comparison if nobody waits.
    @inline(__always)
    mutating func wakeFollowers(all: Bool = false) {
        if !followers.isEmpty { wakeWaitingFollowers(all: all) }
    }

    @inline(never)
    private mutating func wakeWaitingFollowers(all: Bool) {
        let waiting = followers
        followers = waiting.filter { !all && visibleSequence($0.horizon) <= $0.sequence }
        for waiter in waiting where all || visibleSequence(waiter.horizon) > waiter.sequence { waiter.resume() }
    }

    /// Wakes one, whatever there is.
    mutating func wakeFollower(ticket: UInt64) {
        guard let index = followers.firstIndex(where: { $0.ticket == ticket }) else { return }
        followers.remove(at: index).resume()
    }
}

extension CheckedContinuation where T: Sendable, E == Never {
    /// Resumes from a task of its own, for callers who hold the log's lock.
    ///
    /// The runtime holds a lock of the task while it runs the task's cancellation handlers, and takes the same lock to resume it. A handler that
    /// takes the log's lock, such as the one that wakes a follower or one of a user's that looks at the store, would wait for us, and we for it.
    func resumeOutsideLocks(returning value: T) {
        Task.detached { resume(returning: value) }
    }
}

extension CheckedContinuation where T == Void, E == Never {
    /// Resumes from a task of its own, for callers who hold the log's lock.
    func resumeOutsideLocks() { resumeOutsideLocks(returning: ()) }
}

extension StoreCore {
    /// Returns when there may be more behind `sequence`, when nothing will come, or when the task is cancelled.
    func waitForMore(past sequence: UInt64, _ horizon: ReadHorizon) async {
        let ticket = FollowWaiter.newTicket()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = monitor.withLock { log in
                    // Looked at under the lock: a cancellation before this finds no waiter to wake, one after it does.
                    guard case .quiet = log.outlook(past: sequence, horizon), !Task.isCancelled else { return false }
                    log.followers.append(
                        FollowWaiter(ticket: ticket, sequence: sequence, horizon: horizon) {
                            continuation.resumeOutsideLocks()
                        })
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            monitor.withLock { $0.wakeFollower(ticket: ticket) }
        }
    }

    /// The same on the calling thread, until `deadline` in monotonic nanoseconds at most.
    func waitForMore(past sequence: UInt64, _ horizon: ReadHorizon, until deadline: UInt64) {
        let bell = Monitor(false)
        let ticket = FollowWaiter.newTicket()
        let isQuiet = monitor.withLock { log in
            guard case .quiet = log.outlook(past: sequence, horizon) else { return false }
            log.followers.append(
                FollowWaiter(ticket: ticket, sequence: sequence, horizon: horizon) {
                    bell.withLock { $0 = true }
                    bell.signal()
                })
            return true
        }
        guard isQuiet else { return }
        bell.withLockWaiting { hasRung in
            hasRung || SystemCalls.monotonicNanoseconds() >= deadline ? .done(()) : .wait(until: deadline)
        }
        monitor.withLock { log in log.followers.removeAll { $0.ticket == ticket } }
    }
}
