import Glibc

/// What the format takes for blocks of a given shape, from the sizes in `format-spec/commit.md`, `parts.md`, `segment.md` and `footer.md`.
///
/// Sizes are averages, and need not be whole: lengths are padded to 8, which costs 3.5 bytes if all lengths are equally likely.
struct FormatSizes: Sendable {
    var eventsPerBlock: Double
    /// Bytes of an event's payload, before compression.
    var payloadBytes: Double
    /// Number of models and types of the store, which every segment names anew.
    var models: Double
    var types: Double
    /// Bytes of an average name.
    var nameBytes = 8.0
    /// Bytes of a block's hash, and of its parent's.
    var hashBytes = 32.0
    /// Payload bytes for one byte stored; nil if bodies are not compressed.
    var compressionRatio: Double?
    /// Size at which segments are sealed.
    var segmentBytes: Double
    /// Bytes of a block as they were found in a store, in the place of `frameBytes`.
    var measuredFrameBytes: Double?

    private static let padding = 3.5

    /// Of so many names those that a number of events have at least once, if each event has any of them with the same chance.
    private static func distinct(_ names: Double, in events: Double) -> Double {
        names <= 1 ? min(events, names) : names * (1 - pow(1 - 1 / names, events))
    }

    /// Models that have events in a block.
    var sectionsPerBlock: Double { Self.distinct(models, in: eventsPerBlock) }

    /// A block's commit: header, block part, directory, storage table, record heads, contents, padding.
    var frameBytes: Double {
        measuredFrameBytes ?? overheadBytes + eventsPerBlock * payloadBytes / (compressionRatio ?? 1)
    }

    /// What of a block's commit is not payload.
    var overheadBytes: Double {
        let blockPart = 8 + Self.padded(24 + 2 * hashBytes)
        guard eventsPerBlock > 0 else { return 104 + blockPart }
        let directory = 8 + 24 * sectionsPerBlock
        let storageTable = compressionRatio == nil ? 0 : 12 * sectionsPerBlock + Self.padding
        return 104 + blockPart + directory + storageTable + 16 * eventsPerBlock + Self.padding
    }

    /// Models and types that have events in a segment: each segment defines those anew.
    private var namesPerSegment: (models: Double, types: Double) {
        let events = eventsPerBlock * max(1, segmentBytes / frameBytes)
        return (Self.distinct(models, in: events), Self.distinct(types, in: events))
    }

    /// A segment's header, and the names that its commits define.
    var segmentHeadBytes: Double {
        let names = namesPerSegment
        let count = names.models + names.types
        return 512 + (count > 0 ? 16 + count * Self.padded(16 + nameBytes) : 0)
    }

    /// Blocks that fit into a segment; at least one, whatever its size. The writer keeps room for the longest names that a block could define.
    var blocksPerSegment: Double {
        let reserve = 272 * (sectionsPerBlock + Self.distinct(types, in: eventsPerBlock))
        return max(1, ((segmentBytes - segmentHeadBytes - reserve) / frameBytes).rounded(.down))
    }

    /// The footer behind so many blocks: summary, offsets, a run, hashes, models, types, trailer.
    func footerBytes(blocks: Double) -> Double {
        let (models, types) = namesPerSegment
        let names = models * Self.padded(48 + nameBytes) + types * Self.padded(16 + nameBytes)
        return 512 + Self.padded(4 * blocks) + 16 + 8 * blocks + names + 16
    }

    /// Segments that hold so many blocks, the last one not sealed.
    func segments(blocks: Double) -> Double { blocks > 0 ? (blocks / blocksPerSegment).rounded(.up) : 0 }

    /// Bytes of all segments with so many blocks.
    func logBytes(blocks: Double) -> Double {
        let segments = segments(blocks: blocks)
        let sealed = max(0, segments - 1)
        return blocks * frameBytes + segments * segmentHeadBytes + sealed * footerBytes(blocks: blocksPerSegment)
    }

    /// A block with its share of the segment's head and footer: what a day's blocks grow the log by.
    var bytesPerBlock: Double {
        frameBytes + (segmentHeadBytes + footerBytes(blocks: blocksPerSegment)) / blocksPerSegment
    }

    /// A length that stands padded to 8 in the format.
    private static func padded(_ length: Double) -> Double {
        length == length.rounded() ? (length / 8).rounded(.up) * 8 : length + padding
    }
}
