import ArgumentParser
import Ashlar
import AshlarExport
import AshlarSQLite
import Foundation

/// `ashlar export sqlite`: the log in a database file.
struct ExportSQLiteCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "sqlite",
        abstract: "Export into an SQLite database, from where the last run stopped.",
        discussion: """
            EXAMPLES
              ashlar export sqlite chain chain.db
              ashlar export sqlite chain chain.db --follow
              ashlar export sqlite chain utxo.db --model utxo --heights 800000..
              ashlar export sqlite chain chain.db --map tables.json --change-tables
              ashlar export sqlite --print-schema --from 1
              sqlite3 chain.db 'SELECT model, count(*) FROM canonical_events GROUP BY 1'

            Only what is durable in the log is exported. Rows and the exporter's place are written in one transaction, so a run \
            can be stopped or killed anywhere. Others can read the file meanwhile. Tables of an earlier layout are brought to the \
            present one in one transaction first.
            """)

    @Argument(help: "The store's directory.")
    var store: String?

    @Argument(help: "The database file; made if it is not there.")
    var file: String?

    @OptionGroup var run: ExportRunOptions

    var reportsJSON: Bool { run.json }

    func validate() throws {
        try run.required(store, "store")
        try run.required(file, "file")
    }

    func perform(_ output: inout Output) throws(CommandError) {
        guard let path = store, let file, !run.printSchema else {
            return output.write(text: try run.script(for: SQLiteSyntax()))
        }
        let store = try openStore(path, notes: !run.json)
        let target = try withDatabase(file) { () throws(SQLFailure) in try SQLiteTarget(path: file, create: true) }
        let place = URL(fileURLWithPath: file).standardizedFileURL.path
        try ExportRun(
            store: store, target: target, options: try run.options(consumer: "sqlite:" + place),
            states: try run.selection.states(), json: run.json
        ).run(&output)
    }
}

/// Opens a store to read what is durable; what opening found goes to people as a note.
func openStore(_ path: String, notes: Bool) throws(CommandError) -> Store {
    let store = try withStore { () throws(StoreError) in try Store.open(at: path) }
    if notes, !store.recovery.isClean { Report.note("\(store.recovery)") }
    return store
}
