import Ashlar

/// A chain that reorganises with every fourth block.
///
/// Invariant: `hashes` are those of the canonical chain, from height 0 on.
struct ReorgStorm {
    /// Blocks that are appended for one reorganisation.
    static let blocksPerReorg = 4

    private var feed: WorkloadFeed
    private var random: SplitMix
    private var hashes: [BlockHash] = []
    private var appended: Int64 = 0
    /// Number of blocks that were undone.
    private(set) var undone = 0

    /// A chain whose blocks have the events of a workload.
    init(_ workload: Workload, _ writer: inout Writer) throws(StoreError) {
        feed = try WorkloadFeed(workload, &writer)
        random = SplitMix(state: workload.shape.seed)
    }

    /// Appends a block: three times on the tip, then in the place of the last one, two or three.
    mutating func step(_ writer: inout Writer) throws(StoreError) {
        appended += 1
        if appended % Int64(Self.blocksPerReorg) == 0 {
            let depth = Int.random(in: 1...3, using: &random)
            hashes.removeLast(depth)
            undone += depth
        }
        let (hash, root) = (try Workload.hash(appended), try Workload.hash(-1))
        let block = Block(
            height: Int64(hashes.count), hash: hash, parent: hashes.last ?? root,
            timestamp: Timestamp(seconds: 1_600_000_000 + appended * 12))
        _ = try writer.append(block) { (batch) throws(StoreError) in try feed.addBlock(to: &batch) }
        hashes.append(hash)
    }
}
