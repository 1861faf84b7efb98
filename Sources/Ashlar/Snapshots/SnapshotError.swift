import AshlarStorage

/// Everything that can go wrong with a snapshot. None of it concerns the log: a snapshot can always be taken or left.
public enum SnapshotError: Error, Sendable {
    /// A system call failed; `code` is the `errno` (of a full disk, ENOSPC).
    case inputOutput(operation: String, path: String, code: Int32)
    /// The file is not what was written; `offset` is where in it.
    case damaged(file: String, offset: Int, reason: String)
    /// The file is of a newer format.
    case unsupported(file: String, reason: String)
    /// The bytes are as they were written, but are not what the model reads: it reads on behind their end, or meets a length that cannot be.
    case malformed(String)
    /// What the model's own encoding or decoding threw.
    case model(any Error)
    /// A name, height or option outside its range.
    case invalidArgument(String)
    /// The log could not be read while snapshots were compared with it.
    case store(StoreError)
}

extension SnapshotError: CustomStringConvertible {
    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .inputOutput(let operation, let path, let code):
            StorageError(operation: operation, path: path, code: code).description
        case .damaged(let file, let offset, let reason):
            "\(file) at offset \(offset): \(reason). Remove the file; an older snapshot or the log gives the state again"
        case .unsupported(let file, let reason): "\(file): \(reason)"
        case .malformed(let what): "the content of the snapshot is not what the model reads: \(what)"
        case .model(let error): "the model failed: \(error)"
        case .invalidArgument(let why): why
        case .store(let error): error.description
        }
    }
}

extension SnapshotError {
    init(_ error: StorageError) {
        self = .inputOutput(operation: error.operation, path: error.path, code: error.code)
    }

    /// What a model's closure threw: our own errors as they are, all else as the model's.
    init(thrownByModel error: any Error) {
        self = error as? SnapshotError ?? .model(error)
    }
}

/// Runs a storage call and turns its error into the snapshots'.
func snapshotting<Result: ~Copyable>(_ body: () throws(StorageError) -> Result) throws(SnapshotError) -> Result {
    do { return try body() } catch { throw SnapshotError(error) }
}
