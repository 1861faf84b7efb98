import Ashlar
import AshlarStorage

extension Exporter {
    /// Makes sure that the target is one this store is exported into, creates its tables if it is empty, and brings them to the present layout.
    ///
    /// Throws `refused` with what to do: `notOurs`, `missingTables`, `notEmpty`, `otherStore`, `newerSchema`, `olderSchema`, `inTheWay`,
    /// `otherSelection`.
    func attach() throws(ExportError) -> TargetMeta {
        guard var meta = try database({ () throws(SQLFailure) in try TargetMeta.read(target) }) else {
            return try create()
        }
        try check(meta)
        if meta.schemaVersion < ExportSchema.version { meta = try migrate(meta) }
        try adoptLegacySelection(&meta)
        try checkSelection(meta)
        return meta
    }

    private func check(_ meta: TargetMeta) throws(ExportError) {
        guard meta.schemaVersion <= ExportSchema.version else {
            throw .refused(
                code: "newerSchema",
                message: "\(target.name) has tables of version \(meta.schemaVersion), this program knows "
                    + "\(ExportSchema.version): use a newer one")
        }
        guard meta.schemaVersion >= SchemaMigration.oldest else {
            throw .refused(
                code: "badSchema",
                message: "\(target.name) has tables of version \(meta.schemaVersion), which never was")
        }
        guard meta.storeID == "\(store.id)" else {
            throw .refused(
                code: "otherStore",
                message: "\(target.name) holds the data of store \(meta.storeID), and this is \(store.id): "
                    + "export into another database\(schemaAdvice)")
        }
    }

    private func checkSelection(_ meta: TargetMeta) throws(ExportError) {
        guard meta.selection.utf8.elementsEqual(options.selection.utf8) else {
            throw .refused(
                code: "otherSelection",
                message: "\(target.name) holds \(meta.selection), and this asks for \(options.selection): "
                    + "give the same options as before, or export into another database\(schemaAdvice)")
        }
    }

    var schemaAdvice: String { target.dialect == .postgres ? " or schema" : "" }

    private func create() throws(ExportError) -> TargetMeta {
        let set = self.tables
        let tables = set.all
        let present = try database { () throws(SQLFailure) in
            var present: [String] = []
            for table in tables where try target.hasTable(table.name) { present.append(table.name) }
            return present
        }
        if options.managesSchema, let first = present.first {
            throw .refused(
                code: "notOurs",
                message: "\(target.name) has a table \(first) that is not of an export: "
                    + "export into an empty database\(schemaAdvice)")
        }
        if !options.managesSchema, let missing = tables.first(where: { !present.contains($0.name) }) {
            throw .refused(
                code: "missingTables",
                message: "\(target.name) has no table \(missing.name): create what `--print-schema` prints, "
                    + "or let the tables be managed")
        }
        if !options.managesSchema { try checkEmpty(tables) }
        let start = try startOfLog()
        let meta = TargetMeta(
            storeID: "\(store.id)", schemaVersion: ExportSchema.version, cursor: "\(start)",
            selection: options.selection, isLoading: options.managesSchema,
            updatedAt: SystemCalls.wallMicroseconds())
        let format = try statistics().formatVersion
        try database { () throws(SQLFailure) in
            try target.begin()
            if options.managesSchema {
                for statement in set.createStatements(for: target) { try target.execute(statement) }
            }
            try insert(meta, format)
            try OwnTable.write(set.defined, target)
            try target.commit()
        }
        return meta
    }

    /// Tables that somebody prepared have no rows: whose they are, only the row of `ashlar_meta` that is missing could tell.
    private func checkEmpty(_ tables: [Table]) throws(ExportError) {
        let filled = try database { () throws(SQLFailure) in
            for table in tables where try target.value("SELECT 1 FROM \(quoted(table.name)) LIMIT 1") != nil {
                return table.name as String?
            }
            return nil
        }
        guard let filled else { return }
        throw .refused(
            code: "notEmpty",
            message: "\(target.name) has rows in \(filled) and none in ashlar_meta that says whose they are: "
                + "empty its tables, or export into another database\(schemaAdvice)")
    }

