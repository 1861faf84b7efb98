import AshlarFormat
import AshlarStorage

/// The segment at the end of the log, not sealed yet, with its index in memory.
struct ActiveSegment: Sendable {
    let name: SegmentName
    let header: SegmentHeader
    let file: any StorageFile
    /// Seed of its commit headers' CRCs.
    let seed: UInt32
    /// What its footer will say.
    var index: SegmentIndex
    /// Up to where the file is written with content or zeros; the next commit goes to `index.summary.endOffset`.
    var writtenEnd: Int

    init(name: SegmentName, header: SegmentHeader, file: any StorageFile, index: SegmentIndex, writtenEnd: Int) {
        self.name = name
        self.header = header
        self.file = file
        self.index = index
        self.writtenEnd = writtenEnd
        seed = Checksum.headerSeed(store: header.storeID, segment: header.segment)
    }

    var endOffset: Int { Int(index.summary.endOffset) }

    /// The index of the commit at `offset`. Complexity: O(log *n*).
    func commitIndex(ofOffset offset: Int) -> Int? {
        let wanted = UInt32(truncatingIfNeeded: offset / 8)
        var low = 0
        var high = index.offsets.count
        while low < high {
            let middle = (low + high) / 2
            if index.offsets[middle] < wanted { low = middle + 1 } else { high = middle }
        }
        return low < index.offsets.count && index.offsets[low] == wanted ? low : nil
    }
}
