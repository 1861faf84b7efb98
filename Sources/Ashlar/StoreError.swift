import AshlarFormat
import AshlarStorage

/// Damage to bytes that were durable, or that no crash can explain.
public struct Corruption: Sendable, Hashable, CustomStringConvertible {
    /// The file's name in the store's directory.
    public var file: String
    /// Where in it, in bytes.
    public var offset: Int
    /// The heights of the blocks that are or may be concerned, if known.
    public var heights: ClosedRange<Int64>?
    /// What does not check out.
    public var reason: String

    /// Where, what, and which heights.
    public var description: String {
        let place = "\(file) at offset \(offset): \(reason)"
        guard let heights else { return place }
        return place + " (heights \(heights.lowerBound)–\(heights.upperBound == .max ? "…" : "\(heights.upperBound)"))"
    }
}

/// Everything that can go wrong with a store. Each case says what to do about it.
public enum StoreError: Error, Sendable, Hashable {
    /// There is no store at this path.
    case notAStore(path: String)
    /// There is a store at this path already.
    case alreadyExists(path: String)
    /// Another writer has the store open; the process id only informs.
    case inUse(path: String, processID: Int32?)
    /// The files are of a newer format.
    case unsupported(String)
    /// Durable bytes are damaged. Nothing was cut or changed.
    case corrupt(Corruption)
    /// A system call failed; `code` is the `errno`.
    case inputOutput(operation: String, path: String, code: Int32)
    /// An earlier write or sync failed, so nothing more is written until the store is opened anew.
    case poisoned(cause: String)
    /// The store was closed.
    case closed
    /// The log up to `sequence`, with the blocks up to `height`, was pruned on the user's word, and what was asked for lies there.
    case pruned(sequence: UInt64, height: Int64)
    /// What was asked for is lost: the store is damaged there, and was opened to read what is healthy.
    case lost(LostRange)
    /// The view's ground was pruned or compacted away.
    case viewExpired
    /// The events of this commit were removed on the user's word; its header is still there.
    case removed(sequence: UInt64)

    /// The block's parent is not in the log's canonical chain; `undoneSequence` is its commit if it was undone.
    case unlinked(height: Int64, tipHeight: Int64?, finalHeight: Int64?, undoneSequence: UInt64?)
    /// The block stands on an earlier canonical block and the options refuse forks.
    case fork(height: Int64, tipHeight: Int64)
    /// A rollback that would undo a final block.
    case belowFinality(toHeight: Int64, finalHeight: Int64)
    /// A rollback to a height above the tip.
    case aboveTip(height: Int64, tipHeight: Int64?)
    /// No canonical block has this hash.
    case unknownHash(String)
    /// The block's height does not follow from its parent's.
    case wrongHeight(height: Int64, expected: Int64)
    /// This block is canonical already, with other content; `difference` names the first.
    case differentBlock(height: Int64, difference: String)
    /// An element of a branch cannot be adopted.
    case notAdoptable(String)
    /// A payload is larger than the option allows.
    case payloadTooLarge(bytes: Int, limit: Int)
    /// A commit would exceed the format's limits.
    case commitTooLarge(String)
    /// What stands at the target's path was not begun by this derivation of this source.
    case otherDerivation(path: String, reason: String)
    /// A derivation could not derive this commit (ordinal: this event of it). What was derived before it stays.
    case derivationFailed(sequence: UInt64, height: Int64?, ordinal: Int?, reason: String)
    /// A name, hash, id, mark or option outside its range.
    case invalidArgument(String)
    /// A page token that is not of this store, view or query.
    case invalidPageToken(String)
    /// This log does not contain what a cursor stands for.
    case cursorNotFound(CursorMismatch)
    /// The consumer has acknowledged more already, up to `position`; going back has to be asked for.
    case acknowledgedFurther(consumer: String, position: Cursor)
    /// Another handle, of this or another process, acknowledges under this consumer's name; the process id only informs.
    case consumerInUse(consumer: String, processID: Int32?)
    /// What this reader saw beyond the durable sequence was lost by the writer's machine, and the log was written on without it.
    case tailLost(sequence: UInt64)
    /// Thrown by a caller's closure to give up a batch: nothing is appended.
    case cancelled
}

