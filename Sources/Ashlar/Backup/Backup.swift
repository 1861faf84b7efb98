import AshlarFormat
package import AshlarStorage

/// Looking at backups, and making stores of them again; a backup is made by `Store.backup`.
public enum Backup {
    /// The generations in a directory whose manifests check out, oldest first.
    ///
    /// Throws `notABackup`, `unsupported`, `inputOutput`. Complexity: reads the manifests.
    public static func generations(at path: String) throws(BackupError) -> [BackupGeneration] {
        let directory = try BackupDirectory(try storage(at: path))
        guard !directory.manifests.isEmpty || !directory.damaged.isEmpty else {
            throw .notABackup(path: path, reason: "it has no manifest")
        }
        return directory.manifests.map(BackupGeneration.init)
    }

    /// Reads every byte of a backup and checks it against the digests, all generations of a directory unless one is given; writes nothing.
    ///
    /// Damage is in the report, not thrown. Throws `notABackup`, `unsupported`, `inputOutput`, `stopped`. `progress` is called about once a MiB.
    public static func verify(
        _ source: BackupSource, progress: @escaping (BackupProgress) -> BackupStep = { _ in .goOn }
    ) throws(BackupError) -> BackupVerification {
        switch source {
        case .directory(let path, let generation):
            return try verify(try storage(at: path), generation: generation, progress: progress)
        case .archive(let path):
            let stream = try backingUp { () throws(StorageError) in try DescriptorStream(path: path) }
            return try verify(stream, total: stream.size, progress)
        case .descriptor(let descriptor):
            let stream = DescriptorStream(descriptor: descriptor, name: "the archive")
            return try verify(stream, total: stream.size, progress)
        }
    }

    package static func verify(
        _ storage: any Storage, generation: UInt64? = nil,
        progress: @escaping (BackupProgress) -> BackupStep = { _ in .goOn }
    ) throws(BackupError) -> BackupVerification {
        let directory = try BackupDirectory(storage)
        var result = BackupVerification()
        var manifests = directory.manifests
        if let generation {
            manifests = [try directory.manifest(generation)]
        } else {
            result.problems = directory.damaged.map { .init(file: $0.name, reason: $0.reason, generations: []) }
            if manifests.isEmpty, result.problems.isEmpty { _ = try directory.manifest(nil) }
        }
        result.storeID = manifests.last?.storeID
        result.generations = manifests.map(BackupGeneration.init)
        var files: [String: (file: BackupFile, generations: [UInt64])] = [:]
        for manifest in manifests {
            for file in manifest.files {
                files[file.storedName, default: (file, [])].generations.append(manifest.generation)
            }
        }
        let meter = BackupMeter(total: files.values.reduce(0) { $0 + $1.file.size }, progress)
        for (name, found) in files.sorted(by: { $0.key < $1.key }) {
            result.files += 1
            result.bytes += found.file.size
            do throws(BackupError) {
                let reader = DirectoryReader(directory: directory, manifest: manifests[0])
                try reader.read(found.file, NoReceiver(), meter)
            } catch {
                guard case .damaged(_, _, let reason) = error else { throw error }
                result.problems.append(.init(file: name, reason: reason, generations: found.generations))
            }
        }
        return result
    }

    package static func verify(
        _ source: any ByteSource, total: Int? = nil,
        _ progress: @escaping (BackupProgress) -> BackupStep = { _ in .goOn }
    ) throws(BackupError) -> BackupVerification {
        var result = BackupVerification()
        do throws(BackupError) {
            let manifest = try ArchiveReader(source: source).read(
                into: NoReceiver(), BackupMeter(total: total, progress))
            result.storeID = manifest.storeID
            result.generations = [BackupGeneration(manifest)]
            (result.files, result.bytes) = (manifest.files.count, manifest.bytes)
        } catch {
            guard case .damaged(_, let file, let reason) = error else { throw error }
            result.problems.append(.init(file: file, reason: reason, generations: []))
        }
        return result
    }

    private static func storage(at path: String) throws(BackupError) -> FileStorage {
        let kind = try backingUp { () throws(StorageError) in try SystemCalls.kind(of: path) }
        guard kind == .directory else {
            throw .notABackup(path: path, reason: kind == nil ? "nothing is there" : "it is no directory")
        }
        return try backingUp { () throws(StorageError) in try FileStorage(path: path) }
    }

    /// The directory of a backup, opened for reading.
    static func reader(of path: String, generation: UInt64?) throws(BackupError) -> DirectoryReader {
        let directory = try BackupDirectory(try storage(at: path))
        return DirectoryReader(directory: directory, manifest: try directory.manifest(generation))
    }
}

/// Takes bytes only for the sake of their being read.
private final class NoReceiver: BackupReceiver {
    func begin(_ storedName: String) throws(BackupError) {}
    func take(_ bytes: UnsafeRawBufferPointer) throws(BackupError) {}
    func end() throws(BackupError) {}
}
