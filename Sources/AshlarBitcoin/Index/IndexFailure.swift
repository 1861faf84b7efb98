package import Ashlar
import Glibc

/// What ends a run early.
package enum IndexFailure: Error, Hashable, Sendable {
    /// The store refused or failed.
    case store(StoreError)
    /// The block files, or what was asked for.
    case input(InputProblem)

    /// A stable word for the kind of failure, for programs.
    package var code: String {
        switch self {
        case .store(.notAStore): "notAStore"
        case .store(.inUse): "inUse"
        case .store(.corrupt): "corrupt"
        case .store(.belowFinality): "belowFinality"
        case .store(.inputOutput): "inputOutput"
        case .store: "store"
        case .input(let problem): problem.code
        }
    }

    /// The exit code, as that of the tool `ashlar`.
    package var exitCode: Int32 {
        switch self {
        case .store(.corrupt), .store(.removed), .store(.viewExpired): 1
        case .store(.inUse): 3
        case .store(.inputOutput), .store(.poisoned), .store(.closed): 4
        case .input(.system(_, _, let code)) where code != ENOENT: 4
        default: 2
        }
    }
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

/// Runs something that talks to the store.
func withStore<Result: ~Copyable>(_ body: () throws(StoreError) -> Result) throws(IndexFailure) -> Result {
    do { return try body() } catch { throw .store(error) }
}

/// Runs something that reads block files.
func withInput<Result: ~Copyable>(_ body: () throws(InputProblem) -> Result) throws(IndexFailure) -> Result {
    do { return try body() } catch { throw .input(error) }
}
