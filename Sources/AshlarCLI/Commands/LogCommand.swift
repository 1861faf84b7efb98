import ArgumentParser
import Ashlar
import AshlarFormat

/// `ashlar log`: every commit of the log, with what was undone and what took its place.
struct LogCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Print the raw log: blocks, undone ones too, rollbacks, floating batches.",
        discussion: """
            EXAMPLES
              ashlar log chain
              ashlar log chain --descending --limit 20
              ashlar log chain --sequences 100..200 --csv
              ashlar log chain | jq -c 'select(.rollback)'

            On a terminal (or with --table) a view for people: blocks that were undone are marked ✗, and each reorganisation \
            lists the blocks it undid and those it took up again. Elsewhere JSON Lines, the same members in each:
            {"sequence","kind","height","hash","parent","timestamp","requestId","events","canonical","rollback","continues",\
            "finalHeight","key","mark","chainValue","appendTime","bytes"}

            `kind` is block, rollback, floating or control. `canonical` tells of a block whether it is now. `rollback` is null \
            or {"toHeight","undoneBlocks","undoneEvents","undone","readopted"}, whose lists have {"sequence","height","hash"} \
            of each block. `continues` tells that the next commit belongs to the same atomic change. `mark` is in base64, \
            `chainValue` in hex; a `key` or request id that is not UTF-8 has base64 in `keyBase64` or `requestIdBase64`. \
            Times are in microseconds since 1970 UTC.
            """)

    @OptionGroup var reading: ReadingOptions

    @OptionGroup var damage: DegradedOption

    @Option(help: "Only commits with these sequences: A..B, A.., ..B or A.", transform: RangeArgument.numbers)
    var sequences: ClosedRange<UInt64>?

    @Flag(help: "From the last commit back.")
    var descending = false

    @Option(help: "At most this many commits.")
    var limit: Int?

    @OptionGroup var form: RowFormatOptions

    var reportsJSON: Bool { form.json }

    func validate() throws {
        guard (limit ?? 0) >= 0 else { throw ValidationError("--limit must not be negative") }
    }

    func perform(_ output: inout Output) throws(CommandError) {
        let degraded = damage.degraded ? try damage.open(reading) : nil
        let stores: [Store]
        if let degraded { stores = degraded.parts } else { stores = [try reading.open(notes: !form.json)] }
        let notation = stores.first?.hashNotation ?? .hex
        var printer = LogPrinter(notation, form.format(for: output, tableByDefault: true))
        printer.begin(&output)
        var left = limit ?? .max
        for store in descending ? stores.reversed() : stores { try print(store, &printer, &left, &output) }
        printer.finish(&output)
        if let degraded { try damage.end(degraded, reading, &output) }
    }

    private func print(
        _ store: Store, _ printer: inout LogPrinter, _ left: inout Int, _ output: inout Output
    ) throws(CommandError) {
        var history = RollbackDetails(store, descending: descending)
        var range = sequences
        if damage.degraded {
            let own = store.firstSequence...max(store.firstSequence, store.sequence)
            guard range?.overlaps(own) ?? true else { return }
            range = range?.clamped(to: own)
        }
        var commits = store.commits(range, descending: descending).makeIterator()
        while left > 0, output.isOpen, let next = commits.next() {
            let entry = try withStore { () throws(StoreError) in try history.entry(try next.get()) }
            printer.print(entry, &output)
            left -= 1
        }
    }
}
