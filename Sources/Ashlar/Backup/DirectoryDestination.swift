import AshlarFormat
import AshlarStorage

/// Puts a backup's files into a directory, beside those of earlier generations.
///
/// Invariants: a file has its name only once its bytes are synced; a manifest has its name only once all its files have theirs, durably; nothing
/// that a manifest names is ever changed or removed. So whatever interrupts it, the generations from before are whole.
final class DirectoryDestination: BackupDestination {
    private let storage: any Storage
    private let options: BackupOptions
    private let directory: BackupDirectory
    private let lock: any StorageLock
    private var files: [BackupKey: BackupFile] = [:]
    private var stored: Set<String>
    let generation: UInt64
    var report = BackupTally()

    /// Takes the directory for a backup of `store`; removes what an interrupted one left half-written.
    init(_ storage: any Storage, for store: StoreID, _ options: BackupOptions) throws(BackupError) {
        self.storage = storage
        self.options = options
        // Before the lock's file is made: what is foreign stays as it is.
        try BackupDirectory(storage).check(for: store)
        switch try backingUp({ () throws(StorageError) in try storage.lock(BackupDirectory.lockFile) }) {
        case .held(let processID): throw .inUse(path: storage.path, processID: processID)
        case .acquired(let acquired): lock = acquired
        }
        directory = try BackupDirectory(storage)
        try directory.check(for: store)
        try directory.removeTemporaryFiles()
        generation = directory.lastGeneration + 1
        stored = Set(directory.names)
        for bad in directory.damaged { report.notices.append("\(bad.name) is damaged: \(bad.reason)") }
        for manifest in directory.manifests {
            for file in manifest.files where file.fingerprint != 0 { files[BackupKey(file)] = file }
        }
    }

    func known(_ key: BackupKey) -> BackupFile? {
        guard let file = files[key], stored.contains(file.storedName),
            (try? storage.open(file.storedName, .read).size()) == file.size
        else { return nil }
        // Who wants copies wants them of what an earlier generation shares too.
        if !options.sharesFiles, (try? storage.isLinked(file.storedName)) != false { return nil }
        return file
    }

    func take(_ piece: BackupPiece, from source: any Storage, _ meter: BackupMeter) throws(BackupError) -> BackupFile {
        let temporary = piece.name + SegmentName.temporarySuffix
        try removeIfThere(temporary)
        let (digest, sharing): (SHA256Digest, StorageSharing)
        do throws(BackupError) { (digest, sharing) = try write(piece, from: source, to: temporary, meter) } catch {
            // It may be large; what a crash leaves the next backup removes.
            try? storage.remove(temporary)
            throw error
        }
        let file = BackupFile(
            name: piece.name, size: piece.size, digest: digest, fingerprint: piece.fingerprint)
        let isNew = !stored.contains(file.storedName)
        try backingUp { () throws(StorageError) in try storage.rename(temporary, to: file.storedName) }
        // Between two names of one file a rename does nothing.
        if sharing == .linked { try removeIfThere(temporary) }
        stored.insert(file.storedName)
        if piece.fingerprint != 0 { files[piece.key] = file }
        if isNew {
            report.newFiles += 1
            report.newBytes += piece.size
            if sharing == .linked { report.linkedFiles += 1 }
            if sharing == .cloned { report.clonedFiles += 1 }
        }
        return file
    }

    private func removeIfThere(_ name: String) throws(BackupError) {
        do throws(StorageError) { try storage.remove(name) } catch {
            if error.code != SystemCalls.notFound { throw BackupError(error) }
        }
    }

