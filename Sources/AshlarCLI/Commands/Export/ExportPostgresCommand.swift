import ArgumentParser
import Ashlar
import AshlarExport
import AshlarPostgres

/// `ashlar export postgres`: the log in a schema of a PostgreSQL server.
struct ExportPostgresCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "postgres",
        abstract: "Export into PostgreSQL, from where the last run stopped.",
        discussion: """
            EXAMPLES
              ashlar export postgres chain postgres://indexer@localhost/chains --follow
              ashlar export postgres chain 'service=chains' --schema-name bitcoin
              ashlar export postgres chain postgres:///chains --partition-heights 100000
              ashlar export postgres --print-schema > schema.sql
              ashlar export postgres --print-schema --from 1 | psql postgres:///chains -v ON_ERROR_STOP=1 \
                -c 'SET search_path TO ashlar' -f -

            The URL, service files, environment variables (PGHOST, PGPASSWORD, PGSSLMODE …) and the password file are those of \
            psql. Better keep a password out of the URL: others see a command line. Each batch sends NOTIFY ashlar.
            """)

    @Argument(help: "The store's directory.")
    var store: String?

    @Argument(help: "The server and database, as psql takes them.")
    var url: String?

    @OptionGroup var postgres: PostgresOptions

    @Option(help: "Split blocks and events into partitions of so many heights each.")
    var partitionHeights: Int64?

    @OptionGroup var run: ExportRunOptions

    var reportsJSON: Bool { run.json }

    func validate() throws {
        try run.required(store, "store")
        try run.required(url, "url")
        if let partitionHeights, partitionHeights < 1 { throw ValidationError("--partition-heights must be 1 or more") }
    }

    func perform(_ output: inout Output) throws(CommandError) {
        guard let path = store, let url, !run.printSchema else {
            return output.write(text: try run.script(for: PostgresSyntax(partitionHeights: partitionHeights)))
        }
        let store = try openStore(path, notes: !run.json)
        let target = try postgres.open(url, creates: run.schema == .auto, partitionHeights: partitionHeights)
        let name = "postgres:\(target.name) \(postgres.schemaName)"
        try ExportRun(
            store: store, target: target, options: try run.options(consumer: name),
            states: try run.selection.states(), json: run.json
        ).run(&output)
    }
}
