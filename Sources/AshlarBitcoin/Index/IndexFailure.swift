package import Ashlar
import AshlarCLI
import Glibc

/// What ends a run early.
package enum IndexFailure: Error, Hashable, Sendable {
    /// The store refused or failed.
    case store(StoreError)
    /// The block files, or what was asked for.
    case input(InputProblem)
}

extension IndexFailure: CustomStringConvertible {
    /// What is wrong and what to do.
    package var description: String {
        switch self {
        case .store(.belowFinality(let height, let final)):
            "the branch with the most work leaves the chain at height \(height), below the final height \(final); "
                + "roll the store back with `ashlar rollback --below-finality` if it is right"
        case .store(let error): "\(error)"
        case .input(let problem): "\(problem)"
        }
    }
}

extension CommandError {
    /// What a command makes of a run that ended early.
    init(_ failure: IndexFailure) {
        switch failure {
        case .store(.belowFinality): self = .refused(code: "belowFinality", message: "\(failure)")
        case .store(let error): self = .store(error)
        case .input(.system(let operation, let path, let code)) where code != ENOENT:
            self = .store(.inputOutput(operation: operation, path: path, code: code))
        case .input(let problem): self = .refused(code: problem.code, message: "\(problem)")
        }
    }
}

/// Runs something that talks to the store.
func withStore<Result: ~Copyable>(_ body: () throws(StoreError) -> Result) throws(IndexFailure) -> Result {
    do { return try body() } catch { throw .store(error) }
}

/// Runs something that reads block files.
func withInput<Result: ~Copyable>(_ body: () throws(InputProblem) -> Result) throws(IndexFailure) -> Result {
    do { return try body() } catch { throw .input(error) }
}
