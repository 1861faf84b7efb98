import ArgumentParser

/// `ashlar import`: takes over what other software stored.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take over what other software stored.",
        subcommands: [ImportEasyLayerCommand.self])
}
