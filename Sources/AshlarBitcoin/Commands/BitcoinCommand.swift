public import ArgumentParser

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
              ashlar events chain --model utxo --heights 170..170

            EXIT CODES
              0    done
              1    damage: the store is corrupt
              2    refused: input or request not possible
              3    another process has the store open for writing
              4    the system failed: no permission, disk full, I/O error
              64   the command line is wrong
              130  stopped by a signal at a block boundary
            """,
        subcommands: [
            IndexCommand.self, BalanceCommand.self, SupplyCommand.self, OutputCommand.self, TopCommand.self,
            HeadersCommand.self,
        ])

    /// The tool without a subcommand prints its help.
    public init() {}
}
