import Ashlar
import AshlarFormat

/// What `ashlar plan` takes from a store instead of being told.
struct StoreShape {
    var blocks: Double
    var bytes: Double
    var eventsPerBlock: Double
    var models: Double
    var types: Double
    var nameBytes: Double
    var hashBytes: Double
    var heightGaps: Bool
    /// Nil if the blocks' times tell nothing.
    var blocksPerDay: Double?
    /// Bytes of the newest snapshot of each model together.
    var snapshotSetBytes: Double
    private let commits: Double
    private let segments: Double

    /// Looks at a store, and reads nothing of it but its index, two blocks and the heads of its snapshots.
    init(_ store: Store) throws(CommandError) {
        let (statistics, view) = try withStore { () throws(StoreError) in (try store.statistics(), try store.view()) }
        guard let tip = statistics.tip, let first = try withStore({ () throws(StoreError) in try Self.first(view) })
        else {
            throw .refused(
                code: "emptyStore",
                message:
                    "the store holds no blocks yet; give --events-per-block, --bytes-per-event and --blocks-per-day instead"
            )
        }
        let height = tip.block.height - view.firstHeight + 1
        blocks = Double(min(UInt64(max(height, 1)), max(statistics.canonicalBlocks, 1)))
        bytes = Double(statistics.bytes)
        eventsPerBlock = statistics.models.reduce(0) { $0 + Double($1.events) } / blocks
        let names = store.names.models + store.names.types
        (models, types) = (Double(store.names.models.count), Double(store.names.types.count))
        nameBytes = names.isEmpty ? 0 : Double(names.reduce(0) { $0 + $1.utf8.count }) / Double(names.count)
        hashBytes = Double(tip.block.hash.bytes.count)
        heightGaps = store.allowsHeightGaps
        commits = Double(statistics.sequence) - Double(statistics.prunedSequence)
        segments = Double(statistics.segments)
        // A stranger's times can be any.
        let microseconds = Double(tip.block.timestamp.microseconds) - Double(first.block.timestamp.microseconds)
        blocksPerDay = microseconds > 0 && blocks > 1 ? (blocks - 1) * 86_400e6 / microseconds : nil
        snapshotSetBytes = Self.newestSnapshots(store)
    }

    private static func first(_ view: View) throws(StoreError) -> StoredBlock? {
        var blocks = view.blocks().makeIterator()
        return try blocks.next()?.get()
    }

    private static func newestSnapshots(_ store: Store) -> Double {
        var newest: [String: (height: Int64, bytes: Int)] = [:]
        for entry in (try? store.snapshots.entries()) ?? [] {
            guard let identity = entry.identity, identity.height >= newest[identity.model]?.height ?? -1 else {
                continue
            }
            newest[identity.model] = (identity.height, entry.fileBytes)
        }
        return Double(newest.values.reduce(0) { $0 + $1.bytes })
    }

    /// Bytes of a canonical block's commit on average, what was undone included: all bytes but those of heads and footers.
    func frameBytes(_ sizes: FormatSizes) -> Double {
        let heads = segments * sizes.segmentHeadBytes
        let sealed = max(0, segments - 1)
        let footers = sealed > 0 ? sealed * sizes.footerBytes(blocks: commits / segments) : 0
        return max(1, (bytes - heads - footers) / blocks)
    }
}
