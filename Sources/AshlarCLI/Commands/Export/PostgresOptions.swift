import ArgumentParser
import AshlarExport
import AshlarPostgres

/// How a PostgreSQL target is reached.
struct PostgresOptions: ParsableArguments {
    @Option(help: "The schema that the tables are in: one for each store.")
    var schemaName = "ashlar"

    /// Opens the connection; `creates` says whether a missing schema is made.
    func open(_ connection: String, creates: Bool, partitionHeights: Int64? = nil) throws(CommandError)
        -> PostgresTarget
    {
        let schemaName = schemaName
        return try withExport { () throws(ExportError) in
            do throws(SQLFailure) {
                return try PostgresTarget(
                    connection, schemaName: schemaName, createsSchema: creates, partitionHeights: partitionHeights)
            } catch {
                // The connection string may have a password: it is in no message.
                throw ExportError.database(target: "PostgreSQL", error)
            }
        }
    }
}
