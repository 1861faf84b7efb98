package import Ashlar
import AshlarStorage

/// How far a target is behind the durable log.
package struct ExportStatus: Sendable {
    /// The target's row about itself.
    package var meta: TargetMeta
    /// Tables of a map and of states that it has.
    package var tables: [String]
    /// The last commit that is in the target as a whole.
    package var sequence: UInt64
    /// The last durable commit of the log.
    package var durableSequence: UInt64
    /// Height of the target's tip.
    package var height: Int64?
    /// Commits that are missing, and those of blocks among them.
    package var lagCommits: UInt64
    package var lagBlocks: UInt64
    /// For how many whole seconds the first missing commit has been in the log.
    package var lagSeconds: Int64 = 0

    /// Looks at both. Throws `refused` for a target that holds no export, or that of another store or log.
    ///
    /// Complexity: O(commits that are missing).
    package init(_ store: Store, _ target: any ExportTarget) throws(ExportError) {
        let exporter = Exporter(store, into: target)
        let (meta, cursor) = try exporter.place()
        self.meta = meta
        tables = try exporter.database { () throws(SQLFailure) in
            guard try target.hasTable(ExportSchema.ownTables.name) else { return [] }
            return try OwnTable.read(target).map(\.name)
        }
        sequence = cursor.wholeSequence
        durableSequence = store.durableSequence
        height = try exporter.database { () throws(SQLFailure) in
            try target.value("SELECT height FROM tip WHERE id = 1")?.integer
        }
        lagCommits = durableSequence - min(sequence, durableSequence)
        lagBlocks = 0
        guard lagCommits > 0 else { return }
        do throws(StoreError) {
            var isFirst = true
            for result in store.commits(sequence + 1...durableSequence) {
                let commit = try result.get()
                if isFirst {
                    lagSeconds = max(0, (SystemCalls.wallMicroseconds() - commit.appendTime.microseconds) / 1_000_000)
                }
                isFirst = false
                if case .block = commit.content { lagBlocks += 1 }
            }
        } catch {
            throw .store(error)
        }
    }
}
