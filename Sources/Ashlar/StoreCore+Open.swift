import AshlarFormat
import AshlarStorage

extension StoreCore {
    /// Opens the log in `storage` for reading. Changes nothing.
    ///
    /// Beside a live writer files come and go between two looks; what looks like damage then is looked at again.
    static func openForReading(
        _ storage: any Storage, horizon: ReadHorizon, isDegraded: Bool = false
    ) throws(StoreError) -> StoreCore {
        let started = SystemCalls.monotonicNanoseconds()
        var attempt = 0
        while true {
            let before = try storing { () throws(StorageError) in try storage.list().sorted() }
            let opening = LogOpening(storage: storage, horizon: horizon)
            let noteBefore = try opening.readNote()
            do throws(StoreError) {
                guard case .opened(let log) = try opening.open() else { throw .notAStore(path: storage.path) }
                return StoreCore(
                    log, storage: storage, horizon: horizon, isWriter: false, recentHashes: 1, started: started,
                    isDegraded: isDegraded)
            } catch {
                attempt += 1
                let after = try storing { () throws(StorageError) in try storage.list().sorted() }
                let noteAfter = try opening.readNote()
                guard attempt < 8, before != after || noteBefore != noteAfter else { throw error }
            }
        }
    }

    /// Opens or creates the log in `storage` for writing; the caller holds the lock.
    ///
    /// Puts the end in order first: what was torn is cut, what was not proven durable is written again and synced ([REC-11]).
    static func openForWriting(_ storage: any Storage, _ options: WriterOptions) throws(StoreError) -> StoreCore {
        let started = SystemCalls.monotonicNanoseconds()
        let epoch = UInt64.random(in: .min ... .max)
        var log: OpenedLog
        switch try LogOpening(storage: storage, horizon: .committed).open() {
        case .opened(let opened):
            log = opened
            if (log.active?.header ?? log.sealed.last?.header)?.isFromNewerWriter ?? false {
                throw .unsupported(
                    "a newer Ashlar wrote to this store with features this program does not know: it can only read it")
            }
        case .empty(let unfinished, let hasForeignFiles):
            guard let creation = options.creation else { throw .notAStore(path: storage.path) }
            guard !hasForeignFiles else { throw foreignFiles(in: storage) }
            try remove(unfinished.map(\.segmentFile), from: storage)
            log = try create(storage, creation, epoch: epoch)
        }
        let mended = try mend(log, storage, epoch: epoch)
        let core = StoreCore(
            mended.log, storage: storage, horizon: .committed, isWriter: true, recentHashes: options.recentHashes,
            started: started)
        try core.monitor.withLock { (state) throws(StoreError) in
            state.epoch = epoch
            state.noteFile = mended.note
            try state.writeNote()
        }
        return core
    }

    /// The error for a directory in which no store is made.
    static func foreignFiles(in storage: any Storage) -> StoreError {
        .invalidArgument("\(storage.path) holds other files; a new store needs an empty directory")
    }

    private static func remove(_ names: [String], from storage: any Storage) throws(StoreError) {
        guard !names.isEmpty else { return }
        try storing { () throws(StorageError) in
            for name in names { try storage.remove(name) }
            try storage.syncDirectory()
        }
    }

    private static func create(
        _ storage: any Storage, _ creation: CreationOptions, epoch: UInt64
    ) throws(StoreError) -> OpenedLog {
        // A note without a log is what an interrupted creation left; it would speak of another store.
        let files = try storing { () throws(StorageError) in try storage.list() }
        if files.contains(SegmentName.noteFile) { try remove([SegmentName.noteFile], from: storage) }
        let id = StoreID.random()
        let header = SegmentHeader(
            storeID: id, segment: 1, createdTime: SystemCalls.wallMicroseconds(), epoch: epoch,
            heightGaps: creation.allowsHeightGaps, hashNotation: creation.hashNotation, opening: .origin(of: id))
        let name = SegmentName(number: 1)
        let file = try storing { () throws(StorageError) in try LogState.createSegment(name, header, in: storage) }
        var log = OpenedLog(header: header)
        log.active = ActiveSegment(
            name: name, header: header, file: file, index: SegmentIndex(header: header), writtenEnd: SegmentHeader.size)
        return log
    }

