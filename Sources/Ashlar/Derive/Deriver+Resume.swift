import AshlarFormat
import AshlarStorage

extension Deriver {
    /// Checks that what is in the target was derived from this source, and restores the state at its end.
    mutating func resume() throws(StoreError) {
        let path = writer.core.storage.path
        func other(_ reason: String) -> StoreError { .otherDerivation(path: path, reason: reason) }
        guard writer.core.heightGaps == source.allowsHeightGaps, writer.core.hashNotation == source.hashNotation else {
            throw other("it was created with other options than the source")
        }
        let last = writer.sequence
        report.sequence = last
        guard last > 0 else { return }
        guard last <= source.sequence else {
            throw other(
                "it holds \(last) commits, but the source ends at \(source.sequence): it is not of this source, or somebody appended to it"
            )
        }
        var sourceReader = CommitReader()
        var targetReader = CommitReader()
        for sequence in (last > 16 ? last - 15 : 1)...last {
            try source.core.loadMeta(ofSequence: sequence, &sourceReader)
            try writer.core.loadMeta(ofSequence: sequence, &targetReader)
            guard sourceReader.isOrigin(of: targetReader) else {
                throw other("its commit \(sequence) is not that of the source: somebody appended to one of them")
            }
        }
        guard !FollowedState<D.State>.isStateless else { return }
        try rebuild(asOf: last, upTo: Limits.height)
    }
}

extension StoreCore {
    /// Loads header and meta of the commit with this sequence.
    fileprivate func loadMeta(ofSequence sequence: UInt64, _ reader: inout CommitReader) throws(StoreError) {
        try monitor.withLock { (log) throws(StoreError) in
            guard let location = try log.location(ofSequence: sequence) else { throw .viewExpired }
            try log.loadMeta(location, &reader)
        }
    }
}

extension CommitReader {
    /// Whether the commit loaded here is what the one loaded in `derived` was derived from: all that deriving keeps is the same.
    fileprivate func isOrigin(of derived: borrowing CommitReader) -> Bool {
        let (ours, theirs) = (header, derived.header)
        return ours.kind == theirs.kind && ours.continues == theirs.continues && ours.appendTime == theirs.appendTime
            && ours.finalHeight == theirs.finalHeight && meta.block == derived.meta.block
            && meta.floating == derived.meta.floating && meta.mark == derived.meta.mark
            && meta.requestID == derived.meta.requestID
            && meta.rollback?.readopted == derived.meta.rollback?.readopted
            && meta.rollback?.toHeight == derived.meta.rollback?.toHeight
    }
}
