import AshlarFormat
import AshlarStorage

/// Saves what can be saved of a damaged store into new ones; see `format-spec/decisions/0018-salvaged-stores.md`.
public enum StoreSalvage {
    /// Behind the target's path while it is being written.
    static let temporarySuffix = ".salvage"

    /// Saves every commit of the store at `path` that checks out: into `target`, and where something before is lost into `target.2`, `target.3` …
    ///
    /// The damaged store is only read, also if it cannot be opened any more. Every commit keeps its bytes, sequence and chain value; one whose
    /// records alone are damaged becomes a stub. The report tells what was lost. Nothing has a target's name before it is whole, checked and
    /// synced. The store's lock is held meanwhile, so that nobody writes. Throws `notAStore`, `alreadyExists`, `invalidArgument`, `inUse` if a
    /// writer has the store, `inputOutput`, `unsupported`, and `corrupt` if nothing could be told of the store at all. Complexity: reads the store
    /// about twice and writes it once.
    public static func run(
        at path: String, to target: String, progress: (VerifyProgress) -> Void = { _ in }
    ) throws(StoreError) -> SalvageReport {
        let kind = try storing { () throws(StorageError) in try SystemCalls.kind(of: path) }
        guard kind == .directory else { throw .notAStore(path: path) }
        try checkTarget(target, of: path)
        let storage = try storing { () throws(StorageError) in try FileStorage(path: path) }
        // What a writer appends, cuts or prunes meanwhile would look like damage. Held to the end: none begins either.
        let lock = try keepWritersOut(of: storage)
        defer { withExtendedLifetime(lock) {} }
        let plan = try SalvagePlan(storage, progress: progress)
        var report = plan.report
        for index in plan.parts.indices {
            report.parts[index].path = index == 0 ? target : "\(target).\(index + 1)"
            guard try !isThere(report.parts[index].path) else {
                throw .alreadyExists(path: report.parts[index].path)
            }
        }
        // The first one last: who finds it finds the others.
        for index in plan.parts.indices.reversed() {
            try write(plan.parts[index], of: storage, to: report.parts[index].path)
        }
        return report
    }

    /// The store's lock, shared and unwritten; nil where there is none to take, as on a copy that came without it.
    private static func keepWritersOut(of storage: FileStorage) throws(StoreError) -> (any StorageLock)? {
        switch try storing({ () throws(StorageError) in try storage.lockShared(SegmentName.lockFile) }) {
        case .acquired(let lock)?: return lock
        case .held(let processID)?: throw .inUse(path: storage.path, processID: processID)
        case nil: return nil
        }
    }

    private static func isThere(_ path: String) throws(StoreError) -> Bool {
        try storing { () throws(StorageError) in try SystemCalls.kind(of: path) } != nil
    }

    private static func checkTarget(_ target: String, of path: String) throws(StoreError) {
        guard try !isThere(target) else { throw .alreadyExists(path: target) }
        let (source, new) = try storing { () throws(StorageError) in
            (try SystemCalls.resolved(path), try SystemCalls.resolved(target))
        }
        guard new != source, !new.hasPrefix(source + "/") else {
            throw .invalidArgument("\(target) lies in the damaged store, which is not written to; choose another place")
        }
    }

    private static func write(
        _ files: [String: SalvagedFile], of storage: any Storage, to target: String
    ) throws(StoreError) {
        let draft = target + temporarySuffix
        guard try !isThere(draft) else {
            throw .invalidArgument("\(draft) was left by a salvage that was stopped; remove it first")
        }
        let directory = try storing { () throws(StorageError) in try FileStorage.create(path: draft) }
        do throws(StoreError) {
            try write(files, of: storage, into: directory)
            let found = try StoreVerification.run(directory)
            if let problem = found.problems.first { throw .corrupt(problem) }
            try storing { () throws(StorageError) in
                try SystemCalls.rename(draft, to: target, replacing: false)
            }
        } catch {
            // Best effort: what cannot be removed is named by the next run.
            for name in (try? directory.list()) ?? [] { try? directory.remove(name) }
            try? FileStorage.removeDirectory(draft)
            throw error
        }
    }

    /// Writes a part's files into an empty directory, durably. Until the last step there is no store: files have temporary names, and get their
    /// own from the last segment down, so that the log has no beginning before it is whole.
    static func write(
        _ files: [String: SalvagedFile], of storage: any Storage, into directory: any Storage
    ) throws(StoreError) {
        for (name, file) in files.sorted(by: { $0.key < $1.key }) {
            try storing { () throws(StorageError) in
                try copy(file, of: storage, to: try directory.open(name + SegmentName.temporarySuffix, .create))
            }
        }
        try storing { () throws(StorageError) in
            try directory.syncDirectory()
            for name in files.keys.sorted(by: >) {
                try directory.rename(name + SegmentName.temporarySuffix, to: name)
                // One after the other, also as a power cut leaves them.
                try directory.syncDirectory()
            }
        }
    }

    private static func copy(
        _ file: SalvagedFile, of storage: any Storage, to target: any StorageFile
    ) throws(StorageError) {
        let source = try file.open(over: storage)
        var offset = 0
        while offset < file.size {
            let bytes = try source.read(at: offset, count: min(1 << 20, file.size - offset))
            guard !bytes.isEmpty else {
                throw StorageError(
                    operation: "read (it became shorter)", path: storage.path, code: SystemCalls.inputOutput)
            }
            try target.write(bytes, at: offset)
            offset += bytes.count
        }
        try target.sync()
    }
}
