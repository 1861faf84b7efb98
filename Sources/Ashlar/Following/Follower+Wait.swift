import AshlarStorage

/// What came of waiting for more.
public enum FollowWait: Sendable, Hashable {
    /// There is more: `next` gives it.
    case more
    /// The time was up.
    case timedOut
    /// Nothing will come: the writer in this process was closed, or the options said to stop at the end.
    case ended
}

extension Follower {
    /// How often a process that only reads looks for more, in milliseconds: a commit is seen well within 50.
    static let pollMilliseconds: UInt32 = 20
    /// A century: longer waits would not fit the clock.
    private static let longestWait = 3_155_760_000_000

    /// Waits on the calling thread until there is more than was handed out, for so many milliseconds at most.
    ///
    /// Throws `poisoned` if the writer in this process failed, and what `Store.refresh` throws.
    public mutating func wait(upToMilliseconds milliseconds: Int) throws(StoreError) -> FollowWait {
        let deadline =
            SystemCalls.monotonicNanoseconds() + UInt64(min(max(milliseconds, 0), Self.longestWait)) * 1_000_000
        while true {
            switch try outlook() {
            case .more: return .more
            case .over: return .ended
            case .failed(let error): throw error
            case .quiet: break
            }
            let now = SystemCalls.monotonicNanoseconds()
            if now >= deadline { return .timedOut }
            if core.isWriter {
                core.waitForMore(past: nextSequence - 1, options.horizon, until: deadline)
            } else {
                let rest = (deadline - now + 999_999) / 1_000_000
                SystemCalls.pause(milliseconds: UInt32(min(UInt64(Self.pollMilliseconds), rest)))
            }
        }
    }

    /// What can be expected now; in a process that only reads it looks at the log anew.
    mutating func outlook() throws(StoreError) -> FollowOutlook {
        let (sequence, horizon) = (nextSequence - 1, options.horizon)
        if let end { return sequence < end ? .more : .over }
        if !core.isWriter {
            try store.refresh()
            let visible = core.monitor.withLock { $0.visibleSequence(horizon) }
            return visible > sequence ? .more : .quiet
        }
        return core.monitor.withLock { $0.outlook(past: sequence, horizon) }
    }
}
