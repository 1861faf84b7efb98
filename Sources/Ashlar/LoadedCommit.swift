import AshlarFormat

/// A commit whose records are at hand: the reusable buffers behind every cursor.
///
/// Invariant: after `load` returned true, `table` holds the records of the sections asked for and `base` is what their offsets count from.
struct LoadedCommit: ~Copyable {
    var reader = CommitReader()
    var table = RecordTable()
    private(set) var base: UnsafeRawPointer?
    /// Which of the table's sections are wanted; empty for all.
    private(set) var wanted: [Bool] = []

    var header: CommitHeader { reader.header }
    var meta: CommitMeta { reader.meta }

    /// Loads the records of the commit at `location` that `query` may ask for; false if there are none.
    ///
    /// Of a commit in which only one section is wanted, only that section is read and checked. With `previous` it must continue that chain
    /// value.
    mutating func load(
        _ location: Location, _ source: ReadSource, _ query: CompiledQuery, height: Int64?,
        continuing previous: UInt64? = nil
    ) throws(StoreError) -> Bool {
        try reader.load(location, from: source, query.models == nil ? .frame : .meta, height: height)
        if let previous, !reader.header.continues(previous, frame: reader.metaFrame, at: 0) {
            throw reader.corrupt(.damaged("commit: its chain value does not continue the log"), height: nil)
        }
        guard query.mayMatch(reader.header, reader.meta) else { return false }
        try checked(height) { (reader, table) throws(FormatError) in
            try table.layOut(reader.metaFrame, reader.header, reader.meta)
        }
        wanted.removeAll(keepingCapacity: true)
        var only: Int?
        if let models = query.models {
            var count = 0
            for index in 0..<Int(reader.header.sectionCount) {
                let isWanted = models.contains(
                    reader.header.isStub
                        ? reader.meta.directory(at: index, in: reader.metaFrame).model
                        : table.sections[index].entry.model)
                wanted.append(isWanted)
                if isWanted { (only, count) = (index, count + 1) }
            }
            if count == 0 { return false }
            if count > 1 { only = nil }
        }
        if reader.header.isStub { throw .removed(sequence: reader.header.sequence) }
        if let only { return try load(only: only, height) }
        if query.models != nil { try reader.load(location, from: source, .frame, height: height) }
        try checked(height) { (reader, table) throws(FormatError) in try table.loadAll(reader.frame, reader.header) }
        base = reader.base
        return true
    }

    private mutating func load(only index: Int, _ height: Int64?) throws(StoreError) -> Bool {
        let section = table.sections[index]
        let start = try reader.loadSection(section)
        try checked(height) { (_, table) throws(FormatError) in
            try table.loadOnly(
                section: index, RawSpan(_unsafeStart: start, byteCount: section.end - section.headsOffset))
        }
        base = start
        wanted.removeAll(keepingCapacity: true)
        return true
    }

    /// Loads all records of the commit at `location`.
    mutating func loadAll(_ location: Location, _ source: ReadSource, height: Int64?) throws(StoreError) {
        try reader.load(location, from: source, .frame, height: height)
        if reader.header.isStub, reader.header.eventCount > 0 { throw .removed(sequence: reader.header.sequence) }
        try checked(height) { (reader, table) throws(FormatError) in
            try table.layOut(reader.frame, reader.header, reader.meta)
            try table.loadAll(reader.frame, reader.header)
        }
        wanted.removeAll(keepingCapacity: true)
        base = reader.base
    }

    private mutating func checked(
        _ height: Int64?, _ body: (borrowing CommitReader, inout RecordTable) throws(FormatError) -> Void
    ) throws(StoreError) {
        do throws(FormatError) { try body(reader, &table) } catch {
            throw reader.corrupt(error, height: height ?? reader.meta.block?.height)
        }
    }

    /// The content of a row, its CRC checked ([COM-10]).
    @inline(__always)
    func content(_ row: RecordTable.Row) throws(StoreError) -> UnsafeRawBufferPointer {
        guard let base else { throw .viewExpired }
        let content = table.content(of: row, base: base)
        guard Checksum.record(content) == row.crc else { throw damaged(row) }
        return content
    }

    @inline(never)
    func damaged(_ row: RecordTable.Row, _ reason: String = "checksum does not match") -> StoreError {
        reader.corrupt(.damaged("record \(row.ordinal): \(reason)"), height: reader.meta.block?.height)
    }
}
