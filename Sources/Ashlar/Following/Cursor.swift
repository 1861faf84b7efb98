public import AshlarFormat

/// Where a consumer of the log stands: a small printable string, good after restarts, and proof that a log is the one it was read from.
///
/// Everything up to and including commit `sequence` was handed out; or, if `isWhole` is false, a part of that commit. The chain value is that of
/// commit `sequence` itself, also in the midst of it: were it that of the commit before, a cursor into a commit that was lost and written
/// anew would be taken for one into the new commit.
public struct Cursor: Sendable, Hashable {
    /// The store it belongs to.
    public let storeID: StoreID
    /// The last commit that anything was handed out of; 0 before the first.
    public let sequence: UInt64
    /// That commit's chain value (for 0 the origin, which follows from the store's id).
    public let chainValue: UInt64
    /// The step of commit `sequence` to go on with; 0 with `event` 0 if all of the commit was handed out.
    package let step: UInt32
    /// How much of that step was handed out: the next event's ordinal, or how many undone blocks.
    package let event: UInt32

    package init(storeID: StoreID, sequence: UInt64, chainValue: UInt64, step: UInt32 = 0, event: UInt32 = 0) {
        self.storeID = storeID
        self.sequence = sequence
        self.chainValue = chainValue
        self.step = step
        self.event = event
    }

    /// Whether everything of commit `sequence` was handed out.
    public var isWhole: Bool { step == 0 && event == 0 }

    /// The last commit of which nothing is missing.
    public var wholeSequence: UInt64 { isWhole ? sequence : sequence - 1 }

    /// Whether this one stands behind `other` in the order of the log; both must be of one log.
    public func isBehind(_ other: Cursor) -> Bool {
        if sequence != other.sequence { return sequence > other.sequence }
        if other.isWhole { return false }
        return isWhole || (step, event) > (other.step, other.event)
    }
}

extension Cursor: CustomStringConvertible {
    /// The cursor that `description` printed, or nil if the text is none.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 || parts.count == 6, parts[0] == "c1", let store = StoreID(hex: parts[1]),
            let sequence = UInt64(parts[2], radix: 16), let chainValue = UInt64(parts[3], radix: 16)
        else { return nil }
        var (step, event): (UInt32, UInt32) = (0, 0)
        if parts.count == 6 {
            guard let first = UInt32(parts[4], radix: 16), let second = UInt32(parts[5], radix: 16) else { return nil }
            (step, event) = (first, second)
        }
        self.init(storeID: store, sequence: sequence, chainValue: chainValue, step: step, event: event)
        // One cursor has one text: a sign, upper case or a zero in front makes it another's.
        guard description == text, sequence > 0 || isWhole else { return nil }
    }

    /// The cursor as text: letters, digits and dots, at most 87 characters.
    public var description: String {
        let words = ["c1", storeID.description, String(sequence, radix: 16), Hex.string(chainValue)]
        let rest = isWhole ? [] : [String(step, radix: 16), String(event, radix: 16)]
        return (words + rest).joined(separator: ".")
    }
}

/// Why a log does not contain what a cursor stands for.
public enum CursorMismatch: Sendable, Hashable {
    /// The cursor belongs to another store.
    case otherStore(StoreID)
    /// The log ends before the cursor's sequence: it was cut back, restored from a backup, or this reader does not see that far yet.
    case beyondEnd(sequence: UInt64, last: UInt64)
    /// The log has another commit with the cursor's sequence: a tail was lost and written anew.
    case otherCommit(sequence: UInt64)
    /// The cursor stands in the midst of a commit that has no such place: its text was changed.
    case noSuchPlace(sequence: UInt64)
}

extension CursorMismatch: CustomStringConvertible {
    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .otherStore(let store): "the cursor belongs to store \(store), not to this one"
        case .beyondEnd(let sequence, let last):
            "the cursor stands at sequence \(sequence), but the log ends at \(last) here: it was cut back or restored from a backup, or "
                + "that commit is not durable yet; if it stays so, undo what was taken beyond \(last) and go on from there"
        case .otherCommit(let sequence):
            "the log has another commit \(sequence) than the one the cursor stands at: the end of the log was lost and written anew; "
                + "go back to a cursor from before that, or start again"
        case .noSuchPlace(let sequence):
            "the cursor stands at a place in commit \(sequence) that this commit does not have; copy the cursor whole"
        }
    }
}
