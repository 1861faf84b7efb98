/// The records of one commit, checked and put in the order of their ordinals.
///
/// A commit stores its records by model; this finds each by its ordinal, so that a block is read in the order it was appended. It is
/// reused from commit to commit. Invariants: a row whose `stamp` is the current one is filled; `base` of contents is the frame for an
/// uncompressed commit and `expanded` for a compressed one.
@usableFromInline
package struct RecordTable: ~Copyable {
    /// Where one record is. Readers have it inlined, hence the attributes.
    @usableFromInline
    package struct Row {
        @usableFromInline package var contentOffset: UInt32 = 0
        @usableFromInline package var length: UInt32 = 0
        package var crc: UInt32 = 0
        @usableFromInline package var typeAndFlags: UInt32 = 0
        /// No section of any commit, until one is filled in.
        @usableFromInline package var section: UInt32 = .max
        @usableFromInline package var indexInSection: UInt32 = 0
        @usableFromInline package var ordinal: UInt32 = 0
        package var stamp: UInt32 = 0

        package init() {}

        init(
            contentOffset: UInt32, length: UInt32, crc: UInt32, typeAndFlags: UInt32, section: UInt32,
            indexInSection: UInt32,
            ordinal: UInt32, stamp: UInt32
        ) {
            self.contentOffset = contentOffset
            self.length = length
            self.crc = crc
            self.typeAndFlags = typeAndFlags
            self.section = section
            self.indexInSection = indexInSection
            self.ordinal = ordinal
            self.stamp = stamp
        }
    }

    /// A section of the loaded commit.
    package struct Section {
        package var entry: DirectoryEntry
        package var headsOffset: Int
        package var contentsOffset: Int
        package var storage: StorageEntry?

        package var storedLength: Int { Int(storage?.storedLength ?? entry.contentsLength) }
        package var end: Int { contentsOffset + storedLength }
    }

    private var rows: UnsafeMutablePointer<Row>
    private var rowCapacity: Int
    private var stamp: UInt32 = 0
    package private(set) var sections: [Section] = []
    /// The directory again, as plain memory for readers; good until the next layout.
    package private(set) var directory: UnsafeMutablePointer<DirectoryEntry>
    private var directoryCapacity = 16
    private var expanded = ByteBuffer()
    private var isExpanded = false
    /// Number of records loaded.
    package private(set) var count = 0

    package init() {
        rowCapacity = 256
        rows = .allocate(capacity: rowCapacity)
        rows.initialize(repeating: Row(), count: rowCapacity)
        directory = .allocate(capacity: directoryCapacity)
    }

    deinit {
        rows.deallocate()
        directory.deallocate()
    }

    /// The `index`-th loaded record in the order of ordinals.
    @inline(__always)
    package subscript(index: Int) -> Row { rows[index] }

    /// Reads the layout of all sections: where they are and how long; their bytes are not looked at ([REC-5]).
    package mutating func layOut(_ frame: borrowing RawSpan, _ header: CommitHeader, _ meta: CommitMeta)
        throws(FormatError)
    {
        sections.removeAll(keepingCapacity: true)
        count = 0
        if header.isStub {
            try require(header.bodyOffset == header.frameLength, "stub: it is longer than its meta")
            return
        }
        var offset = header.bodyOffset
        var events = 0
        var expanded = 0
        let table = CommitHeader.size + Int(header.metaLength)
        for index in 0..<Int(header.sectionCount) {
            let entry = meta.directory(at: index, in: frame)
            try require(entry.count > 0 && entry.model > 0, "directory: an entry without records or model")
            var section = Section(
                entry: entry, headsOffset: offset, contentsOffset: offset + entry.headsLength, storage: nil)
            if header.isCompressed {
                let storage = StorageEntry(decoding: frame, at: table + StorageEntry.size * index)
                try Self.check(storage, entry)
                section.storage = storage
            }
            events += Int(entry.count)
            // As in a frame that is not compressed: rows and decompressors count in 32 bits.
            expanded += entry.headsLength + Int(entry.contentsLength)
            try require(expanded <= Limits.frameBytes, "directory: its sections expand beyond any frame")
            offset = section.end
            try require(offset <= header.frameLength, "directory: its sections are longer than the frame")
            sections.append(section)
        }
        try require(events == Int(header.eventCount), "directory: counts do not add up to the header's")
        try require(header.frameLength - offset < 8, "directory: its sections do not fill the frame")
        keepDirectory()
    }

    private mutating func keepDirectory() {
        if sections.count > directoryCapacity {
            directory.deallocate()
            directoryCapacity = sections.count
            directory = .allocate(capacity: directoryCapacity)
        }
        for index in sections.indices { (directory + index).initialize(to: sections[index].entry) }
    }

    private static func check(_ storage: StorageEntry, _ entry: DirectoryEntry) throws(FormatError) {
        guard let codec = Codec(rawValue: storage.codec) else {
            throw .unsupported("storage table: unknown codec \(storage.codec)")
        }
        if codec == .none {
            try require(storage.storedLength == entry.contentsLength, "storage table: lengths disagree")
        } else {
            try require(
                Int(entry.contentsLength) <= Limits.expansion * Int(storage.storedLength),
                "storage table: a section expands beyond the limit")
        }
    }

    /// Loads the records of all sections that were laid out; `frame` is the whole frame ([COM-7] to [COM-9]).
    package mutating func loadAll(_ frame: borrowing RawSpan, _ header: CommitHeader) throws(FormatError) {
        count = Int(header.eventCount)
        prepare(rows: count)
        for index in sections.indices { try load(section: index, frame, base: 0, scatter: true) }
        if let last = sections.last {
            try require(frame.isZero(last.end..<header.frameLength), "commit: padding is not zero")
        }
    }

    /// Loads the records of one section alone; `bytes` starts with its heads and holds its stored contents.
    package mutating func loadOnly(section index: Int, _ bytes: borrowing RawSpan) throws(FormatError) {
        count = Int(sections[index].entry.count)
        prepare(rows: count)
        try load(section: index, bytes, base: sections[index].headsOffset, scatter: false)
    }

    private mutating func prepare(rows needed: Int) {
        isExpanded = false
        expanded.clear(keeping: 1 << 24)
        stamp &+= 1
        if needed > rowCapacity || stamp == 0 {
            rows.deallocate()
            rowCapacity = max(needed, rowCapacity)
            rows = .allocate(capacity: rowCapacity)
            rows.initialize(repeating: Row(), count: rowCapacity)
            stamp = 1
        }
    }

    /// `base` is the frame offset at which `bytes` starts. With `scatter` a record goes to the row of its ordinal, else to the next row.
    private mutating func load(
        section index: Int, _ bytes: borrowing RawSpan, base: Int, scatter: Bool
    ) throws(FormatError) {
        let section = sections[index]
        let heads = section.headsOffset - base
        let headsEnd = heads + section.entry.headsLength
        try require(
            Checksum.crc(bytes.extracting(heads..<headsEnd)) == section.entry.headsCRC,
            "section: checksum of its heads does not match")
        let contents = try expandIfNeeded(section, bytes, at: section.contentsOffset - base)
        let total = try bytes.extracting(heads..<headsEnd).withUnsafeBytes { heads throws(FormatError) in
            try fill(index, heads, contents, scatter)
        }
        try require(total == Int(section.entry.contentsLength), "section: lengths do not add up to the directory's")
    }

    /// Fills the rows of a section and returns the sum of its lengths.
    private mutating func fill(
        _ section: Int, _ heads: UnsafeRawBufferPointer, _ contents: Int, _ scatter: Bool
    ) throws(FormatError) -> Int {
        let limit = Int(sections[section].entry.contentsLength)
        let recordCount = Int(sections[section].entry.count)
        var total = 0
        var previous = -1
        guard let start = heads.baseAddress else { return 0 }
        let (rows, count, stamp) = (rows, count, stamp)
        for index in 0..<recordCount {
            let head = RecordHead(loading: start + RecordHead.size * index)
            let ordinal = Int(head.ordinal)
            let row = scatter ? ordinal : index
            // One branch for all of a head's rules keeps this loop short; which rule it was is found afterwards.
            guard ordinal > previous, row < count, rows[row].stamp != stamp, Int(head.length) <= limit - total,
                head.typeAndFlags & RecordHead.reserved == 0
            else { throw .damaged("section: a record's ordinal, length or flags are impossible") }
            rows[row] = Row(
                contentOffset: UInt32(truncatingIfNeeded: contents + total), length: head.length, crc: head.crc,
                typeAndFlags: head.typeAndFlags, section: UInt32(truncatingIfNeeded: section),
                indexInSection: UInt32(truncatingIfNeeded: index), ordinal: head.ordinal, stamp: stamp)
            previous = ordinal
            total += Int(head.length)
        }
        return total
    }

    /// Returns where the section's contents start, relative to the base of contents.
    private mutating func expandIfNeeded(
        _ section: Section, _ bytes: borrowing RawSpan, at offset: Int
    ) throws(FormatError) -> Int {
        guard let storage = section.storage, let codec = Codec(rawValue: storage.codec) else { return offset }
        isExpanded = true
        let stored = bytes.extracting(offset..<offset + Int(storage.storedLength))
        try require(Checksum.crc(stored) == storage.storedCRC, "section: checksum of its stored bytes does not match")
        let start = expanded.count
        let length = Int(section.entry.contentsLength)
        guard length > 0 else { return start }
        let target = UnsafeMutableRawBufferPointer(start: expanded.extend(length), count: length)
        try stored.withUnsafeBytes { source throws(FormatError) in try codec.expand(source, into: target) }
        return start
    }

    /// Where the offsets of contents count from, if the bytes given to load start at `base`.
    @inline(__always)
    package func contents(base: UnsafeRawPointer) -> UnsafeRawPointer {
        isExpanded ? UnsafeRawPointer(expanded.base) : base
    }

    /// How many of the loaded records from `index` on, going by `step`, have the CRC that their heads name ([COM-10]); 0 if the first has not.
    ///
    /// It looks at no more than `limit`, and stops behind some 64 KiB, which are still in the cache when they are given out.
    package func countWhole(from index: Int, step: Int, limit: Int, base: UnsafeRawPointer) -> Int {
        let start = contents(base: base)
        var row = rows + index
        var bytes = 0
        for whole in 0..<limit {
            let length = Int(row.pointee.length)
            let content = UnsafeRawBufferPointer(start: start + Int(row.pointee.contentOffset), count: length)
            guard bytes < 1 << 16, Checksum.record(content) == row.pointee.crc else { return whole }
            bytes += length
            row += step
        }
        return limit
    }

    /// The `index`-th loaded record and those beside it; good until the next load.
    package func rows(from index: Int) -> UnsafePointer<Row> { UnsafePointer(rows + index) }

    /// The content of a row, whose CRC may not match ([COM-10]). `base` is where the bytes given to load start in memory.
    @inline(__always)
    package func content(of row: Row, base: UnsafeRawPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: contents(base: base) + Int(row.contentOffset), count: Int(row.length))
    }
}
