import AshlarFormat
import AshlarStorage

/// Writes what a backup holds into an empty directory and makes a store of it that ends at a restore point.
struct RestoreRun {
    let storage: any Storage
    let point: RestorePoint
    let meter: BackupMeter

    /// Runs it; the directory must be empty but for a lock. It is no store before this returns, and everything in it is durable then.
    func run(_ reader: some BackupReader, path: String) throws(BackupError) -> RestoreReport {
        let writer = RestoreWriter(storage)
        let manifest = try reader.read(into: writer, meter)
        try writer.nameFiles(manifest)
        try writeNote(DurablePoint(sequence: manifest.sequence, chainValue: manifest.chainValue), manifest.storeID)
        var store = try open()
        guard store.id == manifest.storeID, store.sequence == manifest.sequence,
            store.firstSequence == manifest.prunedSequence + 1
        else {
            throw .damaged(
                path: path, file: manifest.fileName,
                reason: "the log in it is not the one that it describes (sequence \(store.sequence))")
        }
        let end = try fromStore { () throws(StoreError) in try RestoreCut(store).sequence(for: point) }
        guard let end else { throw .notReached(try Self.notReached(point, store)) }
        if end < store.sequence {
            try cut(store, to: end)
            store = try open()
            guard store.sequence == end else {
                throw .damaged(
                    path: path, file: manifest.fileName,
                    reason: "its log cannot be read when it ends at sequence \(end)")
            }
        }
        return try report(store, manifest, writer)
    }

    private func open() throws(BackupError) -> Store {
        let storage = storage
        return try fromStore { () throws(StoreError) in try Store.open(storage) }
    }

    /// The note that proves what was restored; every file is synced by now ([NOTE-4]).
    private func writeNote(_ point: DurablePoint, _ store: StoreID) throws(BackupError) {
        let note = DurabilityNote(
            storeID: store, epoch: .random(in: .min ... .max), sequence: point.sequence, chainValue: point.chainValue)
        try backingUp { () throws(StorageError) in
            var bytes = ByteBuffer(capacity: DurabilityNote.size)
            note.encode(to: bytes.extend(DurabilityNote.size))
            let isThere = try storage.list().contains(SegmentName.noteFile)
            let file = try storage.open(SegmentName.noteFile, isThere ? .readWrite : .create)
            try file.write(bytes.bytes, at: 0)
            try file.sync()
            try storage.syncDirectory()
        }
    }

    private func cut(_ store: Store, to end: UInt64) throws(BackupError) {
        let place = try fromStore { () throws(StoreError) in try RestoreCut(store).place(ofEnd: end) }
        try backingUp { () throws(StorageError) in
            for name in place.removed { try storage.remove(name) }
            let file = try storage.open(place.segment.segmentFile, .readWrite)
            try file.truncate(to: place.endOffset)
            try file.sync()
        }
        try writeNote(DurablePoint(sequence: end, chainValue: place.chainValue), store.id)
        try removeVoidSnapshots()
    }

    /// Snapshots as of commits that were cut off, or of blocks that are undone there.
    private func removeVoidSnapshots() throws(BackupError) {
        let store = try open()
        do throws(SnapshotError) {
            let view: View
            do throws(StoreError) { view = try store.view() } catch { throw .store(error) }
            var void: [SnapshotEntry] = []
            for entry in try store.snapshots.entries() {
                guard let identity = entry.identity, try SnapshotCatalog.skip(identity, nil, view) == nil else {
                    void.append(entry)
                    continue
                }
            }
            try store.snapshots.remove(void)
        } catch {
            throw .store(error.asStoreError)
        }
    }

    private func report(
        _ store: Store, _ manifest: BackupManifest, _ writer: RestoreWriter
    ) throws(BackupError) -> RestoreReport {
        let (consumers, view) = try fromStore { () throws(StoreError) in (try store.consumers(), try store.view()) }
        var notices: [String] = []
        for status in consumers {
            guard let problem = status.problem else { continue }
            notices.append("consumer `\(status.name)`: \(problem)")
        }
        return RestoreReport(
            storeID: store.id, generation: manifest.generation, sequence: store.sequence,
            cutCommits: manifest.sequence - store.sequence, tipHeight: view.tipHeight, files: manifest.files.count,
            bytes: writer.bytes, notices: notices)
    }

    private static func notReached(_ point: RestorePoint, _ store: Store) throws(BackupError) -> String {
        let tip = try fromStore { () throws(StoreError) in try store.view().tipHeight }
        let what =
            switch point {
            case .end: "commit at its end"
            case .height(let height): "commit after which the tip is at height \(height)"
            case .sequence(let sequence): "commit \(sequence) to end with"
            case .time(let time): "commit that was appended by then (\(time.microseconds) microseconds since 1970)"
            }
        let pruned = store.firstSequence > 1 ? ", and was pruned: it cannot end before the commit that says so" : ""
        return "the backup's log has no \(what); it ends at sequence \(store.sequence), height "
            + (tip.map { "\($0)" } ?? "none") + pruned
    }
}

/// Writes the files of a backup under their stored names, and gives them those of the store at the end.
final class RestoreWriter: BackupReceiver {
    private let storage: any Storage
    private var file: (any StorageFile)?
    private var offset = 0
    private var names: Set<String> = []
    private(set) var bytes = 0

    init(_ storage: any Storage) { self.storage = storage }

    func begin(_ storedName: String) throws(BackupError) {
        file = try backingUp { () throws(StorageError) in try storage.open(storedName, .create) }
        names.insert(storedName)
        offset = 0
    }

    func take(_ chunk: UnsafeRawBufferPointer) throws(BackupError) {
        let (file, offset) = (file, offset)
        try backingUp { () throws(StorageError) in try file?.write(chunk, at: offset) }
        self.offset += chunk.count
        bytes += chunk.count
    }

    func end() throws(BackupError) {
        let file = file
        try backingUp { () throws(StorageError) in try file?.sync() }
        self.file = nil
    }

    /// Gives each file its name in the store, and removes what the manifest does not name.
    func nameFiles(_ manifest: BackupManifest) throws(BackupError) {
        var uses: [String: Int] = [:]
        for file in manifest.files { uses[file.storedName, default: 0] += 1 }
        for file in manifest.files {
            let stored = file.storedName
            let isLast = uses[stored] == 1
            uses[stored, default: 1] -= 1
            try backingUp { () throws(StorageError) in
                if isLast { try storage.rename(stored, to: file.name) } else { try copy(stored, to: file.name) }
            }
            if isLast { names.remove(stored) }
        }
        for name in names.sorted() { try backingUp { () throws(StorageError) in try storage.remove(name) } }
    }

    /// Two files of the store may have the same content, such as consumers whose files were zeroed.
    private func copy(_ source: String, to target: String) throws(StorageError) {
        let (from, to) = (try storage.open(source, .read), try storage.open(target, .create))
        var offset = 0
        while true {
            let chunk = try from.read(at: offset, count: backupChunkBytes)
            guard !chunk.isEmpty else { break }
            try to.write(chunk, at: offset)
            offset += chunk.count
        }
        try to.sync()
    }
}
