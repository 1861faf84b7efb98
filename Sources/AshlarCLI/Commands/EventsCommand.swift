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

            With --degraded what is healthy of a damaged store is printed, each stretch of it in turn; what is lost is named \
            on the standard error output, and the exit code is 1.
            """)

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var damage: DegradedOption
    @OptionGroup(title: "Filters") var filters: EventFilters
    @OptionGroup(title: "Order and pages") var paging: EventPaging
    @OptionGroup(title: "Form") var form: RowFormatOptions

    var reportsJSON: Bool { form.json }

    func validate() throws {
        guard damage.degraded else { return }
        if paging.page || paging.after != nil || paging.asOf != nil || paging.offset > 0 {
            throw ValidationError("--degraded gives all at once: leave --page, --after, --as-of and --offset out")
        }
        if paging.order == .version || paging.order == .timestamp {
            throw ValidationError("--degraded knows the orders chain and sequence")
        }
    }

    func perform(_ output: inout Output) throws(CommandError) {
        if damage.degraded { return try printHealthy(&output) }
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

    /// Prints what can be read of a damaged store, stretch by stretch.
    private func printHealthy(_ output: inout Output) throws(CommandError) {
        let degraded = try damage.open(reading)
        var query = filters.query
        try paging.apply(to: &query)
        let byHeight = query.order == .chain && query.scope == .canonical
        var queries: [(Store, EventQuery)] = []
        if byHeight {
            for stretch in degraded.healthyHeights(in: query.heights ?? 0...Int64.max) {
                queries.append((stretch.store, query))
                queries[queries.count - 1].1.heights = stretch.heights
            }
        } else {
            for stretch in degraded.healthySequences(in: query.sequences ?? 0...UInt64.max) {
                queries.append((stretch.store, query))
                queries[queries.count - 1].1.order = .sequence
                queries[queries.count - 1].1.sequences = stretch.sequences
            }
        }
        if query.descending { queries.reverse() }
        var printer = EventPrinter(
            degraded.parts.first?.hashNotation ?? .hex, form.format(for: output, tableByDefault: false))
        printer.begin(&output)
        var left = paging.limit ?? .max
        for (store, query) in queries { try print(store, query, &printer, &left, &output) }
        printer.finish(&output)
        try damage.end(degraded, reading, &output)
    }

    private func print(
        _ store: Store, _ query: EventQuery, _ printer: inout EventPrinter, _ left: inout Int, _ output: inout Output
    ) throws(CommandError) {
        var cursor = try withStore { () throws(StoreError) in try store.view().cursor(query) }
        while left > 0, output.isOpen, try withStore({ () throws(StoreError) in try cursor.next() }) {
            printer.print(cursor, &output)
            left -= 1
        }
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
