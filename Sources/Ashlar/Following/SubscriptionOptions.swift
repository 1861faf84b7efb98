/// How a log is followed.
public struct SubscriptionOptions: Sendable, Hashable {
    /// At most this many events in a batch (undone blocks, and blocks without events, count as one each); at least 1.
    public var batchEvents = 4_096
    /// At most about this many bytes of events in a batch; one event is delivered whatever its size.
    public var batchBytes = 1 << 20
    /// Up to where commits are delivered. Beyond the durable sequence a power cut may take back what was delivered; the cursor then tells.
    public var horizon = ReadHorizon.durable
    /// Only events of these models, if not nil. Blocks are delivered all the same, with those of their events, perhaps none.
    public var models: [String]?
    /// Whether to end where the log ends when following begins, instead of waiting for more.
    public var stopsAtEnd = false

    /// All events of durable commits, live.
    public init() {}

    /// What to load of a commit.
    var query: EventQuery {
        var query = EventQuery()
        query.scope = .log
        query.models = models
        return query
    }
}
