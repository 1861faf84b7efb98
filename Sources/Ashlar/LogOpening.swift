import AshlarFormat
import AshlarStorage

/// Opens a log: finds its segments, judges its end, rebuilds the index in memory; see `format-spec/recovery.md`.
///
/// It only reads. What has to be changed (cutting a torn tail, rewriting what was not proven) the writer does with the result.
struct LogOpening {
    /// So many segments are loaded before they are taken in: their whole indexes are in memory until then.
    private static let batch = 64

    let storage: any Storage
    let loading: SegmentLoading
    /// Where the log ends for this reader.
    let horizon: ReadHorizon

    init(storage: any Storage, horizon: ReadHorizon) {
        self.storage = storage
        self.horizon = horizon
        loading = SegmentLoading(storage: storage)
    }

    /// What opening came to.
    enum Outcome {
        case opened(OpenedLog)
        /// There is no segment that was ever finished.
        case empty(unfinished: [SegmentName], hasForeignFiles: Bool)
    }

    func open() throws(StoreError) -> Outcome {
        let files = try storing { () throws(StorageError) in try storage.list() }
        let names = files.compactMap { SegmentName(fileName: $0) }.sorted { $0.number < $1.number }
        let note = try readNote()
        guard !names.isEmpty else {
            return .empty(unfinished: [], hasForeignFiles: Self.hasForeignFiles(files))
        }
        var run = Self.lastRun(names)
        guard let first = run.first else { throw missing(names[names.count - 1].number) }
        var unfinished: [SegmentName] = []
        while let last = run.last, try isUnfinished(last, isOnly: run.count == 1, note: note) {
            unfinished.append(last)
            run.removeLast()
        }
        guard !run.isEmpty else {
            guard first.number == 1 else { throw missing(first.number - 1) }
            if let note, note.sequence > 0 {
                throw loading.corrupt(
                    first, 0, "the segment is empty, but sequences up to \(note.sequence) were durable")
            }
            return .empty(unfinished: unfinished, hasForeignFiles: false)
        }
        let kept = try locateBase(run, names)
        var log = try load(kept, note: note, isFollowed: !unfinished.isEmpty)
        log.unfinished = unfinished
        log.recovery.notices += unfinished.map { .unfinishedSegment(file: $0.segmentFile) }
        log.temporaryFiles = files.filter(Self.isTemporary)
        if log.base.sequence > 0 { log.prunedFiles = Self.files(before: kept[0].number, files) }
        return .opened(log)
    }

    /// Whether a directory without segments holds what no store of ours left there.
    static func hasForeignFiles(_ files: [String]) -> Bool {
        let own = [SegmentName.noteFile, SegmentName.lockFile, DerivationNote.fileName]
        return !files.allSatisfy { own.contains($0) || isTemporary($0) }
    }

    private static func isTemporary(_ name: String) -> Bool { name.hasSuffix(SegmentName.temporarySuffix) }

    /// The last of `names` whose numbers have no gap ([SEG-1]).
    private static func lastRun(_ names: [SegmentName]) -> [SegmentName] {
        var run: [SegmentName] = []
        for name in names.reversed() {
            guard name.generation == 0, run.last.map({ $0.number == name.number + 1 }) ?? true else { break }
            run.append(name)
        }
        return run.reversed()
    }

    /// Those of a run that count: all from number 1 on, or what a prune kept; the last segment's header tells ([SEG-11]).
    private func locateBase(_ run: [SegmentName], _ names: [SegmentName]) throws(StoreError) -> [SegmentName] {
        let pruned = try header(of: run[run.count - 1]).prunedSequence
        guard pruned > 0 else {
            // The lowest number that is missing, or that no segment of generation 0 has.
            for (position, name) in names.enumerated() where name.number != position + 1 || name.generation != 0 {
                throw missing(UInt64(position) + 1)
            }
            return run
        }
        for position in run.indices.reversed() {
            let opening = try header(of: run[position]).opening
            if opening.sequence == pruned { return Array(run[position...]) }
            guard opening.sequence > pruned else {
                throw loading.corrupt(
                    run[position], 72, "segment header: the log was pruned up to sequence \(pruned), in its midst")
            }
        }
        throw missing(run[0].number - 1)
    }

    private func missing(_ number: UInt64) -> StoreError {
        loading.corrupt(SegmentName(number: number), 0, "the segment file is missing")
    }

    private func header(of name: SegmentName) throws(StoreError) -> SegmentHeader {
        try loading.header(name, try storing { () throws(StorageError) in try storage.open(name.segmentFile, .read) })
    }

    /// What is left of segments below `number`: their files and sidecars, in ascending order.
    private static func files(before number: UInt64, _ files: [String]) -> [String] {
        files.filter { file in
            guard let dot = file.lastIndex(of: "."),
                let name = SegmentName(fileName: file[..<dot] + ".segment")
            else { return false }
            return name.number < number && (file == name.segmentFile || file == name.indexFile)
        }.sorted()
    }

    /// The durability note, or nil if there is no evidence in it ([NOTE-1], [NOTE-5]).
    func readNote() throws(StoreError) -> DurabilityNote? {
        let file: any StorageFile
        do { file = try storage.open(SegmentName.noteFile, .read) } catch {
            if error.code == SystemCalls.notFound { return nil }
            throw StoreError(error)
        }
        for _ in 0..<4 {
            let bytes = try SegmentLoading.read(file, at: 0, count: DurabilityNote.size)
            if let note = DurabilityNote(decoding: bytes.span.bytes) { return note }
        }
        return nil
    }