extension StoreError: CustomStringConvertible {
    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .notAStore(let path): "there is no Ashlar store at \(path)"
        case .alreadyExists(let path): "there is a store at \(path) already"
        case .inUse(let path, let processID):
            "\(path) is open for writing in \(processID.map { "process \($0)" } ?? "another process"); only one writer at a time"
        case .unsupported(let what): what
        case .corrupt(let corruption): "corrupt: \(corruption). Nothing was changed; `ashlar verify` tells more"
        case .inputOutput(let operation, let path, let code):
            StorageError(operation: operation, path: path, code: code).description
        case .poisoned(let cause): "the store stopped writing after a failure (\(cause)); close it and open it again"
        case .closed: "the store is closed"
        case .pruned(let sequence, let height):
            "the log up to sequence \(sequence) (heights up to \(height)) was pruned; ask from sequence \(sequence + 1), height \(height + 1), on"
        case .lost(let range): "\(range). `ashlar salvage` saves the rest"
        case .viewExpired: "what this view shows was pruned or compacted; take a new view"
        case .removed(let sequence): "the events of commit \(sequence) were removed by prune or compact"
        default: forkDescription
        }
    }

    private var forkDescription: String {
        switch self {
        case .unlinked(let height, let tip, let final, let undone):
            "the parent of block \(height) is not canonical here (tip \(Self.text(tip)), final \(Self.text(final)))"
                + (undone.map { "; it is the undone block of commit \($0): adopt its branch" }
                    ?? "; append the blocks before it first")
        case .fork(let height, let tip): "block \(height) forks below the tip \(tip), and the options refuse forks"
        case .belowFinality(let height, let final):
            "rolling back to height \(height) would undo blocks up to the final height \(final); override it if you are sure"
        case .aboveTip(let height, let tip): "cannot roll back to height \(height): the tip is \(Self.text(tip))"
        case .unknownHash(let hash): "no canonical block has the hash \(hash)"
        case .wrongHeight(let height, let expected):
            "block \(height) has the wrong height: its parent makes it \(expected)"
        case .differentBlock(let height, let difference):
            "block \(height) is canonical already with other content: \(difference)"
        default: inputDescription
        }
    }

    private var inputDescription: String {
        switch self {
        case .notAdoptable(let why): "the branch cannot be adopted: \(why)"
        case .payloadTooLarge(let bytes, let limit): "a payload of \(bytes) bytes is over the limit of \(limit)"
        case .commitTooLarge(let why): "the commit is too large: \(why)"
        case .otherDerivation(let path, let reason):
            "\(path) cannot be gone on with: \(reason); choose another directory, or remove this one"
        case .derivationFailed(let sequence, let height, let ordinal, let reason):
            "deriving commit \(sequence)"
                + (height.map { " (block \($0)" + (ordinal.map { ", event \($0))" } ?? ")") } ?? "")
                + " failed: \(reason)"
        case .invalidArgument(let why), .invalidPageToken(let why): why
        case .cancelled: "cancelled by the caller"
        default: followingDescription
        }
    }

    private var followingDescription: String {
        switch self {
        case .cursorNotFound(let mismatch): "\(mismatch)"
        case .acknowledgedFurther(let consumer, let position):
            "consumer `\(consumer)` has acknowledged up to \(position) already; going back has to be asked for"
        case .consumerInUse(let consumer, let processID):
            "consumer `\(consumer)` is in use by \(processID.map { "process \($0)" } ?? "another process"); only one acknowledges under a name"
        case .tailLost(let sequence):
            "what was read up to sequence \(sequence) was not durable and is lost: the log was written on without it; open the store again"
        // Every case has its text above; this keeps a new one from describing itself without end.
        default: "an error without a description"
        }
    }

    private static func text(_ height: Int64?) -> String { height.map { "\($0)" } ?? "none" }
}

extension StoreError {
    init(_ error: StorageError) {
        self = .inputOutput(operation: error.operation, path: error.path, code: error.code)
    }
}

/// Runs a storage call and turns its error into the store's.
func storing<Result: ~Copyable>(_ body: () throws(StorageError) -> Result) throws(StoreError) -> Result {
    do { return try body() } catch { throw StoreError(error) }
}
