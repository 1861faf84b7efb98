import Ashlar
import AshlarEasyLayer
import AshlarExport
import AshlarPostgres
import AshlarSQLite

/// A database of EasyLayer as the command line names it.
struct EasyLayerSource {
    private let target: TargetArgument
    private let schemaName: String

    /// `sqlite:PATH`, `postgres:URL`, a URL, or a path.
    init(_ text: String, schemaName: String) {
        target = TargetArgument(text)
        self.schemaName = schemaName
    }

    /// Opens it to read one state of it, whatever others write meanwhile.
    func open(maxPayloadBytes: Int) throws(CommandError) -> EasyLayerFiles {
        let payloads = EasyLayerPayload(limit: maxPayloadBytes)
        switch target {
        case .sqlite(let path):
            return try withEasyLayer { () throws(EasyLayerError) in
                try EasyLayerFiles(path: path, payloads: payloads) { (path) throws(SQLFailure) in
                    let connection = try SQLiteTarget(readOnly: path)
                    try connection.execute("BEGIN")
                    return connection
                }
            }
        case .postgres(let text):
            // The text may have a password: what went wrong is told without it.
            let connection = try withDatabase("PostgreSQL") { () throws(SQLFailure) in
                let connection = try PostgresTarget(text, schemaName: schemaName, createsSchema: false)
                try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                return connection
            }
            let name = "\(connection.name), schema \(schemaName)"
            return try withEasyLayer { () throws(EasyLayerError) in
                try EasyLayerFiles(connection, name: name, payloads: payloads)
            }
        }
    }
}

/// Runs a part of a command that reads EasyLayer's layout, and turns its error into the command's.
func withEasyLayer<Result>(_ body: () throws(EasyLayerError) -> Result) throws(CommandError) -> Result {
    do throws(EasyLayerError) { return try body() } catch {
        switch error {
        case .store(let error): throw .store(error)
        case .database(let failure) where failure.kind == .busy:
            throw .database(failure.kind.word, message: "\(error); stop EasyLayer, which keeps its database to itself")
        case .database(let failure): throw .database(failure.kind.word, message: "\(error)")
        case .layout: throw .refused(code: "notEasyLayer", message: "\(error)")
        case .files: throw .refused(code: "noSource", message: "\(error)")
        case .otherImport: throw .refused(code: "otherImport", message: "\(error)")
        case .row: throw .damaged(message: "\(error)")
        }
    }
}