    /// Whether the last segment file was never finished ([REC-14]).
    private func isUnfinished(_ name: SegmentName, isOnly: Bool, note: DurabilityNote?) throws(StoreError) -> Bool {
        let file = try storing { () throws(StorageError) in try storage.open(name.segmentFile, .read) }
        let size = try storing { () throws(StorageError) in try file.size() }
        let bytes = try SegmentLoading.read(file, at: 0, count: SegmentHeader.size)
        if bytes.count == SegmentHeader.size {
            do throws(FormatError) {
                _ = try SegmentHeader(decoding: bytes.span.bytes, name: name)
                return false
            } catch {
                if case .unsupported(let what) = error { throw .unsupported(what) }
            }
        }
        if size < SegmentHeader.size { return true }
        // A header that does not check out: unfinished only if nothing of this store can be recognised in the file.
        if bytes.allSatisfy({ $0 == 0 }) {
            let evidence = try evidence(file, name, note: note, from: 0, size: size)
            return evidence.contentEnd == 0
        }
        guard bytes.span.bytes.u64(0) == SegmentHeader.magic || !isOnly else {
            throw loading.corrupt(name, 0, "segment header: the file does not start with ASHLARSG")
        }
        return try evidence(file, name, note: note, from: 0, size: size).sequences == nil && !isOnly
    }

    private func evidence(
        _ file: any StorageFile, _ name: SegmentName, note: DurabilityNote?, from offset: Int, size: Int
    ) throws(StoreError) -> TailEvidence {
        let store: StoreID
        if let note {
            store = note.storeID
        } else if name.number > 1 {
            do throws(StoreError) { store = try header(of: SegmentName(number: name.number - 1)).storeID } catch {
                if case .inputOutput(_, _, SystemCalls.notFound) = error { throw missing(name.number - 1) }
                throw error
            }
        } else {
            store = StoreID(high: 0, low: 0)
        }
        let header = SegmentHeader(
            storeID: store, segment: name.number, createdTime: 0, epoch: 0, heightGaps: false, hashNotation: .hex,
            opening: ChainState())
        return try storing { () throws(StorageError) in
            try TailEvidence.search(file, header: header, from: offset, limit: size)
        }
    }

    /// Loads all segments in order.
    private func load(
        _ names: [SegmentName], note: DurabilityNote?, isFollowed: Bool
    ) throws(StoreError) -> OpenedLog {
        let headers = try readHeaders(names)
        var log = OpenedLog(header: headers[0])
        let origin = ChainState.origin(of: log.storeID)
        guard headers[0].opening == origin || log.base.sequence > 0 else {
            throw loading.corrupt(names[0], 72, "segment header: the first segment does not start at the origin")
        }
        if let note, note.storeID != log.storeID {
            throw .corrupt(
                Corruption(
                    file: SegmentName.noteFile, offset: 8, heights: nil,
                    reason: "it belongs to store \(note.storeID), the segments to \(log.storeID)"))
        }
        try loadSealed(names, headers, into: &log)
        let tail = TailOpening(
            storage: storage, loading: loading, horizon: horizon, note: note, isFollowed: isFollowed)
        try tail.open(names[names.count - 1], headers[headers.count - 1], into: &log)
        return log
    }

    private func readHeaders(_ names: [SegmentName]) throws(StoreError) -> [SegmentHeader] {
        var headers: [SegmentHeader] = []
        for name in names {
            let header = try header(of: name)
            if let last = headers.last, header.prunedSequence < last.prunedSequence {
                throw loading.corrupt(name, 240, "segment header: less was pruned than before")
            }
            if let first = headers.first {
                guard header.storeID == first.storeID else {
                    throw loading.corrupt(name, 24, "the segment belongs to another store (\(header.storeID))")
                }
                guard header.heightGaps == first.heightGaps, header.hashNotation == first.hashNotation else {
                    throw loading.corrupt(name, 64, "segment header: its options are not those of the store")
                }
            }
            headers.append(header)
        }
        return headers
    }

    /// Loads the segments behind which another one follows, in batches: loading is for several threads, taking goes in order.
    private func loadSealed(
        _ names: [SegmentName], _ headers: [SegmentHeader], into log: inout OpenedLog
    ) throws(StoreError) {
        var position = 0
        while position < names.count - 1 {
            let first = position
            let count = min(Self.batch, names.count - 1 - first)
            // For a few footers a thread costs more than it saves.
            let threads = count < Self.batch / 4 ? 1 : 2
            let loaded = try ParallelWork.run(count, threads: threads) { [loading] (index) throws(StoreError) in
                try loading.loadSealed(
                    names[first + index], headers[first + index], next: headers[first + index + 1])
            }
            for segment in loaded { try take(segment, into: &log) }
            position += count
        }
    }

    private func take(_ loaded: LoadedSegment, into log: inout OpenedLog) throws(StoreError) {
        let segment = loaded.segment
        log.sealed.append(segment)
        if let notice = loaded.notice { log.recovery.notices.append(notice) }
        do throws(FormatError) { try log.register(loaded.index) } catch {
            throw loading.corrupt(segment.name, Int(segment.summary.endOffset), "footer: \(error.reason)")
        }
        var chain = log.chain
        do throws(StoreError) {
            try chain.replay(
                loaded.index, number: segment.name.number, opening: segment.header.opening.sequence,
                sequenceOf: { (location) throws(StoreError) in try log.sequence(of: location) })
        } catch {
            if case .invalidArgument(let why) = error { throw loading.corrupt(segment.name, SegmentHeader.size, why) }
            throw error
        }
        log.chain = chain
        log.state = segment.summary.closing
        log.proven = DurablePoint(sequence: log.state.sequence, chainValue: log.state.chainValue)
    }
}
