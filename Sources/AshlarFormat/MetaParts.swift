/// The types of meta parts; see `format-spec/parts.md`.
package enum MetaPart: UInt16, Sendable {
    case block = 1
    case rollback = 2
    case names = 3
    case floating = 4
    case control = 5
    case requestID = 6
    case mark = 7
    case eventTimes = 8
    case directory = 9

    package static let critical: UInt16 = 0x8000
}

/// Part 1: which block a commit is.
package struct BlockPart: Equatable, Sendable {
    package var height: Int64
    package var timestamp: Int64
    package var hash: BlockHash
    package var parent: BlockHash

    package init(height: Int64, timestamp: Int64, hash: BlockHash, parent: BlockHash) {
        self.height = height
        self.timestamp = timestamp
        self.hash = hash
        self.parent = parent
    }
}

/// A block taken up again by reference.
package struct Readopted: Equatable, Sendable {
    package var sequence: UInt64
    package var height: Int64

    package init(sequence: UInt64, height: Int64) {
        self.sequence = sequence
        self.height = height
    }
}

/// A model and its version after a rollback.
package struct ModelVersion: Equatable, Sendable {
    package var model: UInt32
    package var version: UInt64

    package init(model: UInt32, version: UInt64) {
        self.model = model
        self.version = version
    }
}

/// Part 2: what a commit undoes, and takes up again.
package struct RollbackPart: Equatable, Sendable {
    package var toHeight: Int64
    package var undoneBlocks: UInt32 = 0
    package var undoneEvents: UInt64 = 0
    package var readopted: [Readopted] = []
    package var readoptedEvents: UInt64 = 0
    package var tipHeight: Int64 = -1
    package var tipTimestamp: Int64 = 0
    package var tipHash: BlockHash = .none
    package var models: [ModelVersion] = []

    package init(toHeight: Int64) { self.toHeight = toHeight }

    package var encodedLength: Int {
        56 + paddedTo8(tipHash.count) + 16 * readopted.count + 16 * models.count
    }
}

/// What a name stands for.
public enum NameKind: UInt8, Sendable, Hashable {
    /// A model.
    case model = 1
    /// The kind of an event.
    case type = 2
}

/// One entry of part 3: an id, its name and, for a model, its version before the commit.
package struct NameDefinition: Equatable, Sendable {
    package var kind: NameKind
    package var id: UInt32
    package var version: UInt64
    package var name: [UInt8]

    package init(kind: NameKind, id: UInt32, version: UInt64, name: [UInt8]) {
        self.kind = kind
        self.id = id
        self.version = version
        self.name = name
    }

    package var encodedLength: Int { 16 + paddedTo8(name.count) }
}

/// Part 4: a batch of floating events.
package struct FloatingPart: Equatable, Sendable {
    package var timestamp: Int64
    package var key: [UInt8]

    package init(timestamp: Int64, key: [UInt8]) {
        self.timestamp = timestamp
        self.key = key
    }
}

/// Part 5: control.
package struct ControlPart: Equatable, Sendable {
    package static let registry: UInt32 = 1
    package static let prune: UInt32 = 2
    package static let critical: UInt32 = 0x8000_0000

    package var type: UInt32
    /// What a commit of type `prune` removed; nil in all others.
    package var pruned: PrunedPart?

    package init(type: UInt32) { self.type = type }

    package init(pruned: PrunedPart) {
        type = Self.prune
        self.pruned = pruned
    }

    var encodedLength: Int { pruned == nil ? 8 : 8 + PrunedPart.size }
}

/// What a prune removed: everything before `firstSequence`, which had the blocks below `belowHeight`.
package struct PrunedPart: Equatable, Sendable {
    package static let size = 16

    package var belowHeight: Int64
    package var firstSequence: UInt64

    package init(belowHeight: Int64, firstSequence: UInt64) {
        self.belowHeight = belowHeight
        self.firstSequence = firstSequence
    }
}

/// Part 8: earliest and latest own timestamp of the records.
package struct EventTimes: Equatable, Sendable {
    package var earliest: Int64
    package var latest: Int64

    package init(earliest: Int64, latest: Int64) {
        self.earliest = earliest
        self.latest = latest
    }
}

/// One entry of part 9: the section of one model.
@usableFromInline
package struct DirectoryEntry: Equatable, Sendable, BitwiseCopyable {
    package static let size = 24

    @usableFromInline package var model: UInt32
    package var count: UInt32
    @usableFromInline package var firstVersion: UInt64
    package var contentsLength: UInt32
    package var headsCRC: UInt32

    @inline(__always)
    package init(decoding span: borrowing RawSpan, at offset: Int) {
        model = span.u32(offset)
        count = span.u32(offset + 4)
        firstVersion = span.u64(offset + 8)
        contentsLength = span.u32(offset + 16)
        headsCRC = span.u32(offset + 20)
    }

    package init(model: UInt32, count: UInt32, firstVersion: UInt64, contentsLength: UInt32, headsCRC: UInt32) {
        self.model = model
        self.count = count
        self.firstVersion = firstVersion
        self.contentsLength = contentsLength
        self.headsCRC = headsCRC
    }

    package func encode(to target: UnsafeMutableRawPointer) {
        target.put(model, at: 0)
        target.put(count, at: 4)
        target.put(firstVersion, at: 8)
        target.put(contentsLength, at: 16)
        target.put(headsCRC, at: 20)
    }

    package var headsLength: Int { 16 * Int(count) }
}

/// One entry of the storage table of a compressed commit.
package struct StorageEntry: Equatable, Sendable {
    package static let size = 12

    package var storedLength: UInt32
    package var storedCRC: UInt32
    package var codec: UInt32

    package init(storedLength: UInt32, storedCRC: UInt32, codec: UInt32) {
        self.storedLength = storedLength
        self.storedCRC = storedCRC
        self.codec = codec
    }

    @inline(__always)
    package init(decoding span: borrowing RawSpan, at offset: Int) {
        storedLength = span.u32(offset)
        storedCRC = span.u32(offset + 4)
        codec = span.u32(offset + 8)
    }

    package func encode(to target: UnsafeMutableRawPointer) {
        target.put(storedLength, at: 0)
        target.put(storedCRC, at: 4)
        target.put(codec, at: 8)
    }
}
