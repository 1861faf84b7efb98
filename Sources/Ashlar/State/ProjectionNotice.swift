/// What a projection tells of its snapshots: nothing that stops it.
public enum ProjectionNotice: Sendable {
    /// A snapshot is there.
    case snapshotTaken(model: String, height: Int64, file: String, rawBytes: Int, fileBytes: Int)
    /// A snapshot could not be taken; it will be tried again.
    case snapshotFailed(model: String, height: Int64, SnapshotError)
    /// A snapshot's block was undone before it was there, so it was given up.
    case snapshotVoid(model: String, height: Int64)
    /// A snapshot file could not be used to restore from; an older one or the log is used instead.
    case snapshotSkipped(model: String, file: String, reason: String)
    /// Earlier snapshots were removed, as the retention says.
    case snapshotsRetired(model: String, files: [String])
}

extension ProjectionNotice: CustomStringConvertible {
    /// What happened, in one line.
    public var description: String {
        switch self {
        case .snapshotTaken(let model, let height, let file, let raw, let stored):
            "took a snapshot of \(model) at height \(height): \(file), \(raw) bytes in \(stored)"
        case .snapshotFailed(let model, let height, let error):
            "could not take a snapshot of \(model) at height \(height): \(error)"
        case .snapshotVoid(let model, let height):
            "gave up a snapshot of \(model) at height \(height): its block was undone"
        case .snapshotSkipped(let model, let file, let reason):
            "skipped the snapshot \(file) of \(model): \(reason)"
        case .snapshotsRetired(let model, let files):
            "removed \(files.count) earlier snapshots of \(model)"
        }
    }
}
