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

    /// How many rows of blocks and events an exporter has written since, and where the target stands now.
    ///
    /// Rows that were written and deleted again meanwhile are not counted. Complexity: O(these rows).
    package func rowsSince(_ store: Store, _ target: any ExportTarget) throws(ExportError) -> (
        rows: Int64, sequence: UInt64
    ) {
        let exporter = Exporter(store, into: target)
        let now = try exporter.place().1.wholeSequence
        guard now > sequence else { return (0, now) }
        let range: [SQLValue] = [.integer(Int64(sequence)), .integer(Int64(now))]
        var rows: Int64 = 0
        for table in [ExportSchema.blocks, ExportSchema.events] {
            rows += try exporter.database { () throws(SQLFailure) in
                try target.value(
                    "SELECT count(*) FROM \(table.name) WHERE sequence > $1 AND sequence <= $2", range)?.integer ?? 0
            }
        }
        return (rows, now)
    }
}
