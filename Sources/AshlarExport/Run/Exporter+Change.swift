import Ashlar

extension Exporter {
    /// What would have to become of the tables of the map and of states, so that the target has those that are asked for.
    func tableChanges() throws(ExportError) -> [TableChange] {
        let present = try database { () throws(SQLFailure) in try OwnTable.read(target) }
        return TableChange.changes(from: present, to: tables)
    }

    /// Refuses changes that nobody asked for: a map that is forgotten once must not cost its tables.
    func refuse(_ changes: [TableChange]) throws(ExportError) {
        guard !changes.isEmpty else { return }
        throw .refused(
            code: "otherTables",
            message:
                "\(target.name) has other tables of a map or of states than this asks for: give the same `--map` and "
                + "`--state-tables` as before, or `--change-tables` to \(changes.map(\.description).joined(separator: "; "))"
        )
    }

    /// Changes the tables and makes their rows up to the cursor, in one transaction; false if it was told to stop, and nothing is changed.
    ///
    /// Throws `refused`: `inTheWay` where something that others made depends on what goes, `missingTables` where tables are not managed and
    /// are not as they should be. Complexity: O(the log up to the cursor) where rows are made.
    func apply(
        _ changes: [TableChange], _ meta: TargetMeta, at cursor: Cursor, _ progress: inout ExportProgress
    ) throws(ExportError) -> Bool {
        if options.managesSchema { try refuseAdditions(changes) } else { try checkPrepared(changes) }
        let done = try changingTables { () throws(ExportError) -> Bool? in
            try database { () throws(SQLFailure) in
                // Locks the row of ashlar_meta.
                try TargetMeta.moveCursor(target, from: meta.cursor, to: cursor)
            }
            guard try tableChanges().map(\.description) == changes.map(\.description) else {
                throw .database(
                    target: target.name,
                    SQLFailure(.busy, code: "ashlar", message: "another exporter has changed the tables meanwhile"))
            }
            try database { () throws(SQLFailure) in for change in changes { try prepare(change) } }
            guard try fillTyped(changes, upTo: cursor, &progress), try fillStates(changes, upTo: cursor, &progress)
            else { return nil }
            try database { () throws(SQLFailure) in
                if options.managesSchema, !meta.isLoading {
                    for statement in ExportSchema.indexStatements(changes.compactMap(\.table)) {
                        try target.execute(statement)
                    }
                }
                try OwnTable.write(tables.defined, target)
            }
            return true
        }
        progress.phase = .rows
        return done ?? false
    }

    /// Refuses where something that others made would go with what goes, or has a name that is needed.
    private func refuseAdditions(_ changes: [TableChange]) throws(ExportError) {
        for change in changes {
            var isHit: (TableAddition) -> Bool = { _ in true }
            switch change.kind {
            case .create: continue
            case .drop, .replace: break
            case .alter(let alteration):
                isHit = { $0.column.map(alteration.dropped.contains) ?? false }
            }
            let additions = try database { () throws(SQLFailure) in try target.additions(to: change.name) }
            let hit = additions.filter { isHit($0) && !change.isKnown($0.name) }.map(\.name)
            guard hit.isEmpty else {
                throw inTheWay("`\(change.name)` has \(Set(hit).sorted().map { "`\($0)`" }.joined(separator: ", "))")
            }
        }
        // What an exporter's own tables have now is free once they are changed.
        let (created, others) = changes.partitioned { change in if case .create = change.kind { true } else { false } }
        let owned = Set(others.flatMap { $0.knownIndexes + [$0.name, TableNames.view($0.name)] })
        let needed =
            created.flatMap { [$0.name] + ($0.typed.map { [$0.viewName] } ?? []) }
            + changes.flatMap { $0.table?.indexes.map(\.name) ?? [] }
        try refuseTaken(needed.filter { !owned.contains($0) })
    }

    /// Refuses where a table that somebody else prepares is not there, or lacks a column.
    private func checkPrepared(_ changes: [TableChange]) throws(ExportError) {
        for table in changes.compactMap(\.table) {
            let columns = try database { () throws(SQLFailure) in try target.columnNames(table.name) }
            guard let missing = table.columns.first(where: { !columns.contains($0.name) }) else { continue }
            let what = columns.isEmpty ? "table \(table.name)" : "column \(missing.name) in the table \(table.name)"
            throw .refused(
                code: "missingTables",
                message:
                    "\(target.name) has no \(what): prepare it as `--print-schema` shows, or let the tables be managed")
        }
    }
}

// MARK: - Statements

extension Exporter {
    /// Makes a table what it is to be, without rows where they are made anew, and without indexes.
    private func prepare(_ change: TableChange) throws(SQLFailure) {
        let name = quoted(change.name)
        guard options.managesSchema else {
            if change.fills { try target.run("DELETE FROM \(name)", []) }
            return
        }
        switch change.kind {
        case .create: try create(change)
        case .drop: try drop(change)
        case .replace:
            try drop(change)
            try create(change)
        case .alter(let alteration): if let typed = change.typed { try alter(typed, alteration) }
        }
    }

    private func create(_ change: TableChange) throws(SQLFailure) {
        guard let table = change.table else { return }
        try target.execute(target.createStatement(table))
        if let typed = change.typed { try target.execute(typed.createView) }
    }

