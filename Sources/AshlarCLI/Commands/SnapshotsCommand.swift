import ArgumentParser
import Ashlar

/// `ashlar snapshots`: the snapshot files of a store.
struct SnapshotsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshots",
        abstract: "List, take, verify and prune the snapshots of models' states.",
        discussion: """
            EXAMPLES
              ashlar snapshots list chain
              ashlar snapshots take chain event-counts
              ashlar snapshots verify chain
              ashlar snapshots prune chain --min-keep 2 --keep-window 10000

            A snapshot is a model's state after one canonical block, in a file beside the log. It saves a replay and can always \
            be made again; without any, everything still works.
            """,
        subcommands: [
            SnapshotsListCommand.self, SnapshotsTakeCommand.self, SnapshotsVerifyCommand.self,
            SnapshotsPruneCommand.self,
        ])
}

/// Which snapshots a command is about.
struct SnapshotFilter: ParsableArguments {
    @Option(help: "Only snapshots of this model.")
    var model: String?

    /// Whether a file is asked for; one whose header cannot be read is only if no model is.
    func includes(_ entry: SnapshotEntry) -> Bool {
        guard let model else { return true }
        return entry.identity?.model.utf8.elementsEqual(model.utf8) ?? false
    }

    /// The snapshot files of a store that are asked for.
    func entries(of store: Store) throws(CommandError) -> [SnapshotEntry] {
        try withStates { try store.snapshots.entries() }.filter(includes)
    }
}
