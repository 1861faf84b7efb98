import ArgumentParser
import Ashlar
import AshlarCLI

/// `ashlar-bitcoin index`: takes the blocks of a node's files.
struct IndexCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "index",
        abstract: "Take the blocks of block files (blk*.dat), in any order, forks included.",
        discussion: """
            The store gets the events of each block: `block.added` of model `headers`, then of each transaction `output.spent` and
            `output.created` of model `utxo`. It holds the branch with the most work; of several with the same the one that was seen
            first. A better branch replaces the blocks that it competes with; they stay readable in the log.

            Each commit notes how far the files were taken. The same command goes on there, after Ctrl-C, SIGTERM, kill -9 or a power
            cut, and takes nothing twice; files that became longer, and new ones, are taken from where they were left.

            A block is checked before it is taken: proof of work, and that its transactions are those its header commits to. Whether
            they are allowed to spend what they spend is the node's business. Records that are no sound blocks are passed over with a note.
            """)

    @Argument(help: "The store's directory; made if it is not there.")
    var store: String

    @Argument(help: "The `blocks` directory of a node, or one block file.")
    var blocks: String

    @Option(help: "The network: mainnet, testnet3, testnet4, signet or regtest.")
    var network = Network.mainnet

    @Flag(help: "Go on when everything is read, and take blocks as the node writes them.")
    var follow = false

    @Option(help: "Leave out blocks above this height.")
    var stopAt: Int32?

    @Option(
        help: """
            The hash of the block to begin an empty store with, for files that do not go back to the first block, as those of a \
            pruned node. Its height is read from its coinbase.
            """)
    var firstBlock: Hash256?

    @Option(help: "Blocks this far below the highest tip ever seen are final.")
    var finalityDepth: Int64 = WriterOptions().finalityDepth

    @Flag(
        help: """
            Write the log alone: keep no models, which take about 150 bytes of memory for each unspent output. Queries then read the log.
            """)
    var noModels = false

    @Flag(help: "Print the summary, and an error, as JSON.")
    var json = false

    func validate() throws {
        guard finalityDepth >= 0 else { throw ValidationError("--finality-depth must not be negative") }
        guard stopAt ?? 0 >= 0 else { throw ValidationError("--stop-at must not be negative") }
    }

    var reportsJSON: Bool { json }

    func perform(_ output: inout Output) throws(CommandError) {
        StopSignal.install()
        var settings = IndexSettings(store: store, blocks: blocks)
        settings.network = network
        settings.firstBlock = firstBlock
        settings.stopAt = stopAt ?? .max
        settings.follows = follow
        settings.writer.finalityDepth = finalityDepth
        settings.keepsModels = !noModels
        settings.showsProgress = true
        let summary = try Indexer.open(settings, shouldStop: { StopSignal.wasReceived }).run()
        if !json { for note in summary.notes { Report.note(note) } }
        output.write(text: json ? summary.json + "\n" : summary.table)
        if StopSignal.wasReceived { throw .ended }
    }
}

extension Network: ExpressibleByArgument {}

extension Hash256: ExpressibleByArgument {
    /// The hash as it is printed.
    package init?(argument: String) { self.init(printed: argument.utf8) }
}