    private func insert(_ meta: TargetMeta, _ format: String) throws(SQLFailure) {
        var row = RowBuffer(columnCount: ExportSchema.meta.columns.count)
        row.append(1 as Int64)
        row.append(text: meta.storeID)
        row.append(text: format)
        row.append(meta.schemaVersion)
        row.append(text: meta.cursor)
        row.append(text: meta.selection)
        row.append(meta.isLoading ? 1 : 0 as Int64)
        row.append(meta.updatedAt)
        try target.insert(row, into: ExportSchema.meta)
        var tip = RowBuffer(columnCount: ExportSchema.tip.columns.count)
        for value in [1, 0] as [Int64] { tip.append(value) }
        for _ in 0..<3 { tip.appendNull() }
        try target.insert(tip, into: ExportSchema.tip)
    }

    private func statistics() throws(ExportError) -> StoreStatistics {
        do throws(StoreError) { return try store.statistics() } catch { throw .store(error) }
    }

    func startOfLog() throws(ExportError) -> Cursor {
        do throws(StoreError) { return try store.cursor(at: .start) } catch { throw .store(error) }
    }

    /// Where to go on: the target's cursor, if this log contains it, else nil and why not.
    ///
    /// Throws `refused` (`badCursor`) if it is none.
    func knownCursor(_ meta: TargetMeta) throws(ExportError) -> (Cursor?, why: String) {
        guard let cursor = Cursor(meta.cursor) else {
            throw .refused(
                code: "badCursor",
                message:
                    "the cursor in \(target.name) cannot be read (\(meta.cursor)): its table ashlar_meta was changed")
        }
        do throws(StoreError) {
            try store.check(cursor)
            return (cursor, "")
        } catch {
            guard case .cursorNotFound(let mismatch) = error else { throw .store(error) }
            return (nil, "\(mismatch)")
        }
    }

    /// The target's cursor. Throws `refused` (`cursorNotFound`) if this log does not contain it.
    func startingCursor(_ meta: TargetMeta) throws(ExportError) -> Cursor {
        let (cursor, why) = try knownCursor(meta)
        if let cursor { return cursor }
        throw .refused(
            code: "cursorNotFound",
            message: "\(target.name) holds what this log does not: \(why); "
                + "`--rewind` takes the target back to the last commit that both have")
    }

    /// The target's cursor; if this log does not contain it, and the options say so, after going back to the last common commit. Nil if it was
    /// told to stop.
    func startingCursor(_ meta: TargetMeta, _ progress: inout ExportProgress) throws(ExportError) -> Cursor? {
        guard options.rewinds, try knownCursor(meta).0 == nil else { return try startingCursor(meta) }
        return try rewind(from: meta.cursor, &progress)
    }
}

extension Exporter {
    /// The target's row about itself and its cursor, for looking at it without changing anything.
    ///
    /// Throws `refused` (`notOurs`) if there is no export in the target, and what `attach` throws for one of another store.
    func place() throws(ExportError) -> (TargetMeta, Cursor) {
        guard let meta = try database({ () throws(SQLFailure) in try TargetMeta.read(target) }) else {
            throw .refused(code: "notOurs", message: "\(target.name) holds no export: there is no row in ashlar_meta")
        }
        try check(meta)
        return (meta, try startingCursor(meta))
    }

    /// The target's cursor, for comparing; throws what `attach` throws, and `otherTables` where the map or the states are others.
    func cursorForReading() throws(ExportError) -> Cursor {
        let (meta, cursor) = try place()
        guard meta.schemaVersion == ExportSchema.version else {
            throw .refused(
                code: "olderSchema",
                message:
                    "\(target.name) has tables of version \(meta.schemaVersion): export into it once, which brings them "
                    + "to version \(ExportSchema.version)")
        }
        if LegacySelection(options, states).match(meta.selection) != .same { try checkSelection(meta) }
        let isLegacy = !meta.selection.utf8.elementsEqual(options.selection.utf8)
        if !isLegacy { try refuse(try tableChanges()) }
        return cursor
    }
}
