import AshlarStorage
import AshlarTestSupport
import Synchronization

@testable import Ashlar
@testable import AshlarFormat

/// The error that `body` throws, or nil.
func failure(_ body: () throws(StoreError) -> Void) -> StoreError? {
    do throws(StoreError) {
        try body()
        return nil
    } catch {
        return error
    }
}

/// Closes `writer` and gives the error, or nil.
func closing(_ writer: consuming Writer) -> StoreError? {
    do throws(StoreError) {
        try writer.close()
        return nil
    } catch {
        return error
    }
}

/// The hash of the block at `height` on `branch`: 32 bytes that tell both.
func blockHash(_ height: Int64, _ branch: UInt8 = 0) -> BlockHash {
    var bytes = [UInt8](repeating: branch, count: 32)
    bytes.replaceSubrange(0..<8, with: withUnsafeBytes(of: height.bigEndian) { Array($0) })
    return BlockHash(bytes) ?? .none
}

/// The block at `height` on `branch`, whose parent is on `parentBranch` (the same if nil).
func block(_ height: Int64, _ branch: UInt8 = 0, on parentBranch: UInt8? = nil) -> Block {
    Block(
        height: height, hash: blockHash(height, branch), parent: blockHash(height - 1, parentBranch ?? branch),
        timestamp: Timestamp(seconds: 1_600_000_000 + height * 600))
}

/// Some events of the block at `height`, the same each time.
func events(_ height: Int64, _ branch: UInt8 = 0, count: Int = 3) -> [Event] {
    (0..<count).map { index in
        Event(
            model: index % 2 == 0 ? "utxo" : "balance", type: index % 3 == 0 ? "Created" : "Spent",
            payload: Array("event \(index) of block \(height) on branch \(branch)".utf8))
    }
}

/// Options that create the store if need be and sync only when told.
func options(
    segmentBytes: Int = 1 << 20, durability: Durability = .manual, finalityDepth: Int64 = 1_024,
    compression: Compression = .none, gaps: Bool = false, forks: ForkPolicy = .rollback
) -> WriterOptions {
    var options = WriterOptions()
    var creation = CreationOptions()
    creation.allowsHeightGaps = gaps
    options.creation = creation
    options.segmentBytes = segmentBytes
    options.durability = durability
    options.finalityDepth = finalityDepth
    options.compression = compression
    options.forks = forks
    return options
}

extension Writer {
    /// Appends the blocks of `heights` on `branch`, each with some events.
    mutating func append(
        _ heights: ClosedRange<Int64>, _ branch: UInt8 = 0, count: Int = 3
    ) throws(StoreError) {
        for height in heights { try append(block(height, branch), events: events(height, branch, count: count)) }
    }

    /// The chain value of the last commit.
    var chainValue: UInt64 { core.monitor.withLock { $0.state.chainValue } }

    /// What the log adds up to.
    var state: ChainState { core.monitor.withLock { $0.state } }
}

extension SimulatedDisk {
    /// A disk with a store on it, written by `body` and closed.
    static func store(
        _ options: WriterOptions = options(), seed: UInt64 = 1, _ body: (inout Writer) throws(StoreError) -> Void
    ) throws(StoreError) -> SimulatedDisk {
        let disk = SimulatedDisk(seed: seed)
        var writer = try Writer.open(disk, options: options)
        try body(&writer)
        try writer.close()
        return disk
    }

    /// The names of the segment files, in order.
    var segments: [String] { fileNames.filter { $0.hasSuffix(".segment") } }
}