    private func write(
        _ piece: BackupPiece, from source: any Storage, to temporary: String, _ meter: BackupMeter
    ) throws(BackupError) -> (SHA256Digest, StorageSharing) {
        if case .bytes(let bytes) = piece.content {
            try backingUp { () throws(StorageError) in
                let file = try storage.open(temporary, .create)
                try file.write(bytes, at: 0)
                try file.sync()
            }
            try meter.add(bytes.count)
            return (SHA256.digest(of: bytes), .notPossible)
        }
        if piece.isImmutable, options.sharesFiles {
            let sharing = try backingUp { () throws(StorageError) in
                try storage.share(piece.source, of: source, as: temporary)
            }
            if sharing != .notPossible {
                return (try digest(ofShared: temporary, piece, isCloned: sharing == .cloned, meter), sharing)
            }
        }
        return (try copy(piece, from: source, to: temporary, meter), .notPossible)
    }

    /// Checks what is pinned already: no prune can take it away any more.
    private func digest(
        ofShared name: String, _ piece: BackupPiece, isCloned: Bool, _ meter: BackupMeter
    ) throws(BackupError) -> SHA256Digest {
        let file = try backingUp { () throws(StorageError) in
            let file = try storage.open(name, .read)
            if isCloned { try file.sync() }
            return file
        }
        try check(piece, file)
        var hash = SHA256()
        try piece.forEachChunk(of: file) { (bytes) throws(BackupError) in
            hash.update(bytes)
            try meter.add(bytes.count)
        }
        return hash.digest
    }

    private func copy(
        _ piece: BackupPiece, from source: any Storage, to name: String, _ meter: BackupMeter
    ) throws(BackupError) -> SHA256Digest {
        let from = try backingUp { () throws(StorageError) in try source.open(piece.source, .read) }
        try check(piece, from)
        let to = try backingUp { () throws(StorageError) in try storage.open(name, .create) }
        var hash = SHA256()
        var offset = 0
        try piece.forEachChunk(of: from) { (bytes) throws(BackupError) in
            hash.update(bytes)
            try backingUp { () throws(StorageError) in try to.write(bytes, at: offset) }
            offset += bytes.count
            try meter.add(bytes.count)
        }
        try backingUp { () throws(StorageError) in try to.sync() }
        return hash.digest
    }

    private func check(_ piece: BackupPiece, _ file: any StorageFile) throws(BackupError) {
        let storage = storage
        let notice = try fromStore { () throws(StoreError) in try piece.check(file, in: storage) }
        if let notice { report.notices.append(notice) }
    }
}

extension DirectoryDestination {
    func finish(_ manifest: BackupManifest) throws(BackupError) {
        let temporary = manifest.fileName + SegmentName.temporarySuffix
        try backingUp { () throws(StorageError) in
            // All names before the one that speaks of them.
            try storage.syncDirectory()
            let file = try storage.open(temporary, .create)
            try file.write(manifest.encoded(), at: 0)
            try file.sync()
            try storage.rename(temporary, to: manifest.fileName)
            try storage.syncDirectory()
        }
        try removeOld(manifest)
    }

    /// Gives up the oldest generations, manifests first, and then what no manifest names any more.
    private func removeOld(_ newest: BackupManifest) throws(BackupError) {
        let manifests = directory.manifests + [newest]
        let kept = manifests.suffix(max(options.keptGenerations ?? manifests.count, 1))
        let given = manifests.dropLast(kept.count)
        try backingUp { () throws(StorageError) in
            for manifest in given { try storage.remove(manifest.fileName) }
            if !given.isEmpty { try storage.syncDirectory() }
        }
        report.removedGenerations = given.map(\.generation)
        // What a damaged manifest names is not known: somebody may still want it.
        guard directory.damaged.isEmpty else { return }
        let needed = Set(kept.flatMap { $0.files.map(\.storedName) })
        let unused = stored.filter { BackupFile.digest(ofStoredName: $0) != nil && !needed.contains($0) }.sorted()
        for name in unused {
            try backingUp { () throws(StorageError) in
                report.removedBytes += try storage.open(name, .read).size()
                try storage.remove(name)
            }
        }
        if !unused.isEmpty { try backingUp { () throws(StorageError) in try storage.syncDirectory() } }
    }
}
