import ArgumentParser
import Ashlar
import AshlarFormat

/// `ashlar snapshots list`: which snapshots there are and what they are good for.
struct SnapshotsListCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the snapshots of a store.",
        discussion: """
            EXAMPLES
              ashlar snapshots list chain
              ashlar snapshots list chain --model balances --json | jq -c 'select(.usable)'

            On a terminal (or with --table) a table, elsewhere JSON Lines, the same members in each:
            {"file","model","schemaVersion","height","hash","sequence","codec","bytes","stateBytes","created","usable","problem"}

            `problem` tells why one cannot be used: damaged, of another store, its block was undone, its commit is not in the \
            log. What only a full check can find `ashlar snapshots verify` finds. `created` is in microseconds since 1970 UTC.
            """)

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var filter: SnapshotFilter
    @OptionGroup var form: RowFormatOptions

    var reportsJSON: Bool { form.json }

    func perform(_ output: inout Output) throws(CommandError) {
        let store = try reading.open(notes: !form.json)
        var printer = SnapshotPrinter(store.hashNotation, form.format(for: output, tableByDefault: true))
        printer.begin(&output)
        let view = try withStore { () throws(StoreError) in try store.view() }
        for entry in try filter.entries(of: store) {
            printer.print(entry, problem: try withStates { try entry.problem(in: view) }, &output)
        }
        printer.finish(&output)
    }
}
