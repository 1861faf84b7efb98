extension Exporter {
    /// Brings a target of an earlier layout to the present one, in one transaction with its number; gives its row then.
    ///
    /// Throws `refused`: `olderSchema` where tables are not managed, `inTheWay` where something has a name that is needed.
    func migrate(_ meta: TargetMeta) throws(ExportError) -> TargetMeta {
        let version = meta.schemaVersion
        guard options.managesSchema else {
            throw .refused(
                code: "olderSchema",
                message: "\(target.name) has tables of version \(version), and this program fills version "
                    + "\(ExportSchema.version): run what `--print-schema --from \(version)` prints, or let the tables be managed"
            )
        }
        let steps = SchemaMigration.steps(from: version)
        let migrated = try changingTables { () throws(ExportError) in
            let present = try database { () throws(SQLFailure) in
                // Locks the row: of two exporters, one finds it done.
                try target.run("UPDATE ashlar_meta SET schema_version = schema_version WHERE id = 1", [])
                return try TargetMeta.read(target)
            }
            if let present, present.schemaVersion != version { return present }
            try refuseTaken(steps.flatMap(\.names))
            return try database { () throws(SQLFailure) in
                for step in steps {
                    for statement in step.statements(target) { try target.execute(statement) }
                    try target.execute(step.stamp)
                }
                return try TargetMeta.read(target)
            }
        }
        guard let migrated, migrated.schemaVersion == ExportSchema.version else {
            throw .database(
                target: target.name, SQLFailure(.schema, code: "ashlar", message: "the row of ashlar_meta is gone"))
        }
        return migrated
    }

    /// Puts the present form in the place of what layout 1 wrote about the selection, if it says the same.
    func adoptLegacySelection(_ meta: inout TargetMeta) throws(ExportError) {
        guard !meta.selection.utf8.elementsEqual(options.selection.utf8) else { return }
        let match = LegacySelection(options, states).match(meta.selection)
        guard match == .same || (match == .otherDigest && options.changesTables) else {
            guard match == .otherDigest else { return }
            throw .refused(
                code: "otherTables",
                message:
                    "\(target.name) holds \(meta.selection), whose map is not told from this one: give the map as it was, "
                    + "or make its tables anew from the log with `--change-tables`")
        }
        // Tables of a map that is not known are given no definition: they are made anew.
        let defined = tables.defined.filter { match == .same || $0.kind == .state }
        let unknown = tables.defined.filter { match != .same && $0.kind == .map }
        let (selection, old) = (options.selection, meta.selection)
        let present = try database { () throws(SQLFailure) in
            try target.begin()
            // First, since it locks the row: of two exporters, one finds it done.
            let count = try target.run(
                "UPDATE ashlar_meta SET selection = $1 WHERE id = 1 AND selection = $2", [.text(selection), .text(old)])
            if count == 1 {
                let unknown = unknown.map { OwnTable(name: $0.name, kind: .map, definition: "") }
                try OwnTable.write(defined + unknown, target)
            }
            try target.commit()
            return try TargetMeta.read(target)
        }
        meta.selection = present?.selection ?? selection
    }

    /// Refuses where something in the target has one of these names.
    func refuseTaken(_ names: [String]) throws(ExportError) {
        let taken = try database { () throws(SQLFailure) in try target.taken(names) }
        guard taken.isEmpty else { throw inTheWay("it has \(taken.map { "`\($0)`" }.joined(separator: ", ")) already") }
    }

    /// Runs a part that changes tables in one transaction; nil takes it back. What others made on top of these tables, and which would break,
    /// is refused by name.
    func changingTables<Result>(_ body: () throws(ExportError) -> Result?) throws(ExportError) -> Result? {
        do throws(ExportError) {
            try database { () throws(SQLFailure) in try target.begin() }
            let before = try database { () throws(SQLFailure) in try target.brokenViews() }
            guard let result = try body() else {
                target.rollback()
                return nil
            }
            let broken = try database { () throws(SQLFailure) in
                try target.brokenViews().filter { !before.contains($0) }
            }
            guard broken.isEmpty else {
                throw inTheWay("the view \(broken.map { "`\($0)`" }.joined(separator: ", ")) would break")
            }
            try database { () throws(SQLFailure) in try target.commit() }
            return result
        } catch {
            target.rollback()
            guard case .database(_, let failure) = error, failure.isAboutDependents else { throw error }
            throw inTheWay(failure.message)
        }
    }

    /// What is refused since something of somebody else's is in the way.
    func inTheWay(_ what: String) -> ExportError {
        .refused(
            code: "inTheWay",
            message:
                "the tables in \(target.name) cannot be changed: \(what); drop or rename that, run it again, and create it anew"
        )
    }
}

extension SQLFailure {
    /// Whether something that depends on what was to be dropped is what it failed for.
    fileprivate var isAboutDependents: Bool {
        // PostgreSQL has a code for it; SQLite names the view, trigger or index that it could not read any more.
        code == "2BP01" || message.contains("error in view ") || message.contains("error in index ")
            || message.contains("error in trigger ")
    }
}
