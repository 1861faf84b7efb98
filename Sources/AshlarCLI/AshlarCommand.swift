public import ArgumentParser
import Ashlar

/// The command line tool `ashlar`: one subcommand a file in `Commands/`.
public struct AshlarCommand: ParsableCommand {
    /// Name, help and subcommands.
    public static let configuration = CommandConfiguration(
        commandName: "ashlar",
        abstract: "An append-only event store for blockchain indexers.",
        version: "0.1.0 (format 1.0)",
        subcommands: [IngestCommand.self, BenchCommand.self])

    /// The tool without a subcommand prints its help.
    public init() {}
}
