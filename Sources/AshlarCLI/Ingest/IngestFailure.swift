package import Ashlar
import Glibc

/// What ended a run of `ingest` early.
package enum IngestFailure: Error, Hashable, Sendable {
    /// The input is wrong, or cannot be read.
    case input(name: String, InputError)
    /// The store refused a line.
    case line(name: String, line: Int, StoreError)
    /// A line's block links to nothing known.
    case unlinked(name: String, line: Int, detail: String)
    /// The store failed.
    case store(StoreError)
    /// The directory holds something else.
    case foreignDirectory(path: String)
    /// A new store needs to know how hashes are written, and the input does not tell.
    case noNotation
    /// The acknowledgements cannot be written; the `errno`.
    case output(code: Int32)

    /// The exit code, as `ashlar help` documents it.
    package var exitCode: Int32 {
        switch self {
        case .input(_, .io): ExitCodes.system
        case .input, .unlinked, .foreignDirectory, .noNotation: ExitCodes.refused
        case .line(_, _, let error), .store(let error): ExitCodes.code(for: error)
        case .output: ExitCodes.system
        }
    }

    /// A stable word for programs.
    package var code: String {
        switch self {
        case .input(_, .io): "inputOutput"
        case .input: "badInput"
        case .unlinked: "unlinked"
        case .foreignDirectory: "notAStore"
        case .noNotation: "noNotation"
        case .output: "output"
        case .line(_, _, let error), .store(let error): CommandError.store(error).code
        }
    }
}

extension IngestFailure: CustomStringConvertible {
    /// What is wrong, where, and what to do.
    package var description: String {
        switch self {
        case .input(let name, let error):
            let text = "\(error)"
            return text.hasPrefix(name) ? text : "\(name): \(text)"
        case .line(let name, let line, let error):
            return "\(name): line \(line): \(error)" + Self.advice(for: error)
        case .unlinked(let name, let line, let detail):
            return "\(name): line \(line): \(detail); add the blocks before it to the input, "
                + "or pass over such lines with `--on-unlinked skip`"
        case .store(let error): return "\(error)" + Self.advice(for: error)
        case .foreignDirectory(let path):
            return "\(path) is not a store and holds other files; name an empty or a new directory"
        case .noNotation:
            return "the store is new and the input begins with no block to tell how its hashes are written; "
                + "say so with `--hash`, or make the store with `ashlar init`"
        case .output(let code):
            return "cannot write to the standard output: \(String(cString: strerror(code))) (errno \(code)); "
                + "what was taken is kept"
        }
    }

    private static func advice(for error: StoreError) -> String {
        switch error {
        case .inUse: "; stop that process, or wait for it"
        case .differentBlock: "; find out which of the two is right: the store keeps the first"
        case .aboveTip: "; check the height in the line"
        case .poisoned: "; put right what failed (make room on a full disk) and run the same command again"
        case .payloadTooLarge: "; raise `--max-payload-bytes`"
        case .inputOutput(_, _, let code) where code == ENOSPC:
            "; make room on the disk and run the same command again, it goes on where the store ends"
        case .inputOutput(_, _, let code) where code == EACCES || code == EPERM:
            "; check who owns the store and its permissions"
        case .inputOutput(_, _, let code) where code == EROFS: "; the file system is read-only"
        default: ""
        }
    }
}

/// Runs a part of a run that talks to the store as a whole.
func ofStore<Result: ~Copyable>(_ body: () throws(StoreError) -> Result) throws(IngestFailure) -> Result {
    do throws(StoreError) { return try body() } catch { throw .store(error) }
}

/// Runs a part of a run that reads an input.
func ofInput<Result: ~Copyable>(
    _ name: String, _ body: () throws(InputError) -> Result
) throws(IngestFailure) -> Result {
    do throws(InputError) { return try body() } catch { throw .input(name: name, error) }
}