    /// What a writable open changes before anything is appended.
    private static func mend(
        _ opened: OpenedLog, _ storage: any Storage, epoch: UInt64
    ) throws(StoreError) -> (log: OpenedLog, note: any StorageFile) {
        var log = opened
        try remove(log.unfinished.map(\.segmentFile) + log.temporaryFiles, from: storage)
        if let active = log.active {
            let file = try storing { () throws(StorageError) in try storage.open(active.name.segmentFile, .readWrite) }
            var writable = ActiveSegment(
                name: active.name, header: active.header, file: file, index: active.index, writtenEnd: active.writtenEnd
            )
            // Unless a commit of this segment was durable, nothing proves that its header and its directory entry are ([SEG-9]).
            if log.proven.sequence <= active.header.opening.sequence {
                try secure(file, at: 0, count: SegmentHeader.size, storage)
            }
            if log.recovery.tail != .clean || log.unprovenOffset != nil { try secure(&log, &writable, storage) }
            log.active = writable
        } else if let last = log.sealed.last {
            // Its commits are durable, but nothing proves that its footer is, and no next segment may come before it ([SEG-9]).
            let file = try storing { () throws(StorageError) in try storage.open(last.name.segmentFile, .readWrite) }
            try secure(file, at: Int(last.summary.endOffset), count: last.summary.footerLength, storage)
        }
        // Only now: the header that says they were pruned is durable.
        try remove(log.prunedFiles, from: storage)
        return (log, try storing { () throws(StorageError) in try openNote(storage) })
    }

    private static func openNote(_ storage: any Storage) throws(StorageError) -> any StorageFile {
        do throws(StorageError) { return try storage.open(SegmentName.noteFile, .readWrite) } catch {
            guard error.code == SystemCalls.notFound else { throw error }
        }
        let created = try storage.open(SegmentName.noteFile, .create)
        try storage.syncDirectory()
        return created
    }

    /// Writes `count` bytes again where they stand and makes them and the directory durable: the sync that should have done so
    /// may have failed, and left pages that read well and will never be written ([MED-4]).
    private static func secure(
        _ file: any StorageFile, at offset: Int, count: Int, _ storage: any Storage
    ) throws(StoreError) {
        let bytes = try SegmentLoading.read(file, at: offset, count: count)
        try storing { () throws(StorageError) in
            try file.write(bytes, at: offset)
            try file.sync()
            try storage.syncDirectory()
        }
    }

    /// Cuts what does not count, writes again what was not proven, and syncs both ([REC-11], [MED-4]).
    private static func secure(
        _ log: inout OpenedLog, _ active: inout ActiveSegment, _ storage: any Storage
    ) throws(StoreError) {
        let end = active.endOffset
        let file = active.file
        let start = log.unprovenOffset ?? end
        try storing { () throws(StorageError) in
            if !storage.isSeeded(.tailCutTooShort) { try file.truncate(to: end) }
            var chunk = ChunkReader()
            chunk.reset(to: file)
            let isKept = storage.isSeeded(.keptTailNotSynced) || storage.isSeeded(.keptTailNotRewritten)
            var offset = isKept ? end : start
            while offset < end {
                let count = min(1 << 20, end - offset)
                guard let bytes = try chunk.load(at: offset, count: count, limit: end) else { break }
                try file.write(UnsafeRawBufferPointer(start: bytes, count: count), at: offset)
                offset += count
            }
            if !storage.isSeeded(.keptTailNotSynced) { try file.sync() }
        }
        active.writtenEnd = end
        if log.unprovenOffset != nil, log.proven.sequence < log.state.sequence {
            log.recovery.notices.append(.keptUnproven(sequences: log.proven.sequence + 1...log.state.sequence))
        }
        log.proven = DurablePoint(sequence: log.state.sequence, chainValue: log.state.chainValue)
    }
}
