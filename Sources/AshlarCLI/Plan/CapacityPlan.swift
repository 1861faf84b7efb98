/// What a store will come to, as days go by.
struct CapacityPlan: Sendable {
    /// What is there after some days.
    struct Horizon: Sendable {
        var name: String
        var days: Double
        var blocks: Double
        var events: Double
        var logBytes: Double
        var segments: Double
        var snapshotBytes: Double
        var indexBytes: Double

        var totalBytes: Double { logBytes + snapshotBytes }
    }

    /// A day has so many blocks; a year 365 days.
    var blocksPerDay: Double
    var sizes: FormatSizes
    /// Bytes of one snapshot of every model, as they stand on the disk.
    var snapshotSetBytes: Double
    /// Snapshots of a model that are kept.
    var snapshotsKept: Double
    /// Blocks from one snapshot to the next.
    var snapshotBlocks: Double
    /// Whether heights may be skipped: then the index keeps the heights too.
    var heightGaps = false
    /// Blocks that are there already, and the bytes of their segments.
    var present: (blocks: Double, bytes: Double) = (0, 0)
    /// Bytes of the disk; nil if nothing was said of it.
    var diskBytes: Double?

    var bytesPerDay: Double { blocksPerDay * sizes.bytesPerBlock }
    var bytesPerYear: Double { bytesPerDay * 365 }
    /// The snapshots that are kept, and the one that is being written beside them.
    var snapshotBytes: Double { snapshotSetBytes * (snapshotsKept + 1) }
    /// What snapshots add to the disk's writes.
    var snapshotBytesWrittenPerDay: Double { snapshotSetBytes * blocksPerDay / max(snapshotBlocks, 1) }

    /// Days until the disk is full; 0 if it is already, nil if nothing was said of it.
    var daysToFull: Double? {
        diskBytes.map { max(0, ($0 - snapshotBytes - present.bytes) / bytesPerDay) }
    }

    /// A day, a month, a year, ten years, and the day on which the disk is full.
    var horizons: [Horizon] {
        var named = [("day", 1.0), ("30 days", 30), ("year", 365), ("10 years", 3_650)]
        if let daysToFull { named.append(("full", daysToFull)) }
        return named.map { horizon($0.0, after: $0.1) }.sorted { $0.days < $1.days }
    }

    func horizon(_ name: String, after days: Double) -> Horizon {
        let added = days * blocksPerDay
        let blocks = present.blocks + added
        let log = present.blocks > 0 ? present.bytes + added * sizes.bytesPerBlock : sizes.logBytes(blocks: added)
        return Horizon(
            name: name, days: days, blocks: blocks, events: blocks * sizes.eventsPerBlock, logBytes: log,
            segments: sizes.segments(blocks: blocks), snapshotBytes: snapshotBytes,
            indexBytes: Self.indexBytes(blocks: blocks, heightGaps: heightGaps))
    }

    /// The index keeps 8 bytes a block in chunks of 8,192 blocks, and as much again for heights where some are skipped.
    static func indexBytes(blocks: Double, heightGaps: Bool) -> Double {
        (blocks / 8_192).rounded(.up) * 65_536 + (heightGaps ? blocks * 8 : 0)
    }
}

/// How long opening takes, from what `ashlar bench open` measured on one machine with 5 and with 260 segments of 100,000 blocks in all, and with a tail
/// of 168 MB; a slower machine takes longer in proportion.
enum OpeningEstimate {
    /// Whatever there is: directory, note, last segment.
    private static let base = 0.15
    /// For each segment, and for each block in its footer.
    private static let perSegment = 0.04
    private static let perBlock = 5e-6
    /// For each byte of an unproven tail that is walked, checked, written again and synced.
    private static let perTailByte = 1.2e-6

    /// Milliseconds after a clean close, with the footers in memory.
    static func milliseconds(segments: Double, blocks: Double) -> Double {
        base + segments * perSegment + blocks * perBlock
    }

    /// Milliseconds after a kill, for writing, at most: the last segment was full and nothing in it was synced.
    static func millisecondsAfterKill(_ clean: Double, segmentBytes: Double, logBytes: Double) -> Double {
        clean + min(segmentBytes, logBytes) * perTailByte
    }
}
