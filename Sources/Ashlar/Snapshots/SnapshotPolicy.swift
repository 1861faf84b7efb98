/// When a projection takes snapshots of a model by itself, and how.
///
/// Whichever bound is reached first since the last snapshot makes the next one due; it is taken in the background from a copy of the state, one at
/// a time.
public struct SnapshotPolicy: Sendable, Hashable {
    /// Due after this many blocks; nil for never by blocks.
    public var blocks: Int64?
    /// Due after this many bytes of blocks applied, as they stand in the log; nil for never by bytes.
    public var logBytes: Int?
    /// Due after this many events of the model; nil for never by events.
    public var events: Int?
    /// How the state is compressed.
    public var compression: Compression
    /// Which earlier snapshots stay when a new one is there.
    public var retention: SnapshotRetention

    /// By default every 1,000 blocks, in LZ4.
    public init(
        blocks: Int64? = 1_000, logBytes: Int? = nil, events: Int? = nil, compression: Compression = .lz4,
        retention: SnapshotRetention = SnapshotRetention()
    ) {
        self.blocks = blocks
        self.logBytes = logBytes
        self.events = events
        self.compression = compression
        self.retention = retention
    }

    /// None are taken, unless by hand.
    public static var off: SnapshotPolicy { SnapshotPolicy(blocks: nil) }

    /// Whether a snapshot is due after so much.
    func isDue(blocks: Int64, logBytes: Int, events: Int) -> Bool {
        blocks >= self.blocks ?? .max || logBytes >= self.logBytes ?? .max || events >= self.events ?? .max
    }
}
