import AshlarFormat
import AshlarStorage

/// Where the bytes of a footer are: at the end of the segment, in the sidecar, or in memory after a rebuild.
enum FooterSource: Sendable {
    case file(any StorageFile, base: Int)
    case memory([UInt8])

    /// Exactly `count` bytes at `offset` of the footer.
    func bytes(at offset: Int, count: Int) throws(StorageError) -> [UInt8] {
        switch self {
        case .memory(let bytes): return Array(bytes[offset..<offset + count])
        case .file(let file, let base):
            let bytes = try file.read(at: base + offset, count: count)
            guard bytes.count == count else {
                throw StorageError(operation: "read the footer of", path: "a segment", code: SystemCalls.inputOutput)
            }
            return bytes
        }
    }
}

/// A segment that is no longer written: what its footer says.
final class SealedSegment: Sendable {
    let name: SegmentName
    let header: SegmentHeader
    let summary: SegmentSummary
    /// Without names: those are in the registry.
    let models: [SegmentIndex.Model]
    let types: [SegmentIndex.TypeEntry]
    let footer: FooterSource

    init(
        name: SegmentName, header: SegmentHeader, summary: SegmentSummary, models: [SegmentIndex.Model],
        types: [SegmentIndex.TypeEntry], footer: FooterSource
    ) {
        self.name = name
        self.header = header
        self.summary = summary
        self.models = models.map {
            var model = $0
            model.name = []
            return model
        }
        self.types = types.map {
            var type = $0
            type.name = []
            return type
        }
        self.footer = footer
    }

    /// Sequences of its commits: opening + 1 … closing.
    var lastSequence: UInt64 { summary.closing.sequence }

    /// The offset of the commit at `index`. Complexity: one read of 4 bytes.
    func offset(ofCommit index: Int) throws(StorageError) -> Int {
        let bytes = try footer.bytes(at: Int(summary[.offsets].offset) + 4 * index, count: 4)
        return Int(bytes.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)) }) * 8
    }

    /// The index of the commit at `offset`, by binary search in the offsets column.
    func index(ofOffset offset: Int) throws(StorageError) -> Int? {
        var low = 0
        var high = Int(summary.commitCount)
        while low < high {
            let middle = (low + high) / 2
            let found = try self.offset(ofCommit: middle)
            if found == offset { return middle }
            if found < offset { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    /// Indexes of the commits whose block hash has this fingerprint, ascending. Complexity: O(log *n*) reads of 8 bytes.
    func commits(withFingerprint fingerprint: UInt32) throws(StorageError) -> [Int] {
        let start = Int(summary[.hashes].offset)
        let count = Int(summary.blockCount)
        func entry(_ index: Int) throws(StorageError) -> (UInt32, UInt32) {
            let bytes = try footer.bytes(at: start + 8 * index, count: 8)
            return bytes.withUnsafeBytes {
                (
                    UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)),
                    UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
                )
            }
        }
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if try entry(middle).0 < fingerprint { low = middle + 1 } else { high = middle }
        }
        var found: [Int] = []
        while low < count {
            let (key, index) = try entry(low)
            guard key == fingerprint else { break }
            found.append(Int(index))
            low += 1
        }
        return found
    }
}
