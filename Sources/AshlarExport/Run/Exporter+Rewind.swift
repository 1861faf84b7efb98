import Ashlar

extension Exporter {
    /// Takes the target back to the last block's commit that it shares with the log, in one transaction; gives its cursor, or nil if it was told to stop.
    /// `place` is the cursor that the target has.
    ///
    /// Throws `refused` (`cannotRewind`) where rows of undone blocks that would count again were deleted. Complexity: O(what goes).
    func rewind(from place: String, _ progress: inout ExportProgress) throws(ExportError) -> Cursor? {
        let cursor = try lastCommon()
        let sequence = SQLValue.integer(Int64(cursor.sequence))
        let affected = try database { () throws(SQLFailure) in
            try target.rows(
                "SELECT block_sequence FROM undone_blocks WHERE sequence > $1 AND block_sequence <= $1 "
                    + "UNION SELECT block_sequence FROM readopted_blocks WHERE sequence > $1 AND block_sequence <= $1",
                [sequence])
        }
        guard options.keepsUndone || affected.isEmpty else {
            throw .refused(
                code: "cannotRewind",
                message:
                    "\(target.name) lacks the rows of \(affected.count) undone blocks, which were deleted and would "
                    + "count again: export into an empty database")
        }
        // What the target shows cannot be gone back from, since the log lacks its events.
        guard let rebuilt = try statesAnew(states, asOf: cursor, &progress) else { return nil }
        try database { () throws(SQLFailure) in
            try target.begin()
            for table in tables.marked.map(quoted) + ["rollbacks", "undone_blocks", "readopted_blocks"] {
                try target.run("DELETE FROM \(table) WHERE sequence > $1", [sequence])
            }
            for row in affected { try restoreMark(of: row[0]) }
            for state in states { try target.run("DELETE FROM \(quoted(state.table.name))", []) }
            // Those that are valid come back when the exporter goes on.
            try target.run("DELETE FROM snapshots", [])
            try forgetNames()
            try StateWriter(target, states).apply(rebuilt)
            try moveBack(from: place, to: cursor)
            try target.commit()
        }
        return cursor
    }

    /// The last commit of a block in the target that the log has, too.
    private func lastCommon() throws(ExportError) -> Cursor {
        var before = Int64.max
        while true {
            let rows = try database { () throws(SQLFailure) in
                try target.rows(
                    "SELECT sequence, chain_value FROM blocks WHERE sequence < $1 ORDER BY sequence DESC LIMIT 1000",
                    [.integer(before)])
            }
            guard !rows.isEmpty else { return try startOfLog() }
            for row in rows {
                guard let sequence = row[0].integer, let chainValue = row[1].integer, sequence > 0 else { continue }
                before = sequence
                guard let cursor = try logCursor(UInt64(sequence)) else { continue }
                if cursor.chainValue == UInt64(bitPattern: chainValue) { return cursor }
            }
        }
    }

    private func logCursor(_ sequence: UInt64) throws(ExportError) -> Cursor? {
        guard sequence <= store.durableSequence else { return nil }
        do throws(StoreError) { return try store.cursor(at: .sequence(sequence)) } catch { throw .store(error) }
    }

    /// Gives the rows of a block the mark that they had before what was just deleted from the tables of rollbacks.
    private func restoreMark(of block: SQLValue) throws(SQLFailure) {
        let undoneBy = try target.value(
            "SELECT max(u.sequence) FROM undone_blocks u WHERE u.block_sequence = $1 AND u.sequence > "
                + "coalesce((SELECT max(r.sequence) FROM readopted_blocks r WHERE r.block_sequence = $1), 0)",
            [block])
        for table in tables.marked.map(quoted) {
            try target.run("UPDATE \(table) SET undone_by = $2 WHERE sequence = $1", [block, undoneBy ?? .null])
        }
    }

    /// Deletes the names that no event has any more, and the views of such models; their numbers are given again.
    private func forgetNames() throws(SQLFailure) {
        let unused = { (table: String, column: String) in
            "SELECT n.id, n.name FROM \(table) n WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.\(column) = n.id)"
        }
        let models = try target.rows(unused("models", "model_id"))
        let types = try target.rows(unused("types", "type_id"))
        for row in models {
            guard let id = row[0].integer, let name = row[1].text else { continue }
            if options.viewsPerModel {
                try target.execute("DROP VIEW IF EXISTS \(ExportSchema.viewName(ofModel: id, named: name))")
            }
            try target.run("DELETE FROM models WHERE id = $1", [.integer(id)])
        }
        for row in types { try target.run("DELETE FROM types WHERE id = $1", [row[0]]) }
    }

    private func moveBack(from place: String, to cursor: Cursor) throws(SQLFailure) {
        try target.run("DELETE FROM tip WHERE id = 1", [])
        try target.run(
            "INSERT INTO tip (id, sequence, height, hash, time) SELECT 1, $1, b.height, b.hash, b.time FROM "
                + "(SELECT 1 AS one) o LEFT JOIN (SELECT height, hash, time FROM blocks WHERE undone_by IS NULL "
                + "ORDER BY height DESC LIMIT 1) b ON o.one = 1",
            [.integer(Int64(cursor.sequence))])
        try TargetMeta.moveCursor(target, from: place, to: cursor)
    }
}
