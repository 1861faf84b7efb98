package import Ashlar
import AshlarFormat
import Glibc

/// Everything that can end a command early, and what its caller sees of it.
package enum CommandError: Error, Hashable, Sendable {
    /// The store refused or failed.
    case store(StoreError)
    /// What was asked for cannot be; nothing was changed. `code` is stable, for programs.
    case refused(code: String, message: String)
    /// Another process writes a store that is needed; `message` says what to do.
    case refusedInUse(message: String)
    /// A signal stopped it at a commit; `message` says how to go on.
    case interrupted(message: String)
    /// `verify` found damage and has reported it.
    case damaged(message: String)
    /// A database failed; `code` is stable, for programs.
    case database(_ code: String, message: String)
    /// The reader of the output has gone away, which is no failure.
    case outputClosed
    /// The output could not be written; `code` is the `errno`.
    case output(code: Int32)
    /// A signal ended a command that goes on until one comes; everything was written out, and there is nothing to report.
    case ended
    /// `health` found something and has reported it; the exit code says how bad it is.
    case unhealthy(exitCode: Int32)

    /// Whether nothing more is to be said.
    var isSilent: Bool {
        switch self {
        case .outputClosed, .ended, .unhealthy: true
        default: false
        }
    }

    /// The exit code, as `ashlar help` documents it.
    package var exitCode: Int32 {
        switch self {
        case .store(let error): ExitCodes.code(for: error)
        case .refused: ExitCodes.refused
        case .refusedInUse: ExitCodes.inUse
        case .database: ExitCodes.system
        case .interrupted: ExitCodes.interrupted
        case .damaged: ExitCodes.damaged
        case .outputClosed: 0
        case .output: ExitCodes.system
        case .ended: ExitCodes.interrupted
        case .unhealthy(let exitCode): exitCode
        }
    }

    /// A stable word for the kind of failure, for programs.
    package var code: String {
        switch self {
        case .store(let error): Self.code(of: error)
        case .refused(let code, _), .database(let code, _): code
        case .refusedInUse: "inUse"
        case .interrupted: "interrupted"
        case .damaged: "damaged"
        case .outputClosed: "outputClosed"
        case .output: "output"
        case .ended: "interrupted"
        case .unhealthy: "unhealthy"
        }
    }

    private static func code(of error: StoreError) -> String {
        switch error {
        case .notAStore: "notAStore"
        case .alreadyExists: "alreadyExists"
        case .inUse: "inUse"
        case .unsupported: "unsupported"
        case .corrupt: "corrupt"
        case .inputOutput: "inputOutput"
        case .poisoned: "poisoned"
        case .closed: "closed"
        case .lost: "lost"
        case .viewExpired: "viewExpired"
        case .removed: "removed"
        default: refusalCode(of: error)
        }
    }

    private static func refusalCode(of error: StoreError) -> String {
        switch error {
        case .pruned: "pruned"
        case .unlinked: "unlinked"
        case .fork: "fork"
        case .belowFinality: "belowFinality"
        case .aboveTip: "aboveTip"
        case .unknownHash: "unknownHash"
        case .wrongHeight: "wrongHeight"
        case .differentBlock: "differentBlock"
        case .notAdoptable: "notAdoptable"
        case .payloadTooLarge: "payloadTooLarge"
        case .commitTooLarge: "commitTooLarge"
        case .invalidPageToken: "invalidPageToken"
        case .cursorNotFound: "cursorNotFound"
        case .acknowledgedFurther: "acknowledgedFurther"
        case .consumerInUse: "consumerInUse"
        case .tailLost: "tailLost"
        case .cancelled: "cancelled"
        case .otherDerivation: "otherDerivation"
        case .derivationFailed: "derivationFailed"
        default: "invalidArgument"
        }
    }
}

extension CommandError: CustomStringConvertible {
    /// What is wrong and what to do, in one line.
    package var description: String {
        switch self {
        case .store(let error): "\(error)" + (Self.advice(for: error).map { "; \($0)" } ?? "")
        case .refused(_, let message), .refusedInUse(let message), .interrupted(let message), .damaged(let message),
            .database(_, let message):
            message
        case .outputClosed: "nobody reads the output any more"
        case .output(let code): "cannot write the output: \(String(cString: strerror(code))) (errno \(code))"
        case .ended: "stopped by a signal"
        case .unhealthy: "the store is not well"
        }
    }

    /// What the engine cannot know to say, because it does not know the command line.
    private static func advice(for error: StoreError) -> String? {
        switch error {
        case .notAStore where Report.program == "ashlar": "`ashlar init` makes one"
        case .alreadyExists: "choose another directory, or go on with this store"
        case .inUse: "stop that process, or wait for it"
        case .belowFinality: "`--below-finality` does"
        case .consumerInUse: "stop that process, or wait for it"
        case .acknowledgedFurther: "`ashlar consumers --set` does"
        case .inputOutput(_, _, let code) where code == EACCES || code == EPERM:
            "check who owns the store and its permissions"
        case .inputOutput(_, _, let code) where code == EROFS: "the file system is read-only"
        case .inputOutput(_, _, let code) where code == ENOSPC: "make room on the disk and run it again"
        default: nil
        }
    }
}

/// Runs a part of a command that talks to the store, and turns its error into the command's.
package func withStore<Result: ~Copyable>(
    _ body: () throws(StoreError) -> Result
) throws(CommandError) -> Result {
    do throws(StoreError) { return try body() } catch { throw .store(error) }
}
