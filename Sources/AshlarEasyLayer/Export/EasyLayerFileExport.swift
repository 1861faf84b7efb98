import Ashlar
package import AshlarExport
import AshlarStorage

/// A database file that an export may open.
package protocol EasyLayerFileOpener {
    /// Opens a database that is there, to read or to write it.
    func open(_ path: String, writes: Bool) throws(SQLFailure) -> any SQLConnection
}

extension EasyLayerExport {
    /// Writes a database file: a draft beside it first, which gets the file's name once it is whole and durable.
    ///
    /// A draft that a crash left is written anew. A file of an earlier export is replaced if `replaces`, and one without tables always; anything else
    /// at the path is refused.
    package func run(
        intoFile path: String, opener: some EasyLayerFileOpener, replaces: Bool
    ) throws(EasyLayerExportError) -> EasyLayerExportReport {
        try check(for: .sqlite)
        let isThere = try look(at: path, opener, replaces)
        let draft = try draft(of: path)
        do throws(EasyLayerExportError) {
            let report = try fill(draft, opener)
            guard !stopsNow else { throw .stopped }
            if isThere { try replace(draft, opener, replaces) } else { try publish(draft, replacing: false) }
            return report
        } catch {
            draft.discard()
            throw error
        }
    }

    /// Whether there is a file that may be replaced.
    private func look(
        at path: String, _ opener: some EasyLayerFileOpener, _ replaces: Bool
    ) throws(EasyLayerExportError) -> Bool {
        let kind = try filing { () throws(StorageError) in try SystemCalls.kind(of: path) }
        guard kind != .directory else {
            throw .refused(
                code: "isDirectory", "\(path) is a directory; give the path of a file, such as \(path)/current.sqlite3")
        }
        if kind != nil {
            let old = try writing { () throws(SQLFailure) in try opener.open(path, writes: false) }
            let contents = try writing { () throws(SQLFailure) in try EasyLayerTargetContents(of: old) }
            try contents.check(name: path, replaces: replaces)
            return true
        }
        try requireNoJournal(of: try filing { () throws(StorageError) in try SystemCalls.resolved(path) })
        return false
    }

    /// What SQLite left beside another database of the name, it would take for a part of the new one.
    private func requireNoJournal(of path: String) throws(EasyLayerExportError) {
        for suffix in ["-wal", "-journal"] {
            guard try filing({ () throws(StorageError) in try SystemCalls.kind(of: path + suffix) }) != nil else {
                continue
            }
            throw .refused(
                code: "foreignFiles",
                "\(path + suffix) belongs to a database that is not there; remove it if it is not needed, or choose another path"
            )
        }
    }

    private func draft(of path: String) throws(EasyLayerExportError) -> DraftFile {
        let outcome = try filing { () throws(StorageError) in
            try DraftFile.open(place: path, isOurs: EasyLayerSeal.isOurs(fileHeader:))
        }
        switch outcome {
        case .opened(let draft): return draft
        case .inUse(let path): throw .inUse("another export is writing \(path); stop it, or wait for it")
        case .foreign(let path):
            throw .refused(
                code: "foreignFiles", "\(path) is in the way, and no export made it; move it, or choose another path")
        }
    }

    private func fill(
        _ draft: DraftFile, _ opener: some EasyLayerFileOpener
    ) throws(EasyLayerExportError) -> EasyLayerExportReport {
        let connection = try writing { () throws(SQLFailure) in try opener.open(draft.path, writes: true) }
        // The draft is synced once, before it gets its name; one that is not finished is thrown away. The number in its header, which is on disk
        // before anything else, tells the next export whose it is.
        try writing { () throws(SQLFailure) in
            try connection.execute(
                """
                PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-131072;
                PRAGMA application_id=\(EasyLayerSeal.applicationID); BEGIN
                """)
        }
        let report = try run(inOpenTransactionOf: connection)
        try writing { () throws(SQLFailure) in try connection.execute("COMMIT") }
        return report
    }

    /// Puts the draft in the place of an earlier export, which nobody may be using.
    private func replace(
        _ draft: DraftFile, _ opener: some EasyLayerFileOpener, _ replaces: Bool
    ) throws(EasyLayerExportError) {
        let old = try writing { () throws(SQLFailure) in try opener.open(draft.place, writes: true) }
        let mode = try writing { () throws(SQLFailure) in
            // Without a log of its own beside it, which would be taken for one of the new file.
            let mode = try old.value("PRAGMA journal_mode=DELETE")?.text
            // A file without pages has nothing to lock; SQLite would begin a journal for it.
            if try old.value("PRAGMA page_count") != .integer(0) { try old.execute("BEGIN EXCLUSIVE") }
            return mode
        }
        defer { old.rollback() }
        guard mode == "delete" else { throw .inUse("\(draft.place) is in use; close it where it is open") }
        let contents = try writing { () throws(SQLFailure) in try EasyLayerTargetContents(of: old) }
        try contents.check(name: draft.place, replaces: replaces)
        try requireNoJournal(of: draft.place)
        try publish(draft, replacing: true)
    }

    private func publish(_ draft: DraftFile, replacing: Bool) throws(EasyLayerExportError) {
        do throws(StorageError) { try draft.publish(replacing: replacing) } catch {
            guard error.code == SystemCalls.exists else { throw .file(error) }
            throw .refused(code: "alreadyExists", "\(draft.place) came to be meanwhile; nothing was written")
        }
    }
}

/// Runs a call to the file system with the export's own error.
private func filing<T: ~Copyable>(_ body: () throws(StorageError) -> T) throws(EasyLayerExportError) -> T {
    do throws(StorageError) { return try body() } catch { throw .file(error) }
}
