/// Everything that can go wrong with a projection. Each case says what to do about it.
public enum ProjectionError: Error, Sendable {
    /// The log could not be read.
    case store(StoreError)
    /// A model refused an event; the projection stands at the block before, the log is intact and can be appended to.
    case model(name: String, height: Int64?, sequence: UInt64, ordinal: Int, cause: any Error)
    /// The events that this state would be made of were removed or pruned; from `answerableFrom` on states can be asked for (nil: from nowhere now).
    case notKept(model: String, height: Int64, answerableFrom: Int64?)
    /// A height above the tip of the chain asked about.
    case aboveTip(height: Int64, tipHeight: Int64?)
    /// A model's name or options outside their range, or a name that is taken.
    case invalidArgument(String)
    /// The states are being loaded from snapshots and the log, or that failed: they are there once a call of `advance` succeeds.
    case restoring
    /// The projection was closed.
    case closed
}

extension ProjectionError: CustomStringConvertible {
    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .store(let error): return "\(error)"
        case .model(let name, let height, let sequence, let ordinal, let cause):
            let place = height.map { "block \($0)" } ?? "a floating batch"
            return
                "model \(name) refused event \(ordinal) of \(place) (sequence \(sequence)): \(cause). Its state stays at the block before;"
                + " mend the model, or undo the block"
        case .notKept(let model, let height, let answerableFrom):
            let from =
                answerableFrom.map { "it can be answered from height \($0) on" } ?? "no snapshot is left to start from"
            return "the state of \(model) at height \(height) cannot be told: events below were removed; \(from)"
        case .aboveTip(let height, let tip):
            return "height \(height) is above the tip (\(tip.map { "\($0)" } ?? "none"))"
        case .invalidArgument(let why): return why
        case .restoring: return "the states are not restored yet; call `advance`, or ask again when it has returned"
        case .closed: return "the projection is closed"
        }
    }
}

/// Runs a part that talks to the store, and turns its error into the projection's.
func reading<Result: ~Copyable>(_ body: () throws(StoreError) -> Result) throws(ProjectionError) -> Result {
    do { return try body() } catch { throw .store(error) }
}
