package import Ashlar

/// What an exporter takes from the log, and how.
package struct ExportOptions: Sendable, Hashable {
    /// Only events of these models, if not nil; blocks come all the same.
    package var models: [String]?
    /// Only blocks of these heights, if not nil; floating events have none and are left out then.
    package var heights: ClosedRange<Int64>?
    /// Tables with values of payloads in columns of their own.
    package var map: TableMap?
    /// Whether rows of undone blocks stay, marked, instead of being deleted.
    package var keepsUndone = true
    /// Whether each model gets a view of its canonical events.
    package var viewsPerModel = false
    /// Whether to go on when all is exported, and to wait for connections that were lost.
    package var follows = false
    /// Whether to go back to the last common commit if the log does not contain the target's cursor.
    package var rewinds = false
    /// Whether tables are created and brought to the present layout; else they must be there as they are needed.
    package var managesSchema = true
    /// Whether the tables of the map and of states become what is asked for, where the target has others.
    package var changesTables = false
    /// States of at most so many bytes stand as JSON in `snapshots`, of models that the exporter is given; none if nil.
    package var snapshotStateBytes: Int?
    /// At most about this many events in a transaction (a commit of the log is never split).
    package var batchEvents = 32_768
    /// At most about this many bytes of events in memory at a time, three times.
    package var batchBytes = 16 << 20
    /// The store's consumer to acknowledge as, if not nil.
    package var consumer: String?

    /// Everything, undone blocks kept, once.
    package init() {}

    /// What must stay the same from run to run, as text in the target.
    var selection: String {
        let names = models.map { Self.inOrder($0).map(quoted).joined(separator: ",") } ?? "all"
        let range = heights.map { "\($0.lowerBound)..\($0.upperBound)" } ?? "all"
        return "models \(names); heights \(range); undone blocks \(keepsUndone ? "kept" : "deleted")"
            + (viewsPerModel ? "; a view per model" : "")
    }

    /// Names in the order of their bytes: to Swift, names that differ in bytes alone may be equal.
    private static func inOrder(_ names: [String]) -> [String] {
        names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

/// How far an export is.
package struct ExportProgress: Sendable, Hashable {
    /// Rows written by this run.
    package var rows: UInt64 = 0
    /// Events among them.
    package var events: UInt64 = 0
    /// Blocks among them.
    package var blocks: UInt64 = 0
    /// Values that did not fit a column of the map and became null.
    package var misfits: UInt64 = 0
    /// Blocks marked as undone, or deleted.
    package var undoneBlocks: UInt64 = 0
    /// The commit up to which the target is complete.
    package var sequence: UInt64 = 0
    /// Where this run began.
    package var firstSequence: UInt64 = 0
    /// Tables of the map that no event belongs to, as far as the whole log was exported.
    package var emptyTables: [String] = []
    /// The last commit of the log that is to be exported, as far as is known.
    package var lastSequence: UInt64 = 0
    /// What it is doing.
    package var phase = Phase.rows

    /// What an exporter is doing.
    package enum Phase: Sendable, Hashable {
        /// Writing rows.
        case rows
        /// Making the indexes after a first load.
        case indexes
        /// Making the rows of a table of the map, up to a commit, of those that there are to be.
        case table(String, sequence: UInt64)
        /// Folding the states of tables, up to a height.
        case states(height: Int64)
        /// Waiting for more.
        case waiting
        /// Waiting to connect again; the text says why.
        case reconnecting(String)
    }
}

/// What ended an export before its time.
package enum ExportError: Error, Sendable, Hashable {
    /// The log cannot be read.
    case store(StoreError)
    /// The database failed or refused.
    case database(target: String, SQLFailure)
    /// The target is not one that this store can be exported into; nothing was changed. `code` is for programs.
    case refused(code: String, message: String)
}

extension ExportError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .store(let error): "\(error)"
        case .database(let target, let failure):
            // SQLite's own messages begin with the path.
            ("\(failure)".hasPrefix(target + ": ") ? "\(failure)" : "\(target): \(failure)")
                + (Self.advice(failure.kind).map { "; \($0)" } ?? "")
        case .refused(_, let message): message
        }
    }

    private static func advice(_ kind: SQLFailure.Kind) -> String? {
        switch kind {
        case .connection: "start the server or mend the connection, and run it again: it goes on where it stood"
        case .authentication: "check user and password"
        case .busy: "another program holds the database; run it again when that is done"
        case .full: "make room on the disk and run it again: it goes on where it stood"
        case .readOnly: "make the database writable and run it again"
        case .permission: "give the role the rights that the documentation lists"
        case .schema:
            "the tables were changed; put them back as `--print-schema` shows, or export into an empty database"
        case .damaged: "restore it, or export into a new one"
        case .constraint, .other: nil
        }
    }
}
