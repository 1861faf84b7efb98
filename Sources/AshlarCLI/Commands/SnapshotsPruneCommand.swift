import ArgumentParser
import Ashlar

/// `ashlar snapshots prune`: removes snapshots that are not needed.
struct SnapshotsPruneCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove snapshots: surplus and void ones, or those of some heights.",
        discussion: """
            EXAMPLES
              ashlar snapshots prune chain                            # void ones, and all but the newest 2 of each model
              ashlar snapshots prune chain --min-keep 5 --keep-window 100000
              ashlar snapshots prune chain --heights ..500000         # whatever stands there
              ashlar snapshots prune chain --heights 123456 --model balances --dry-run

            Without --heights it keeps, of each model, the newest --min-keep and all within --keep-window blocks of the tip, and \
            removes the rest and those whose block was undone. Damaged files and those of other stores are left alone. \
            Prints the names of the files, one a line (with --json {"file","removed"}).
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @OptionGroup var filter: SnapshotFilter

    @Option(help: "Keep at least this many of each model.")
    var minKeep = 2

    @Option(help: "Keep all within this many blocks of the tip.")
    var keepWindow: Int64 = 0

    @Option(help: "Remove those with these heights instead: A..B, A.., ..B or A.", transform: RangeArgument.heights)
    var heights: ClosedRange<Int64>?

    @Flag(help: "Tell what would be removed, and remove nothing.")
    var dryRun = false

    @Flag(help: "Print JSON Lines.")
    var json = false

    var reportsJSON: Bool { json }

    func validate() throws {
        if minKeep < 1 { throw ValidationError("--min-keep must be 1 or more") }
        if keepWindow < 0 { throw ValidationError("--keep-window must not be negative") }
    }

    func perform(_ output: inout Output) throws(CommandError) {
        let path = store
        let store = try withStore { () throws(StoreError) in try Store.open(at: path) }
        let entries = try withStates {
            if let heights { return try store.removableSnapshots(of: filter.model, heights: heights) }
            let retention = SnapshotRetention(minKeep: minKeep, keepWindow: keepWindow)
            return try store.snapshots.retired(by: retention, in: try store.view()).map(\.entry)
        }.filter(filter.includes)
        if !dryRun { try withStates { try store.snapshots.remove(entries) } }
        for entry in entries {
            if json {
                output.write("{\"file\":")
                output.json(entry.fileName)
                output.write(",\"removed\":")
                output.json(!dryRun)
                output.write("}\n")
            } else {
                output.write(text: TextTable.printable(entry.fileName) + "\n")
            }
        }
    }
}
