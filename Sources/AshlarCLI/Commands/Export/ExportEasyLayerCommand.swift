import ArgumentParser
import Ashlar
import AshlarEasyLayer

/// `ashlar export easylayer`: what a store has, in the layout that EasyLayer's software reads.
struct ExportEasyLayerCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "easylayer",
        abstract: "Write EasyLayer's tables, once, into an empty place.",
        discussion: """
            EXAMPLES
              ashlar export easylayer chain sqlite:data/current.sqlite3
              ashlar export easylayer chain postgres://indexer@localhost/chains --schema-name public
              ashlar export easylayer chain sqlite:el.db --rename 'token transfers=token-transfers' --network evm
              ashlar export easylayer chain sqlite:el.db --replace --json

            A table for each model with its canonical and floating events; a network model that tells blocks and rollbacks: the one the \
            store was imported with, or one made from the store's blocks; `snapshots` with the states of the models that this program \
            knows and that have a form in JSON; an empty `outbox`. All is read back and compared before it counts: a run that ends early \
            leaves nothing, or a file NAME.unfinished that the next run writes anew.

            {"sequence","height","tables":[{"name","model","rows","bytes"}],"network","snapshots":["MODEL"],\
            "withoutJSON":["MODEL"],"milliseconds"}; the model of a network table that was made is null.
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @Argument(help: ArgumentHelp(stringLiteral: TargetArgument.help))
    var target: String

    @Option(help: "The schema that the tables are in, in PostgreSQL.")
    var schemaName = "public"

    @Option(help: "What tells the chain: auto, bitcoin, evm or none.")
    var network = EasyLayerExportOptions.Network.automatic

    @Option(help: "The network model: one of several that the store has, or the name of the one that is made.")
    var networkModel: String?

    @Option(help: "Another name for a model: OLD=NEW (may be given more than once).")
    var rename: [String] = []

    @Flag(help: "Give each model whose name EasyLayer does not allow one much like it; the summary lists them.")
    var fitNames = false

    @Flag(help: "Write payloads that are not JSON as they are, instead of refusing them.")
    var anyPayload = false

    @Flag(help: "Drop what an earlier export made, and write it anew.")
    var replace = false

    @Flag(help: "Leave `snapshots` empty.")
    var noSnapshots = false

    @Flag(help: "Print the summary, or an error, as JSON.")
    var json = false

    var reportsJSON: Bool { json }

    func validate() throws {
        if network == .none, networkModel != nil {
            throw ValidationError("--network-model is of no use with --network none; leave one of them out")
        }
        for text in rename where Self.parse(text) == nil {
            throw ValidationError("--rename takes OLD=NEW; `\(text)` is not that")
        }
    }

    func perform(_ output: inout Output) throws(CommandError) {
        let store = try openStore(self.store, notes: !json)
        var options = EasyLayerExportOptions()
        options.network = network
        options.networkModel = networkModel
        options.renames = rename.compactMap(Self.parse)
        options.fitsNames = fitNames
        options.takesAnyPayload = anyPayload
        try EasyLayerExportCommandRun(
            store: store, target: TargetArgument(target), schemaName: schemaName, replaces: replace,
            takesSnapshots: !noSnapshots, json: json
        ).run(options, &output)
    }

    /// `OLD=NEW`, at the last `=`, which no new name has.
    private static func parse(_ text: String) -> EasyLayerExportOptions.Rename? {
        guard let split = text.utf8.lastIndex(of: UInt8(ascii: "=")) else { return nil }
        let (old, new) = (text[..<split], text[text.utf8.index(after: split)...])
        return old.isEmpty || new.isEmpty ? nil : .init(model: String(old), table: String(new))
    }
}

extension EasyLayerExportOptions.Network: ExpressibleByArgument {}
