import AshlarFormat
import AshlarStorage

/// What a backup of a store consists of at one moment: everything durable, and what belongs to it.
///
/// Consumers are read first and the log after that, so that none of them stands behind the end of the log that is taken.
struct BackupPlan {
    let store: Store
    /// The last commit.
    let closing: DurablePoint
    let tipHeight: Int64
    let prunedSequence: UInt64
    private(set) var pieces: [BackupPiece] = []
    private(set) var notices: [String] = []

    /// Looks at the store in `storage`; reads those snapshots in full of which `isKnown` does not tell that an earlier generation has them.
    init(_ storage: any Storage, isKnown: (BackupKey) -> Bool) throws(BackupError) {
        let small = try Self.smallFiles(in: storage)
        let core = try fromStore { () throws(StoreError) in try StoreCore.openForReading(storage, horizon: .durable) }
        store = Store(core)
        let store = store
        let sequence = store.sequence
        let view = try fromStore { () throws(StoreError) in try store.view(asOf: sequence) }
        let chainValue = try fromStore { () throws(StoreError) in try store.chainValue(ofSequence: sequence) }
        closing = DurablePoint(sequence: sequence, chainValue: chainValue ?? 0)
        tipHeight = view.tipHeight ?? -1
        prunedSequence = store.firstSequence - 1
        if !store.recovery.notices.isEmpty { notices.append("\(store.recovery)") }
        try addSegments(storage)
        try addSnapshots(view, isKnown)
        pieces += small
    }

    /// Consumers' files, and the note of a derivation.
    private static func smallFiles(in storage: any Storage) throws(BackupError) -> [BackupPiece] {
        let names = try backingUp { () throws(StorageError) in try storage.list() }
        var pieces: [BackupPiece] = []
        for name in names.sorted() {
            let size: Int
            switch BackupFileName(name) {
            case .consumer: size = ConsumerSlot.size * ConsumerSlot.count
            case .derivation: size = DerivationNote.maxSize
            default: continue
            }
            do throws(StorageError) {
                let bytes = try storage.open(name, .read).read(at: 0, count: size)
                pieces.append(
                    BackupPiece(name: name, source: name, size: bytes.count, fingerprint: 0, content: .bytes(bytes)))
            } catch {
                // Removed since the directory was read.
                if error.code != SystemCalls.notFound { throw BackupError(error) }
            }
        }
        return pieces
    }

    /// A segment as the open log knows it.
    private struct Segment {
        var name: SegmentName
        var header: SegmentHeader
        /// Where its durable commits end, if it is the last one.
        var end: Int
    }

    private mutating func addSegments(_ storage: any Storage) throws(BackupError) {
        let sequence = closing.sequence
        let segments = store.core.monitor.withLock { log in
            var segments = log.sealed.map { Segment(name: $0.name, header: $0.header, end: Int($0.summary.endOffset)) }
            if let active = log.active {
                let count = Int(sequence - min(active.header.opening.sequence, sequence))
                let offsets = active.index.offsets
                let end = count < offsets.count ? Int(offsets[count]) * 8 : active.endOffset
                segments.append(Segment(name: active.name, header: active.header, end: end))
            }
            return segments
        }
        for (segment, next) in zip(segments, segments.dropFirst()) {
            let file = segment.name.segmentFile
            let size = try backingUp { () throws(StorageError) in try storage.open(file, .read).size() }
            let opening = next.header.opening
            let end = DurablePoint(sequence: opening.sequence, chainValue: opening.chainValue)
            pieces.append(
                BackupPiece(
                    name: file, source: file, size: size,
                    fingerprint: BackupKey.fingerprint(segment.header, closing: end, size: size),
                    content: .sealed(segment.name, segment.header, next: next.header),
                    // Only a durable commit of the next one proves that this one is never opened for writing again.
                    isImmutable: opening.sequence < sequence))
        }
        guard let last = segments.last else { return }
        let file = last.name.segmentFile
        pieces.append(
            BackupPiece(
                name: file, source: file, size: last.end,
                fingerprint: BackupKey.fingerprint(last.header, closing: closing, size: last.end),
                content: .tail(last.name, last.header, closing: closing)))
    }
}

extension BackupPlan {
    /// Adds the snapshots that count in `view`; those from which a pruned log is replayed twice.
    private mutating func addSnapshots(_ view: View, _ isKnown: (BackupKey) -> Bool) throws(BackupError) {
        var families: [String: [SnapshotEntry]] = [:]
        do throws(SnapshotError) {
            for entry in try store.snapshots.entries() {
                guard let identity = entry.identity else {
                    if case .unusable(let error) = entry.contents { notices.append("left out: \(error)") }
                    continue
                }
                // Undone, of another store, or beyond what is durable: of no use to who restores this.
                guard try SnapshotCatalog.skip(identity, nil, view) == nil else { continue }
                let family = SnapshotName.stem(ofModel: identity.model) + " \(identity.schemaVersion)"
                families[family, default: []].append(entry)
            }
        } catch {
            throw .store(error.asStoreError)
        }
        for (_, entries) in families.sorted(by: { $0.key < $1.key }) {
            try add(entries, base: SnapshotCatalog.base(of: entries, view.firstHeight), isKnown)
        }
    }

    /// Adds the whole ones among the snapshots of one model, each under the names that a writer gives.
    private mutating func add(
        _ entries: [SnapshotEntry], base: SnapshotPlace?, _ isKnown: (BackupKey) -> Bool
    ) throws(BackupError) {
        var found: [SnapshotPlace: [BackupPiece]] = [:]
        for entry in entries.sorted(by: { $0.fileName < $1.fileName }) {
            guard let place = entry.place, let identity = entry.identity, let header = entry.header,
                let trailer = entry.trailer, found[place]?.count ?? 0 < 2
            else { continue }
            let name = SnapshotName(identity)
            let piece = BackupPiece(
                name: found[place] == nil ? name.file : name.copyFile, source: entry.fileName, size: entry.fileBytes,
                fingerprint: BackupKey.fingerprint(header, trailer), content: .snapshot, isImmutable: true)
            var isGood = isKnown(piece.key)
            if !isGood { isGood = try isWhole(entry) }
            if isGood { found[place, default: []].append(piece) }
        }
        for (place, var copies) in found.sorted(by: { $0.key < $1.key }) {
            if place == base, copies.count == 1, let identity = entries.first(where: { $0.place == place })?.identity {
                copies.append(copies[0])
                copies[1].name = SnapshotName(identity).copyFile
            }
            pieces += copies
        }
    }

    private mutating func isWhole(_ entry: SnapshotEntry) throws(BackupError) -> Bool {
        do throws(SnapshotError) {
            try store.snapshots.open(entry).verify()
            return true
        } catch {
            switch error {
            case .damaged, .unsupported: notices.append("left out: \(error)")
            // Retired since the directory was read.
            case .inputOutput(_, _, SystemCalls.notFound): break
            default: throw .store(error.asStoreError)
            }
            return false
        }
    }
}
