public import AshlarFormat
import AshlarStorage

/// Everything that can go wrong while a store is backed up or restored. The store itself, and backups made before, are as they were.
public enum BackupError: Error, Sendable, Hashable {
    /// The store cannot be read, is damaged, or what was restored cannot be opened.
    case store(StoreError)
    /// A system call failed; `code` is the `errno`.
    case inputOutput(operation: String, path: String, code: Int32)
    /// There is no backup at this path (of this generation).
    case notABackup(path: String, reason: String)
    /// Something else stands where the backup, or the restored store, is to be.
    case occupied(path: String, reason: String)
    /// Another process makes or restores a backup there; the process id only informs.
    case inUse(path: String, processID: Int32?)
    /// The backup at this path is one of another store.
    case otherStore(path: String, found: StoreID, wanted: StoreID)
    /// The backup is of a newer format.
    case unsupported(String)
    /// The backup is not what was written; `file` is what in it, `path` where it is.
    case damaged(path: String, file: String, reason: String)
    /// The store was pruned so often meanwhile that no whole backup came together.
    case changing(path: String)
    /// The log has no commit to stop at as asked.
    case notReached(String)
    /// An option or path outside its range.
    case invalidArgument(String)
    /// The caller's `progress` said so.
    case stopped
}

extension BackupError: CustomStringConvertible {
    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .store(let error): error.description
        case .inputOutput(let operation, let path, let code):
            StorageError(operation: operation, path: path, code: code).description
        case .notABackup(let path, let reason): "there is no backup at \(path): \(reason)"
        case .occupied(let path, let reason): "\(path) \(reason); choose a place that is empty or not there"
        case .inUse(let path, let processID):
            "\(path) is in use by \(processID.map { "process \($0)" } ?? "another process"); one at a time"
        case .otherStore(let path, let found, let wanted):
            "\(path) holds backups of store \(found), and this is store \(wanted); choose another directory"
        case .unsupported(let what): what
        case .damaged(let path, let file, let reason):
            "the backup \(path) is damaged: \(file): \(reason). Take another generation or another backup"
        case .changing(let path): "\(path) was pruned again and again while it was read; run the backup again"
        case .notReached(let why), .invalidArgument(let why): why
        case .stopped: "stopped"
        }
    }
}

extension BackupError {
    init(_ error: StorageError) {
        self = .inputOutput(operation: error.operation, path: error.path, code: error.code)
    }

    /// Whether a file was not there.
    var isNotFound: Bool {
        switch self {
        case .inputOutput(_, _, SystemCalls.notFound), .store(.inputOutput(_, _, SystemCalls.notFound)),
            .store(.viewExpired):
            true
        default: false
        }
    }
}

/// Runs a storage call and turns its error into the backup's.
func backingUp<Result: ~Copyable>(_ body: () throws(StorageError) -> Result) throws(BackupError) -> Result {
    do { return try body() } catch { throw BackupError(error) }
}

/// Runs a part that reads the store and turns its error into the backup's.
func fromStore<Result: ~Copyable>(_ body: () throws(StoreError) -> Result) throws(BackupError) -> Result {
    do { return try body() } catch { throw .store(error) }
}