    private func drop(_ change: TableChange) throws(SQLFailure) {
        // A state's table has no such view, and its name is no other's.
        try target.execute("DROP VIEW IF EXISTS \(quoted(TableNames.view(change.name)))")
        try target.execute("DROP TABLE IF EXISTS \(quoted(change.name))")
    }

    private func alter(_ typed: TypedTable, _ alteration: TableChange.Alteration) throws(SQLFailure) {
        let name = quoted(typed.table.name)
        if alteration.refills {
            try target.execute(target.dialect == .postgres ? "TRUNCATE \(name)" : "DELETE FROM \(name)")
        }
        for index in alteration.droppedIndexes { try target.execute("DROP INDEX IF EXISTS \(quoted(index))") }
        if !alteration.dropped.isEmpty {
            // Views on this one stay readable throughout: SQLite looks at all of them when a column goes.
            let left = try target.columnNames(typed.table.name).filter { !alteration.dropped.contains($0) }
            try replaceView(of: typed, left, keepsColumns: false)
        }
        for column in alteration.dropped { try target.execute("ALTER TABLE \(name) DROP COLUMN \(quoted(column))") }
        for column in alteration.added {
            try target.execute("ALTER TABLE \(name) ADD COLUMN \(target.definition(column))")
        }
        guard !alteration.added.isEmpty else { return }
        try replaceView(of: typed, try target.columnNames(typed.table.name), keepsColumns: true)
    }

    /// Replaces the view; where it keeps its columns and gets more behind them, PostgreSQL keeps what stands on it.
    private func replaceView(of typed: TypedTable, _ columns: [String], keepsColumns: Bool) throws(SQLFailure) {
        let replaces = keepsColumns && target.dialect == .postgres
        if !replaces { try target.execute("DROP VIEW IF EXISTS \(quoted(typed.viewName))") }
        try target.execute(typed.createView(columns, replacing: replaces))
    }
}

// MARK: - Rows

extension Exporter {
    /// Rows in memory at a time.
    private static let fillRows = 16_384

    /// Makes the rows of tables of the map; false if it was told to stop.
    private func fillTyped(
        _ changes: [TableChange], upTo cursor: Cursor, _ progress: inout ExportProgress
    ) throws(ExportError) -> Bool {
        let typed = changes.filter(\.fills).compactMap(\.typed)
        guard !typed.isEmpty, cursor.wholeSequence > 0 else { return true }
        let log = try ExportedLog(store, options, upTo: cursor.wholeSequence)
        for table in typed where try !fill(table, from: log, &progress) { return false }
        return true
    }

    private func fill(
        _ typed: TypedTable, from log: ExportedLog, _ progress: inout ExportProgress
    ) throws(ExportError) -> Bool {
        let table = typed.table
        var source = TypedLogRows(typed, log)
        var rows = RowBuffer(columnCount: table.columns.count)
        var isStopped = false
        try log.eachEvent(ofModel: typed.mapped.model) { (event) throws(ExportError) in
            guard !isStopped, try source.append(event, to: &rows), rows.rowCount >= Self.fillRows else { return }
            try database { () throws(SQLFailure) in try target.insert(rows, into: table) }
            rows.removeAll()
            isStopped = shouldStop()
            progress.phase = .table(table.name, sequence: event.sequence)
            report(progress)
        }
        if isStopped { return false }
        try database { () throws(SQLFailure) in try target.insert(rows, into: table) }
        progress.phase = .table(table.name, sequence: log.last)
        report(progress)
        progress.misfits += UInt64(source.misfits)
        return !shouldStop()
    }

    /// Makes the rows of tables of states; false if it was told to stop.
    private func fillStates(
        _ changes: [TableChange], upTo cursor: Cursor, _ progress: inout ExportProgress
    ) throws(ExportError) -> Bool {
        let states = changes.filter(\.fills).compactMap(\.state)
        guard let rows = try statesAnew(states, asOf: cursor, &progress) else { return false }
        try database { () throws(SQLFailure) in try StateWriter(target, states).apply(rows) }
        return true
    }

    /// All rows of tables of states as of a cursor; nil if it was told to stop.
    func statesAnew(
        _ states: [StateTable], asOf cursor: Cursor, _ progress: inout ExportProgress
    ) throws(ExportError) -> [StateChange]? {
        guard !states.isEmpty, cursor.wholeSequence > 0 else { return [] }
        if stopsFolding(at: 0, &progress) { return nil }
        let feeds = try StateFeeds(store, states, target.dialect, from: 0)
        return try feeds.changes(upTo: cursor.wholeSequence) { stopsFolding(at: $0, &progress) }
    }

    /// Tells how far states are folded; whether to stop.
    func stopsFolding(at height: Int64, _ progress: inout ExportProgress) -> Bool {
        progress.phase = .states(height: height)
        report(progress)
        return shouldStop()
    }
}

extension Array {
    /// Those for which something is so, and the others.
    fileprivate func partitioned(_ isFirst: (Element) -> Bool) -> ([Element], [Element]) {
        (filter(isFirst), filter { !isFirst($0) })
    }
}
