public import ArgumentParser
import AshlarCLI

/// The tool `ashlar-bitcoin`: an indexer of Bitcoin's blocks that keeps its events in an Ashlar store.
public struct BitcoinCommand: ParsableCommand {
    /// Name, help and subcommands.
    public static let configuration = CommandConfiguration(
        commandName: "ashlar-bitcoin",
        abstract: "Index the block files of a Bitcoin node into an Ashlar store, and ask it.",
        discussion: """
            EXAMPLES
              ashlar-bitcoin index chain ~/.bitcoin/blocks --follow
              ashlar-bitcoin supply chain --at 4312
              ashlar-bitcoin top chain --limit 10
              ashlar-bitcoin store events chain --model utxo --heights 170..170
              ashlar-bitcoin store state chain headers --at 4312

            \(ExitCodes.help)
            """,
        subcommands: [
            IndexCommand.self, BalanceCommand.self, SupplyCommand.self, OutputCommand.self, TopCommand.self,
            HeadersCommand.self, StoreCommand.self,
        ])

    /// The tool without a subcommand prints its help.
    public init() {}
}

/// `ashlar-bitcoin store`: everything that `ashlar` does, for the models of this tool too.
struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "The commands of `ashlar`, which know this tool's models.",
        discussion: """
            EXAMPLES
              ashlar-bitcoin store state chain headers utxo --at 4312
              ashlar-bitcoin store snapshots take chain utxo
              ashlar-bitcoin store tail chain --follow
            """,
        subcommands: AshlarCommand.subcommands(knowing: models))

    /// The models of this tool.
    static let models = [KnownModel(HeadersModel()), KnownModel(UnspentModel())]
}
