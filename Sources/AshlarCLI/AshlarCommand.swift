public import ArgumentParser
import Ashlar

/// The command line tool `ashlar`: one subcommand a file in `Commands/`.
public struct AshlarCommand: ParsableCommand {
    /// Name, help and subcommands.
    public static let configuration = CommandConfiguration(
        commandName: "ashlar",
        abstract: "An append-only event store for blockchain indexers.",
        discussion: """
            EXAMPLES
              ashlar ingest chain blocks.jsonl.gz
              ashlar events chain --model utxo --heights 100..200
              ashlar log chain
              ashlar stats chain --json

            Times in JSON and CSV are integers: microseconds since 1970 UTC. Readers see what is durable, and more with --committed.

            \(ExitCodes.help)
            """,
        version: "0.1.0 (format 1.0)",
        subcommands: [
            InitCommand.self, IngestCommand.self, BlocksCommand.self, EventsCommand.self, LogCommand.self,
            TailCommand.self, ConsumersCommand.self, StateCommand.self, SnapshotsCommand.self, DeriveCommand.self,
            ExportCommand.self, ImportCommand.self,
            RollbackCommand.self, PruneCommand.self, BackupCommand.self, RestoreCommand.self, StatsCommand.self,
            HealthCommand.self, VerifyCommand.self, SalvageCommand.self, BenchCommand.self, PlanCommand.self,
        ])

    /// The tool without a subcommand prints its help.
    public init() {}
}
