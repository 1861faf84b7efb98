/// What happens to a log in its writer's process, for metrics and logs; see `WriterOptions.report`.
public enum WriterNotice: Sendable {
    /// The store was opened for writing, in so many nanoseconds.
    case opened(nanoseconds: UInt64, Recovery)
    /// A sync made commits durable; how long it took, and how many they were.
    case synced(nanoseconds: UInt64, commits: UInt64)
    /// Blocks were undone, in one commit or in several.
    case undone(blocks: UInt64, toHeight: Int64)
    /// A write or a sync failed: nothing more will be written until the store is opened anew.
    case failed(StoreError)
}

extension WriterNotice: CustomStringConvertible {
    /// What happened, in one line.
    public var description: String {
        switch self {
        case .opened(let nanoseconds, let recovery): "opened in \(nanoseconds / 1_000) µs: \(recovery)"
        case .synced(let nanoseconds, let commits): "\(commits) commits durable in \(nanoseconds / 1_000) µs"
        case .undone(let blocks, let height): "\(blocks) blocks undone; the tip is at height \(height)"
        case .failed(let error): "writing has stopped: \(error)"
        }
    }
}
