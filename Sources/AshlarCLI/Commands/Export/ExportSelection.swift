import ArgumentParser
import Ashlar
import AshlarExport
import Foundation

/// What of the log a target holds.
struct ExportSelection: ParsableArguments {
    @Option(help: "Only events of this model (may be given more than once); blocks come all the same.")
    var model: [String] = []

    @Option(help: "Only these heights, such as 100..200 or 100..; floating events have none and are left out.")
    var heights: String?

    @Option(help: "A file that says which values of payloads stand in columns of their own.")
    var map: String?

    @Flag(help: "Make a view of each model's canonical events: model_NUMBER_NAME.")
    var viewPerModel = false

    @Flag(help: "Delete the rows of undone blocks, instead of keeping them with a mark.")
    var pruneUndone = false

    @Flag(help: "Keep the states of the models that this program knows and that are tables: state_NAME.")
    var stateTables = false

    func validate() throws { if let heights { _ = try RangeArgument.heights(heights) } }

    /// The same for the library. Throws `refused` (`badMap`) for a map that cannot be used.
    func options() throws(CommandError) -> ExportOptions {
        var options = ExportOptions()
        options.models = model.isEmpty ? nil : model
        options.heights = heights.flatMap { try? RangeArgument.heights($0) }
        options.keepsUndone = !pruneUndone
        options.viewsPerModel = viewPerModel
        options.map = try map.map { (path) throws(CommandError) in try Self.read(path) }
        return options
    }

    /// The tables of states that are asked for.
    func states() throws(CommandError) -> [StateTable] {
        guard stateTables else { return [] }
        return try withExport { () throws(ExportError) in
            var tables: [StateTable] = []
            for model in KnownModels.all { if let tabular = model.tabular { tables.append(try StateTable(tabular)) } }
            return tables
        }
    }

    private static func read(_ path: String) throws(CommandError) -> TableMap {
        guard let file = FileManager.default.contents(atPath: path) else {
            throw .refused(code: "badMap", message: "the map \(path) cannot be read")
        }
        do throws(TableMapError) { return try TableMap(json: file.bytes, file: path) } catch {
            throw .refused(code: "badMap", message: "\(error)")
        }
    }
}

/// How an export runs.
struct ExportRunOptions: ParsableArguments {
    @OptionGroup var selection: ExportSelection

    @Flag(help: "Go on when all is exported, until a signal; wait for a database that went away.")
    var follow = false

    @Flag(help: "If the target holds what the log lost, go back to the last commit that both have.")
    var rewind = false

    @Flag(
        help:
            "Make, change or drop the tables of the map and of states as the options now ask; their rows are made anew."
    )
    var changeTables = false

    @Option(
        help: ArgumentHelp(
            "Put states as JSON into the table snapshots, of models that this program knows, up to so many bytes each.",
            valueName: "bytes"))
    var snapshotStates: Int?

    @Option(help: "Create the tables and bring them to the present layout (auto), or expect them there (manual).")
    var schema = SchemaMode.auto

    @Flag(help: "Print the statements that create the tables, and do nothing else; needs neither store nor database.")
    var printSchema = false

    @Option(help: "With --print-schema: print what brings tables of this version of the layout to the present one.")
    var from: Int64?

    @Option(help: "At most about this many events in a transaction; a commit of the log is never split.")
    var batchEvents = ExportOptions().batchEvents

    @Option(help: "The consumer of the store to acknowledge as; by default the kind and the place of the target.")
    var consumer: String?

    @Flag(help: "Print the summary, or an error, as JSON.")
    var json = false

    func validate() throws {
        if batchEvents < 1 { throw ValidationError("--batch-events must be 1 or more") }
        if let snapshotStates, snapshotStates < 1 { throw ValidationError("--snapshot-states must be 1 or more") }
        guard let from else { return }
        let versions = SchemaMigration.oldest..<ExportSchema.version
        if !printSchema { throw ValidationError("--from goes with --print-schema") }
        if !versions.contains(from) {
            throw ValidationError(
                "--from must be a version before \(ExportSchema.version), the present one, and \(versions.lowerBound) or more"
            )
        }
    }

    /// What `--print-schema` prints.
    func script(for syntax: any SQLSyntax) throws(CommandError) -> String {
        if let from { return SchemaMigration.script(from: from, for: syntax) }
        return try selection.options().script(for: syntax, states: selection.states())
    }

    /// An argument that is needed for all but printing the schema.
    func required(_ argument: String?, _ name: String) throws {
        if argument == nil, !printSchema { throw ValidationError("Missing expected argument '<\(name)>'") }
    }

    /// Who makes the tables.
    enum SchemaMode: String, ExpressibleByArgument, CaseIterable {
        case auto, manual
    }

    /// The same for the library, acknowledging as `name` if no other name is given.
    func options(consumer name: String) throws(CommandError) -> ExportOptions {
        var options = try selection.options()
        options.follows = follow
        options.rewinds = rewind
        options.managesSchema = schema == .auto
        options.batchEvents = batchEvents
        options.changesTables = changeTables
        options.snapshotStateBytes = snapshotStates
        // A consumer's name has at most 255 bytes; the end of a long place tells more than its beginning.
        options.consumer = consumer ?? (name.utf8.count <= 255 ? name : "…" + String(name.suffix(60)))
        return options
    }
}

/// A database on the command line: `sqlite:PATH`, `postgres:URL`, a URL, or the path of a file.
enum TargetArgument {
    case sqlite(path: String)
    case postgres(connection: String)

    static let help = "sqlite:FILE, postgres:URL, or just FILE or URL."

    init(_ text: String) {
        if text.hasPrefix("sqlite:") {
            self = .sqlite(path: String(text.dropFirst("sqlite:".count)))
        } else if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
            self = .postgres(connection: text)
        } else if text.hasPrefix("postgres:") {
            self = .postgres(connection: String(text.dropFirst("postgres:".count)))
        } else {
            self = .sqlite(path: text)
        }
    }
}

/// Runs a part of a command that exports, and turns its error into the command's.
func withExport<Result: ~Copyable>(_ body: () throws(ExportError) -> Result) throws(CommandError) -> Result {
    do throws(ExportError) { return try body() } catch {
        switch error {
        case .store(let error): throw .store(error)
        case .refused(let code, let message): throw .refused(code: code, message: message)
        case .database(_, let failure): throw .database(failure.kind.word, message: "\(error)")
        }
    }
}

/// Runs a part of a command that talks to a database, and turns its error into the command's.
func withDatabase<Result>(_ name: String, _ body: () throws(SQLFailure) -> Result) throws(CommandError) -> Result {
    try withExport { () throws(ExportError) in
        do throws(SQLFailure) { return try body() } catch { throw ExportError.database(target: name, error) }
    }
}

extension SQLFailure.Kind {
    /// A stable word, for programs.
    var word: String {
        switch self {
        case .connection: "databaseConnection"
        case .authentication: "databaseAuthentication"
        case .busy: "databaseBusy"
        case .full: "databaseFull"
        case .readOnly: "databaseReadOnly"
        case .permission: "databasePermission"
        case .schema: "databaseSchema"
        case .constraint: "databaseConstraint"
        case .damaged: "databaseDamaged"
        case .other: "database"
        }
    }
}
