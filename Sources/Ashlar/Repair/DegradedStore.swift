package import AshlarStorage

/// A damaged store, open for reading what is healthy of it.
///
/// It is a number of parts, each a store of its own with the chain and the log up to the next loss. What is asked of a part below its beginning
/// throws `pruned`, and the events of an emptied commit `removed`; what lies between parts throws `lost`: damage never looks like an empty result.
/// Following is refused, because no follower can pass over what is lost.
public final class DegradedStore: Sendable {
    /// What is lost, and where.
    public let report: SalvageReport
    /// The healthy runs of the log, in its order; one for each of the report's parts.
    public let parts: [Store]

    /// Opens the store at `path`, however damaged; changes nothing, and sees nothing that comes later.
    ///
    /// Throws `notAStore`, `inputOutput`, `unsupported`, and `corrupt` if nothing could be told of the store at all. Complexity: reads every byte
    /// once.
    public static func open(at path: String) throws(StoreError) -> DegradedStore {
        let kind = try storing { () throws(StorageError) in try SystemCalls.kind(of: path) }
        guard kind == .directory else { throw .notAStore(path: path) }
        return try DegradedStore(try storing { () throws(StorageError) in try FileStorage(path: path) })
    }

    package init(_ storage: any Storage) throws(StoreError) {
        let plan = try SalvagePlan(storage)
        report = plan.report
        parts = try plan.parts.map { (files) throws(StoreError) in
            Store(
                try StoreCore.openForReading(
                    SalvagedStorage(files, of: storage), horizon: .committed, isDegraded: true))
        }
    }

    /// The part whose chain has the heights around `height`; throws `lost` if none has.
    public func part(atHeight height: Int64) throws(StoreError) -> Store {
        for (part, store) in zip(report.parts, parts).reversed() {
            if let heights = part.heights, heights.contains(height) { return store }
        }
        if let last = parts.last, let tip = report.parts.last?.heights?.upperBound, height > tip,
            !report.lost.contains(where: { $0.heights?.contains(height) ?? false })
        {
            return last
        }
        throw lost { $0.heights?.contains(height) ?? false }
    }

    /// The part that has the commit with this sequence; throws `lost` if none has.
    public func part(ofSequence sequence: UInt64) throws(StoreError) -> Store {
        for (part, store) in zip(report.parts, parts) where part.sequences.contains(sequence) { return store }
        throw lost { $0.sequences?.contains(sequence) ?? false }
    }

    private func lost(_ contains: (LostRange) -> Bool) -> StoreError {
        guard let range = report.lost.first(where: contains) else {
            return .invalidArgument("it is in no healthy part of the store")
        }
        return .lost(range)
    }

    /// The stretches of `heights` whose canonical blocks and events can be read, with the part to read them from, in ascending order. What is left
    /// out is lost, and named by the report. A height may come twice, where a branch was undone behind a loss.
    public func healthyHeights(in heights: ClosedRange<Int64>) -> [(store: Store, heights: ClosedRange<Int64>)] {
        var found: [(Store, ClosedRange<Int64>)] = []
        for (part, store) in zip(report.parts, parts) {
            guard let own = part.heights, own.overlaps(heights) else { continue }
            var rest: ClosedRange<Int64>? = own.clamped(to: heights)
            for commit in report.emptied where part.sequences.contains(commit.sequence) {
                guard let height = commit.height, let range = rest, range.contains(height) else { continue }
                if height > range.lowerBound { found.append((store, range.lowerBound...height - 1)) }
                rest = height < range.upperBound ? height + 1...range.upperBound : nil
            }
            if let rest { found.append((store, rest)) }
        }
        return found.map { (store: $0.0, heights: $0.1) }
    }

    /// The same of sequences: all events of the log, undone and floating ones too.
    public func healthySequences(in sequences: ClosedRange<UInt64>) -> [(store: Store, sequences: ClosedRange<UInt64>)]
    {
        var found: [(Store, ClosedRange<UInt64>)] = []
        for (part, store) in zip(report.parts, parts) where part.sequences.overlaps(sequences) {
            var rest: ClosedRange<UInt64>? = part.sequences.clamped(to: sequences)
            for commit in report.emptied {
                guard let range = rest, range.contains(commit.sequence) else { continue }
                let sequence = commit.sequence
                if sequence > range.lowerBound { found.append((store, range.lowerBound...sequence - 1)) }
                rest = sequence < range.upperBound ? sequence + 1...range.upperBound : nil
            }
            if let rest { found.append((store, rest)) }
        }
        return found.map { (store: $0.0, sequences: $0.1) }
    }
}
