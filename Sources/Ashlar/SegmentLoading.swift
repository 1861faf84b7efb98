import AshlarFormat
import AshlarStorage

/// A sealed segment just loaded: what stays in memory, and its whole index for replaying.
struct LoadedSegment: Sendable {
    var segment: SealedSegment
    var index: SegmentIndex
    var notice: Recovery.Notice?
}

/// Loads segments from their files; see `format-spec/footer.md`.
struct SegmentLoading: Sendable {
    let storage: any Storage

    func corrupt(_ name: SegmentName, _ offset: Int, _ reason: String, heights: ClosedRange<Int64>? = nil) -> StoreError
    {
        .corrupt(Corruption(file: name.segmentFile, offset: offset, heights: heights, reason: reason))
    }

    /// Bytes of `file` from `offset`; fewer only at its end.
    static func read(_ file: any StorageFile, at offset: Int, count: Int) throws(StoreError) -> [UInt8] {
        try storing { () throws(StorageError) in try file.read(at: offset, count: count) }
    }

    /// The header of a segment file that must be whole.
    func header(_ name: SegmentName, _ file: any StorageFile) throws(StoreError) -> SegmentHeader {
        let bytes = try Self.read(file, at: 0, count: SegmentHeader.size)
        guard bytes.count == SegmentHeader.size else { throw corrupt(name, 0, "segment header: cut off") }
        do throws(FormatError) {
            return try SegmentHeader(decoding: bytes.span.bytes, name: name)
        } catch {
            if case .unsupported(let what) = error { throw .unsupported(what) }
            throw corrupt(name, 0, error.reason)
        }
    }

    /// The footer that ends a segment file, or nil if none does; throws `damaged` if one does that does not check out.
    func footer(
        _ header: SegmentHeader, _ file: any StorageFile, size: Int
    ) throws(StoreError) -> Result<(SegmentIndex, Int), FormatError>? {
        guard size >= SegmentHeader.size + SegmentSummary.size + SegmentSummary.trailerSize else { return nil }
        let trailer = try Self.read(file, at: size - SegmentSummary.trailerSize, count: SegmentSummary.trailerSize)
        let length = SegmentSummary.footerLength(
            trailer: trailer.span.bytes, store: header.storeID, segment: header.segment)
        guard let length, length >= SegmentSummary.size, length <= size - SegmentHeader.size else { return nil }
        let base = size - length
        let bytes = try Self.read(file, at: base, count: length)
        do throws(FormatError) {
            let index = try Self.decodeFooter(bytes, header)
            try require(index.summary.endOffset == UInt64(base), "footer: it does not stand where the commits end")
            return .success((index, base))
        } catch {
            return .failure(error)
        }
    }

    private static func decodeFooter(_ bytes: [UInt8], _ header: SegmentHeader) throws(FormatError) -> SegmentIndex {
        let span = bytes.span.bytes
        let summary = try SegmentSummary(decoding: span, store: header.storeID, segment: header.segment)
        try require(summary.footerLength == bytes.count, "footer: wrong length")
        try require(
            summary.closing.sequence == header.opening.sequence &+ summary.commitCount,
            "footer: it does not continue the segment's header")
        return try SegmentIndex(footer: span, summary: summary, heightGaps: header.heightGaps)
    }

    /// The sidecar of a segment, if there is one that checks out ([FTR-4]).
    func sidecar(_ name: SegmentName, _ header: SegmentHeader) throws(StoreError) -> (SegmentIndex, any StorageFile)? {
        let file: any StorageFile
        do { file = try storage.open(name.indexFile, .read) } catch {
            if error.code == SystemCalls.notFound { return nil }
            throw StoreError(error)
        }
        let size = try storing { () throws(StorageError) in try file.size() }
        guard size >= SegmentSummary.size + SegmentSummary.trailerSize, size <= 1 << 32 else { return nil }
        let bytes = try Self.read(file, at: 0, count: size)
        guard bytes.count == size, let index = try? Self.decodeFooter(bytes, header) else { return nil }
        return (index, file)
    }

    /// Loads a segment behind which another one follows: everything in it must check out ([REC-13]).
    func loadSealed(
        _ name: SegmentName, _ header: SegmentHeader, next: SegmentHeader
    ) throws(StoreError) -> LoadedSegment {
        let file = try storing { () throws(StorageError) in try storage.open(name.segmentFile, .read) }
        let size = try storing { () throws(StorageError) in try file.size() }
        func fits(_ index: SegmentIndex) -> Bool { index.summary.closing == next.opening }
        if case .success(let (index, base)) = try footer(header, file, size: size), fits(index) {
            return loaded(name, header, index, .file(file, base: base), nil)
        }
        if let (index, sidecar) = try sidecar(name, header), fits(index), Int(index.summary.endOffset) <= size {
            return loaded(
                name, header, index, .file(sidecar, base: 0), .rebuiltFooter(file: name.segmentFile, fromSidecar: true))
        }
        let index = try rebuild(name, header, file, size: size, next: next)
        return loaded(
            name, header, index, .memory(index.encodedFooter()),
            .rebuiltFooter(file: name.segmentFile, fromSidecar: false))
    }

    private func loaded(
        _ name: SegmentName, _ header: SegmentHeader, _ index: SegmentIndex, _ source: FooterSource,
        _ notice: Recovery.Notice?
    ) -> LoadedSegment {
        LoadedSegment(segment: sealed(name, header, index, source), index: index, notice: notice)
    }

    /// A sealed segment from its index. The summary's column table is that of the encoded footer.
    func sealed(
        _ name: SegmentName, _ header: SegmentHeader, _ index: SegmentIndex, _ source: FooterSource
    ) -> SealedSegment {
        var summary = index.summary
        if case .memory(let bytes) = source,
            let encoded = try? SegmentSummary(
                decoding: bytes.span.bytes, store: header.storeID, segment: header.segment)
        {
            summary = encoded
        }
        return SealedSegment(
            name: name, header: header, summary: summary, models: index.models, types: index.types, footer: source)
    }

    /// Rebuilds the index of a sealed segment by a scan that checks every CRC ([FTR-3]).
    func rebuild(
        _ name: SegmentName, _ header: SegmentHeader, _ file: any StorageFile, size: Int, next: SegmentHeader?
    ) throws(StoreError) -> SegmentIndex {
        var index = SegmentIndex(header: header)
        var walker = CommitWalker(file, header: header, from: SegmentHeader.size, state: header.opening, limit: size)
        while true {
            let offset = walker.offset
            switch try walker.next(provenSequence: 0) {
            case .commit(let found):
                do throws(FormatError) {
                    try index.check(found.header, found.meta, sections: found.sections.span, types: found.types.span)
                    try index.add(
                        found.header, found.meta, offset: found.offset, sections: found.sections.span,
                        types: found.types.span)
                } catch {
                    throw corrupt(name, offset, error.reason)
                }
            case .end(let end):
                guard let next, index.summary.closing != next.opening else { return index }
                let reason = if case .damaged(let reason) = end { reason } else { "the segment ends too early" }
                let tip = index.summary.closing.tipHeight
                let last = max(next.opening.tipHeight, tip + 1)
                throw corrupt(
                    name, offset,
                    "\(reason); commits \(index.summary.closing.sequence + 1)–\(next.opening.sequence) belong here",
                    heights: tip + 1...last)
            }
        }
    }
}
