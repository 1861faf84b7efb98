import ArgumentParser

/// Runs Ashlar and its peers in turn, and tells how they compare.
@main
struct BenchRunner: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-runner",
        abstract: "Measure Ashlar beside its peers.",
        subcommands: [RunCommand.self, ReportCommand.self])
}

/// Why there is no result.
struct Problem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
