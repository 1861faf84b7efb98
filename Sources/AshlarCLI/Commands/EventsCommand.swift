import ArgumentParser
import Ashlar
import AshlarFormat

/// `ashlar events`: the events a query asks for, as they come out of the log.
struct EventsCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Print events: of models, types, heights, versions, sequences, times.",
        discussion: """
            EXAMPLES
              ashlar events chain --model utxo --heights 100..200
              ashlar events chain --type Transfer --times 2024-01-01..2024-01-31 --csv
              ashlar events chain --order sequence --descending --limit 10 --page
              ashlar events chain --as-of 5000 --model balances --versions 1..
              ashlar events chain --scope log | jq -r .hash | uniq

            One JSON object a line unless --csv or --table is given:
            {"sequence","ordinal","height","hash","model","type","version","timestamp","requestId","payload"}

            `payload` is the JSON that was appended, byte for byte. A payload that is not JSON, or has line feeds between its \
            tokens, is in `payloadBase64` instead; a request id that is not UTF-8 in `requestIdBase64`. `timestamp` is in \
            microseconds since 1970 UTC. Floating events have null for height, hash and version.

            With --page the last line is {"next":TOKEN}, or {"next":null} when there is nothing more; --after TOKEN with the \
            same filters goes on from there, on the same chain even if it has moved. (With --csv and --table the token goes \
            to the standard error output.) --limit-per-model counts anew on every page.
            """)

    @OptionGroup var reading: ReadingOptions
    @OptionGroup(title: "Filters") var filters: EventFilters
    @OptionGroup(title: "Order and pages") var paging: EventPaging
    @OptionGroup(title: "Form") var form: RowFormatOptions

    var reportsJSON: Bool { form.json }

    func perform(_ output: inout Output) throws(CommandError) {
        let store = try reading.open(notes: !form.json)
        var query = filters.query
        try paging.apply(to: &query)
        let asOf = paging.asOf
        let view = try withStore { () throws(StoreError) in
            if let asOf { try store.view(asOf: asOf) } else { try store.view() }
        }
        var cursor = try withStore { () throws(StoreError) in try view.cursor(query) }
        let format = form.format(for: output, tableByDefault: false)
        var printer = EventPrinter(store.hashNotation, format)
        printer.begin(&output)
        var count = 0
        var last: PageToken?
        var hasMore = false
        while output.isOpen {
            guard try withStore({ () throws(StoreError) in try cursor.next() }) else { break }
            if count == paging.limit {
                hasMore = true
                break
            }
            printer.print(cursor, &output)
            count += 1
            if count == paging.limit, paging.page { last = cursor.pageToken }
        }
        printer.finish(&output)
        if paging.page { end(hasMore ? last : nil, format, &output) }
    }

    /// Tells where the next page begins.
    private func end(_ next: PageToken?, _ format: RowFormat, _ output: inout Output) {
        guard format == .jsonLines else {
            output.flush()
            return Report.page(next.map { "\($0)" })
        }
        output.write("{\"next\":")
        output.json(next.map { "\($0)" })
        output.write("}\n")
    }
}
