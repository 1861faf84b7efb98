import Ashlar

/// Applies change sets to a target, in transactions that end between two commits of the log.
struct ChangeWriter {
    /// What was written.
    struct Counts {
        var rows: UInt64 = 0
        var events: UInt64 = 0
        var blocks: UInt64 = 0
        var undoneBlocks: UInt64 = 0
        var misfits: UInt64 = 0
    }

    private let target: any ExportTarget
    private let keepsUndone: Bool
    private let tables: TableSet
    private let states: StateWriter
    private let viewsPerModel: Bool
    /// The target's cursor, as it stands there.
    private var place: String
    private(set) var isInTransaction = false
    #if SEEDED_BUGS
        var movesCursorAlone = false
    #endif
    private var counts = Counts()

    /// A writer into a target whose cursor is `place`.
    init(_ target: any ExportTarget, _ options: ExportOptions, _ tables: TableSet, place: String) {
        self.target = target
        self.place = place
        keepsUndone = options.keepsUndone
        self.tables = tables
        states = StateWriter(target, tables.states)
        viewsPerModel = options.viewsPerModel
    }

    /// Writes rows and marks, and commits with the cursor if the changes end at the end of a commit of the log.
    mutating func apply(_ changes: ChangeSet) throws(SQLFailure) {
        if !isInTransaction { try target.begin() }
        isInTransaction = true
        #if SEEDED_BUGS
            if movesCursorAlone, changes.cursor.isWhole {
                try TargetMeta.moveCursor(target, from: place, to: changes.cursor)
                place = "\(changes.cursor)"
                try target.commit()
                try target.begin()
            }
        #endif
        for heights in changes.heights { try target.prepareHeights(heights) }
        for part in changes.parts {
            for (table, rows) in zip(tables.tables, part.rows) where !rows.isEmpty {
                try target.insert(rows, into: table)
            }
            if viewsPerModel { try createViews(part.rows[LogTable.models.rawValue]) }
            for mark in part.marks { try apply(mark) }
        }
        if let height = changes.voidAbove { try SnapshotTable.voidAbove(height, target) }
        try states.apply(changes.states)
        counts.rows += UInt64(changes.rowCount)
        counts.events += UInt64(changes.events)
        counts.blocks += UInt64(changes.blocks)
        counts.undoneBlocks += UInt64(changes.undoneBlocks)
        counts.misfits += UInt64(changes.misfits)
        guard changes.cursor.isWhole else { return }
        try moveCursor(to: changes.cursor, changes.tip)
        try target.announce(sequence: changes.cursor.sequence)
        try target.commit()
        place = "\(changes.cursor)"
        isInTransaction = false
    }

    /// What was written since the last call.
    mutating func takeCounts() -> Counts {
        defer { counts = Counts() }
        return counts
    }

    private func apply(_ mark: ChangeSet.Mark) throws(SQLFailure) {
        let block: [SQLValue] = [.integer(Int64(mark.sequence)), .integer(mark.height)]
        for table in tables.marked.map(quoted) {
            if keepsUndone {
                let undoneBy = mark.undoneBy.map { SQLValue.integer(Int64($0)) } ?? .null
                try target.run(
                    "UPDATE \(table) SET undone_by = $3 WHERE sequence = $1 AND height = $2", block + [undoneBy])
            } else {
                try target.run("DELETE FROM \(table) WHERE sequence = $1 AND height = $2", block)
            }
        }
    }

    /// Creates a view for each new model.
    private func createViews(_ models: RowBuffer) throws(SQLFailure) {
        for row in 0..<models.rowCount {
            guard let id = models.value(row: row, column: 0).integer, let name = models.value(row: row, column: 1).text
            else { continue }
            try target.execute(ExportSchema.createView(ofModel: id, named: name))
        }
    }

    /// Moves tip and cursor to the end of what was written.
    ///
    /// Both rows are changed in place: PostgreSQL then makes no new entries in their indexes and takes the old versions away as it goes,
    /// where a deleted and inserted row would leave one more of them at each transaction until the next VACUUM.
    private func moveCursor(to cursor: Cursor, _ tip: ChangeSet.Tip?) throws(SQLFailure) {
        let block: [SQLValue] = tip.map { [.integer(Int64($0.sequence)), .integer($0.height)] } ?? [.null, .null]
        // The block's own row has its time also where no parameter could express it.
        let values = ["height", "hash", "time"].map {
            "\($0) = (SELECT b.\($0) FROM blocks b WHERE b.sequence = $2 AND b.height = $3)"
        }
        let update = "UPDATE tip SET sequence = $1, \(values.joined(separator: ", ")) WHERE id = 1"
        let parameters = [.integer(Int64(cursor.sequence))] + block
        if try target.run(update, parameters) == 0 {
            try target.run("INSERT INTO tip (id, sequence) VALUES (1, 0)", [])
            try target.run(update, parameters)
        }
        try TargetMeta.moveCursor(target, from: place, to: cursor)
    }
}
