import AshlarFormat
package import AshlarStorage

extension Backup {
    /// What the name of the directory in which a store is restored ends in, until it is whole.
    static let unfinishedSuffix = ".restoring"

    /// Makes a store of a backup at `path`, where there must be nothing but at most an empty directory.
    ///
    /// Everything is checked while it is written, beside the place, and put there in one step: what is at `path` afterwards is a whole store, or as
    /// it was. The store has the identity, the sequences and the chain values it had; what is appended to it is of a new epoch, so that no cursor of a commit
    /// behind `point` is ever accepted. Throws `occupied`, `notABackup`, `damaged`, `notReached`, `unsupported`, `inUse`, `inputOutput`, `stopped`.
    /// `progress` is called about once a MiB. Complexity: reads and writes every byte once.
    public static func restore(
        _ source: BackupSource, to path: String, endingAt point: RestorePoint = .end,
        progress: @escaping (BackupProgress) -> BackupStep = { _ in .goOn }
    ) throws(BackupError) -> RestoreReport {
        let place = try RestorePlace(path)
        // What cannot be read leaves no directory behind.
        switch source {
        case .directory(let from, let generation):
            let reader = try reader(of: from, generation: generation)
            return try place.fill { (storage) throws(BackupError) in
                try restore(reader, from, nil, into: storage, endingAt: point, progress)
            }
        case .archive(let from):
            let stream = try backingUp { () throws(StorageError) in try DescriptorStream(path: from) }
            return try place.fill { (storage) throws(BackupError) in
                try restore(ArchiveReader(source: stream), from, stream.size, into: storage, endingAt: point, progress)
            }
        case .descriptor(let descriptor):
            let stream = DescriptorStream(descriptor: descriptor, name: "the archive")
            return try place.fill { (storage) throws(BackupError) in
                try restore(
                    ArchiveReader(source: stream), stream.name, stream.size, into: storage, endingAt: point, progress)
            }
        }
    }

    private static func restore(
        _ reader: some BackupReader, _ path: String, _ total: Int?, into storage: any Storage,
        endingAt point: RestorePoint,
        _ progress: @escaping (BackupProgress) -> BackupStep
    ) throws(BackupError) -> RestoreReport {
        let run = RestoreRun(storage: storage, point: point, meter: BackupMeter(total: total, progress))
        return try run.run(reader, path: path)
    }

    /// Restores a generation from one storage into another, which must be empty; for tests.
    package static func restore(
        _ source: any Storage, generation: UInt64? = nil, into storage: any Storage, endingAt point: RestorePoint = .end
    ) throws(BackupError) -> RestoreReport {
        let directory = try BackupDirectory(source)
        let reader = DirectoryReader(directory: directory, manifest: try directory.manifest(generation))
        return try restore(reader, source.path, nil, into: storage, endingAt: point) { _ in .goOn }
    }

    /// Restores an archive into an empty storage; for tests.
    package static func restore(
        _ source: any ByteSource, into storage: any Storage, endingAt point: RestorePoint = .end
    ) throws(BackupError) -> RestoreReport {
        try restore(ArchiveReader(source: source), source.name, nil, into: storage, endingAt: point) { _ in .goOn }
    }
}

/// Where a store is to be restored, and the directory beside it where that is done.
private struct RestorePlace {
    private let path: String
    private let unfinished: String
    /// Whether an empty directory stands there, which the store replaces.
    private let isThere: Bool

    init(_ path: String) throws(BackupError) {
        let place = try backingUp { () throws(StorageError) in try SystemCalls.resolved(path) }
        self.path = place
        unfinished = place + Backup.unfinishedSuffix
        switch try backingUp({ () throws(StorageError) in try SystemCalls.kind(of: place) }) {
        case nil: isThere = false
        case .other: throw .occupied(path: path, reason: "is no directory")
        case .directory:
            isThere = true
            let names = try backingUp { () throws(StorageError) in try FileStorage(path: place).list() }
            guard names.isEmpty else { throw .occupied(path: path, reason: "is not empty") }
        }
    }

    /// Lets `body` write into the directory beside the place, and puts it there; removes it if that fails.
    func fill(_ body: (any Storage) throws(BackupError) -> RestoreReport) throws(BackupError) -> RestoreReport {
        let storage = try backingUp { () throws(StorageError) in try FileStorage.create(path: unfinished) }
        let lock = try take(storage)
        defer { withExtendedLifetime(lock) {} }
        do throws(BackupError) {
            let report = try body(storage)
            try backingUp { () throws(StorageError) in
                try storage.remove(SegmentName.lockFile)
                try storage.syncDirectory()
            }
            try putInPlace()
            return report
        } catch {
            try? Self.empty(storage)
            try? FileStorage.removeDirectory(unfinished)
            throw error
        }
    }

    private func putInPlace() throws(BackupError) {
        do throws(StorageError) {
            try SystemCalls.rename(unfinished, to: path, replacing: isThere)
        } catch {
            guard error.code == SystemCalls.exists || error.code == SystemCalls.notEmpty else {
                throw BackupError(error)
            }
            throw .occupied(path: path, reason: "was taken meanwhile")
        }
    }

    /// Takes the directory over from a restore that was interrupted, if that is what stands there.
    private func take(_ storage: FileStorage) throws(BackupError) -> any StorageLock {
        let names = try backingUp { () throws(StorageError) in try storage.list() }
        guard names.allSatisfy(Self.isOwn) else {
            throw .occupied(path: unfinished, reason: "holds other files")
        }
        switch try backingUp({ () throws(StorageError) in try storage.lock(SegmentName.lockFile) }) {
        case .held(let processID): throw .inUse(path: unfinished, processID: processID)
        case .acquired(let lock):
            try backingUp { () throws(StorageError) in try Self.empty(storage, but: SegmentName.lockFile) }
            return lock
        }
    }

    private static func isOwn(_ name: String) -> Bool {
        BackupFileName(name) != nil || BackupFile.digest(ofStoredName: name) != nil
            || [SegmentName.lockFile, SegmentName.noteFile].contains(name)
    }

    private static func empty(_ storage: FileStorage, but kept: String? = nil) throws(StorageError) {
        for name in try storage.list() where name != kept { try storage.remove(name) }
    }
}
