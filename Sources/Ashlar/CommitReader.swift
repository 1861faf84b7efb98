import AshlarFormat
import AshlarStorage

/// Reads single commits into reused buffers and checks them; the one place where bytes of the log become values for readers.
///
/// Invariant: `header`, `meta` and the frame belong to the commit loaded last.
struct CommitReader: ~Copyable {
    /// How much of a commit is wanted.
    enum Extent {
        /// Header and meta: a small read.
        case meta
        /// The whole frame; the commits behind it too where one is read after the other.
        case frame
    }

    private var chunk = ChunkReader()
    private var loadedNumber: UInt64 = 0
    private(set) var source: ReadSource?
    private(set) var location = Location(bits: 0)
    private(set) var header = CommitHeader(
        kind: .control, sequence: 0, epoch: 0, appendTime: 0, height: -1, finalHeight: -1, durableSequence: 0)
    private(set) var meta = CommitMeta()
    /// The start of what was loaded of the frame; good until the next load.
    private(set) var base: UnsafeRawPointer?

    /// Loads the commit at `location` of `source`. An error names file, offset and, where it is known, the height.
    mutating func load(
        _ location: Location, from source: ReadSource, _ extent: Extent, height: Int64? = nil
    ) throws(StoreError) {
        if loadedNumber != source.number || self.source?.file !== source.file {
            chunk.reset(to: source.file)
            loadedNumber = source.number
        }
        self.source = source
        self.location = location
        base = nil
        if let failure = source.failure, location.offset >= source.end { throw failure }
        do {
            try load(extent, source, location.offset)
        } catch let error as FormatError {
            throw corrupt(error, height: height)
        } catch let error as StorageError {
            throw StoreError(error)
        } catch {
            throw .invalidArgument("\(error)")
        }
    }

    private mutating func load(_ extent: Extent, _ source: ReadSource, _ offset: Int) throws {
        let first = extent == .meta ? 1 << 11 : 1 << 14
        guard let start = try chunk.load(at: offset, count: CommitHeader.size, limit: source.end, first: first)
        else {
            throw FormatError.damaged("commit: the file ends before it")
        }
        header = try CommitHeader(
            decoding: RawSpan(_unsafeStart: start, byteCount: CommitHeader.size), at: 0, seed: source.seed)
        let count = extent == .meta ? header.bodyOffset : header.frameLength
        guard let whole = try chunk.load(at: offset, count: count, limit: source.end, first: first) else {
            throw FormatError.damaged("commit: its frame is longer than the file")
        }
        let span = RawSpan(_unsafeStart: whole, byteCount: count)
        try require(
            Checksum.crc(span.extracting(CommitHeader.size..<header.bodyOffset)) == header.metaCRC,
            "commit meta: checksum does not match")
        meta = try CommitMeta(decoding: span, header: header)
        base = whole
    }

    /// Loads the stored bytes of one section (`section` as the table laid it out) for reading a single model.
    mutating func loadSection(_ section: RecordTable.Section) throws(StoreError) -> UnsafeRawPointer {
        guard let source else { throw .viewExpired }
        let length = section.end - section.headsOffset
        let offset = location.offset + section.headsOffset
        let start: UnsafeRawPointer?
        do throws(StorageError) {
            start = try chunk.load(at: offset, count: length, limit: source.end, first: 1 << 11, alone: true)
        } catch {
            throw StoreError(error)
        }
        guard let start else { throw corrupt(.damaged("section: the file ends before it"), height: meta.block?.height) }
        return start
    }

    /// What was loaded, as a span.
    var frame: RawSpan {
        @_lifetime(borrow self)
        get {
            let count = base == nil ? 0 : header.frameLength
            let span = UnsafeRawBufferPointer(start: base, count: count)
            return _overrideLifetime(RawSpan(_unsafeBytes: span), borrowing: self)
        }
    }

    /// The meta part of what was loaded, as a span.
    var metaFrame: RawSpan {
        @_lifetime(borrow self)
        get {
            let span = UnsafeRawBufferPointer(start: base, count: base == nil ? 0 : header.bodyOffset)
            return _overrideLifetime(RawSpan(_unsafeBytes: span), borrowing: self)
        }
    }

    /// The error for damage in the commit loaded last.
    func corrupt(_ error: FormatError, height: Int64?) -> StoreError {
        if case .unsupported(let what) = error { return .unsupported(what) }
        let name = SegmentName(number: location.segment, generation: source?.header.generation ?? 0)
        return .corrupt(
            Corruption(
                file: name.segmentFile, offset: location.offset, heights: height.map { $0...$0 }, reason: error.reason))
    }
}
