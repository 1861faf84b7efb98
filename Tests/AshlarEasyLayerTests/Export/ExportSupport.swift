import Ashlar
import AshlarEasyLayer
import AshlarExport
import AshlarFormat
import AshlarPostgres
import AshlarSQLite
import AshlarTestSupport
import Testing

/// Opens SQLite databases for an export.
struct FileOpener: EasyLayerFileOpener {
    func open(_ path: String, writes: Bool) throws(SQLFailure) -> any SQLConnection {
        writes ? try SQLiteTarget(path: path, create: false) : try SQLiteTarget(readOnly: path)
    }
}

/// What an export and an import after it must keep of a store.
struct StoreContents: Equatable {
    /// What happened to the chain: blocks that came, and heights that were gone back to.
    var history: [String] = []
    /// The canonical blocks.
    var blocks: [String] = []
    /// The canonical events of each model, in the order of the chain.
    var events: [String: [String]] = [:]
    /// The floating events of each model.
    var floating: [String: [String]] = [:]
    /// The events of each model in the whole log, undone ones too; only where they are to be kept.
    var log: [String: [String]] = [:]

    init(_ store: Store, wholeLog: Bool = false, name: (String) -> String = { $0 }) throws {
        history = try Self.history(store)
        let view = try store.view()
        blocks = try view.blocks().map { Self.text(try $0.get().block) }
        events = try Self.events(view, .canonical, name)
        floating = try Self.events(view, .floating, name)
        if wholeLog { log = try Self.events(view, .log, name) }
    }

    private static func text(_ block: Block) -> String {
        "\(block.height) \(block.hash) on \(block.parent) at \(block.timestamp.microseconds)"
    }

    private static func history(_ store: Store) throws -> [String] {
        var history: [String] = []
        var heights: [Int64] = []
        func take(_ rollback: StoredRollback) throws {
            if rollback.undoneBlocks > 0 {
                heights.removeLast(rollback.undoneBlocks)
                history.append("back to \(heights.last ?? -1)")
            }
            for sequence in rollback.readopted {
                for commit in store.commits(sequence...sequence) {
                    if case .block(let stored, _) = try commit.get().content { add(stored.block) }
                }
            }
        }
        func add(_ block: Block) {
            heights.append(block.height)
            history.append(text(block))
        }
        for commit in store.commits() {
            switch try commit.get().content {
            case .block(let stored, let rollback):
                if let rollback { try take(rollback) }
                add(stored.block)
            case .rollback(let rollback): try take(rollback)
            case .floating, .control: break
            }
        }
        return history
    }

    private static func events(
        _ view: View, _ scope: EventQuery.Scope, _ name: (String) -> String
    ) throws -> [String: [String]] {
        var query = EventQuery()
        query.scope = scope
        var found: [String: [String]] = [:]
        for event in try view.events(query) {
            let request = event.requestID.map { "\($0)" } ?? "none"
            found[name(event.model), default: []].append(
                "\(event.height ?? -1) \(event.type) \(event.timestamp.microseconds) \(request) \(event.payload)")
        }
        return found
    }
}

/// A store, what it is exported into, and what is imported from there.
final class RoundTrip {
    let folder = EasyLayerFolder()
    var options = EasyLayerExportOptions()
    /// The kind of database.
    let dialect: SQLDialect
    private let schema: String

    init(_ dialect: SQLDialect = .sqlite, schema: String = "el_trip") {
        self.dialect = dialect
        self.schema = schema
    }

    deinit {
        guard dialect == .postgres else { return }
        try? target().execute("DROP SCHEMA IF EXISTS \"\(schema)\" CASCADE")
    }

    var storePath: String { folder.file("store") }
    var filePath: String { folder.file("export.db") }

    func target() throws -> PostgresTarget {
        try PostgresTarget(try PostgresServer.shared().url(), schemaName: schema, createsSchema: false)
    }

    /// The database that was exported into.
    func connection() throws -> any SQLConnection {
        dialect == .sqlite ? try SQLiteTarget(path: filePath, create: false) : try target()
    }

    /// Makes the store.
    func make(notation: HashNotation = .hex, _ body: (inout Writer) throws -> Void) throws {
        var writer = try Writer.create(
            at: storePath, options: Samples.options { $0.creation?.hashNotation = notation })
        try body(&writer)
        try writer.close()
    }

    @discardableResult
    func export(_ store: String? = nil, replaces: Bool = false, stop: @escaping () -> Bool = { false }) throws
        -> EasyLayerExportReport
    {
        let export = try EasyLayerExport(try Store.open(at: store ?? storePath), options: options, stop: stop)
        return dialect == .sqlite
            ? try export.run(intoFile: filePath, opener: FileOpener(), replaces: replaces)
            : try export.run(into: try target(), schema: schema, name: "server", replaces: replaces)
    }

    /// Imports what was exported.
    func importBack(into name: String = "back", spine: EasyLayerImport.Spine = .automatic) throws -> Store {
        let files = try EasyLayerFiles(try connection(), name: "export")
        let report = try EasyLayerImport(files, spine: spine).run(into: folder.file(name))
        #expect(report.isWhole, "\(report.difference ?? "")")
        return try Store.open(at: folder.file(name))
    }

    /// Exports, imports, and compares.
    @discardableResult
    func run(wholeLog: Bool = false, name: (String) -> String = { $0 }) throws -> EasyLayerExportReport {
        let report = try export()
        let back = try importBack()
        let original = try Store.open(at: storePath)
        let before = try StoreContents(original, wholeLog: wholeLog, name: name)
        let after = try StoreContents(back, wholeLog: wholeLog)
        expectSame(before, after)
        return report
    }
}

/// Compares part by part, so that a difference can be read.
func expectSame(_ before: StoreContents, _ after: StoreContents) {
    for (old, new) in zip(before.history, after.history) where old != new {
        Issue.record("history: \(old) became \(new)")
        break
    }
    #expect(before.history.count == after.history.count)
    #expect(before.blocks == after.blocks)
    for (what, old, new) in [
        ("events", before.events, after.events), ("floating", before.floating, after.floating),
        ("log", before.log, after.log),
    ] {
        #expect(old.keys.sorted() == new.keys.sorted(), "\(what)")
        for (model, events) in old { #expect(events == new[model], "\(what) of \(model)") }
    }
}

/// What an export fails with; nil if it does not.
func exportProblem(_ body: () throws -> Void) -> EasyLayerExportError? {
    do {
        try body()
        return nil
    } catch {
        return error as? EasyLayerExportError
    }
}

/// The code of a refusal; nil if it is none.
func refusal(_ body: () throws -> Void) -> String? {
    if case .refused(let code, _) = exportProblem(body) { return code }
    return nil
}
