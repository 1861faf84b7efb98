import ArgumentParser

/// `ashlar export`: a store's log in SQL.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Bring a database to what the log says, keep it there, and check it.",
        subcommands: [
            ExportSQLiteCommand.self, ExportPostgresCommand.self, ExportEasyLayerCommand.self, ExportCheckCommand.self,
            ExportStatusCommand.self,
        ])
}
