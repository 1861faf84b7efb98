import AshlarFormat
import AshlarStorage

/// A directory with the generations of a backup, as its manifests tell.
struct BackupDirectory {
    static let lockFile = SegmentName.lockFile

    let storage: any Storage
    /// The manifests that check out, oldest first.
    private(set) var manifests: [BackupManifest] = []
    /// Names of manifests that do not, and why.
    private(set) var damaged: [(name: String, reason: String)] = []
    /// All names in the directory.
    let names: [String]

    init(_ storage: any Storage) throws(BackupError) {
        self.storage = storage
        names = try backingUp { () throws(StorageError) in try storage.list().sorted() }
        for name in names {
            guard let generation = BackupManifest.generation(ofFileName: name) else { continue }
            let bytes = try backingUp { () throws(StorageError) in
                let file = try storage.open(name, .read)
                return try file.size() > BackupManifest.maxBytes ? [] : file.read(at: 0, count: file.size())
            }
            do throws(FormatError) {
                let manifest = try BackupManifest(decoding: bytes)
                try require(
                    manifest.generation == generation, "backup manifest: it is not of the generation in its name")
                manifests.append(manifest)
            } catch {
                if case .unsupported(let what) = error { throw .unsupported(what) }
                damaged.append((name, error.reason))
            }
        }
        manifests.sort { $0.generation < $1.generation }
    }

    /// The manifest of a generation, of the newest if nil.
    func manifest(_ generation: UInt64?) throws(BackupError) -> BackupManifest {
        if let found = generation.map({ number in manifests.first { $0.generation == number } }) ?? manifests.last {
            return found
        }
        let wanted = generation.map { BackupManifest.fileName(generation: $0) }
        if let bad = damaged.last(where: { wanted == nil || $0.name == wanted }) {
            throw .damaged(path: storage.path, file: bad.name, reason: bad.reason)
        }
        let reason = generation.map { "it has no generation \($0)" } ?? "it has no manifest"
        throw .notABackup(path: storage.path, reason: reason)
    }

    /// The highest generation that was ever made here.
    var lastGeneration: UInt64 { names.compactMap { BackupManifest.generation(ofFileName: $0) }.max() ?? 0 }

    /// Throws unless backups of `store` can be kept here.
    func check(for store: StoreID) throws(BackupError) {
        if let other = manifests.last(where: { $0.storeID != store }) {
            throw .otherStore(path: storage.path, found: other.storeID, wanted: store)
        }
        guard manifests.isEmpty, damaged.isEmpty else { return }
        // What an interrupted first backup left is ours; a store, or anything else, is not.
        if let foreign = names.first(where: { !Self.isOwn($0) }) {
            throw .occupied(path: storage.path, reason: "holds other files (\(foreign)) and no backup")
        }
    }

    static func isOwn(_ name: String) -> Bool {
        BackupManifest.generation(ofFileName: name) != nil || BackupFile.digest(ofStoredName: name) != nil
            || isTemporary(name) || name == lockFile
    }

    static func isTemporary(_ name: String) -> Bool { name.hasSuffix(SegmentName.temporarySuffix) }

    /// Removes what a backup that was interrupted left half-written.
    func removeTemporaryFiles() throws(BackupError) {
        for name in names where Self.isTemporary(name) {
            try backingUp { () throws(StorageError) in try storage.remove(name) }
        }
    }
}
