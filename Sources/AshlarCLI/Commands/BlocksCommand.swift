import ArgumentParser
import Ashlar
import AshlarFormat

/// `ashlar blocks`: the canonical chain, block by block.
struct BlocksCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "blocks",
        abstract: "Print the canonical blocks, without their events.",
        discussion: """
            EXAMPLES
              ashlar blocks chain --heights 831320..
              ashlar blocks chain --descending --limit 10
              ashlar blocks chain --as-of 5000 --csv
              ashlar blocks chain --hash 00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048

            A table on a terminal, elsewhere JSON Lines:
            {"height","hash","parent","timestamp","requestId","sequence","events","bytes","appendTime","canonical"}
            with times in microseconds since 1970 UTC. With --hash, undone blocks are found too; their `canonical` is false.
            """)

    @OptionGroup var reading: ReadingOptions

    @OptionGroup var damage: DegradedOption

    @Option(help: "Only these heights: A..B, A.., ..B or A.", transform: RangeArgument.heights)
    var heights: ClosedRange<Int64>?

    @Option(help: "Only blocks with this hash, in the store's notation; undone ones too.")
    var hash: String?

    @Option(help: "The chain as it was after the commit with this sequence.")
    var asOf: UInt64?

    @Flag(help: "From the tip down (with --hash: oldest first).")
    var descending = false

    @Option(help: "At most this many blocks.")
    var limit: Int?

    @OptionGroup var form: RowFormatOptions

    var reportsJSON: Bool { form.json }

    func validate() throws {
        guard (limit ?? 0) >= 0 else { throw ValidationError("--limit must not be negative") }
    }

    func perform(_ output: inout Output) throws(CommandError) {
        if damage.degraded {
            let degraded = try damage.open(reading)
            let format = form.format(for: output, tableByDefault: true)
            var rows = BlockRows(degraded.parts.first?.hashNotation ?? .hex, format, &output)
            var left = limit ?? .max
            for store in descending ? degraded.parts.reversed() : degraded.parts {
                try print(store, &rows, &left, &output)
            }
            rows.finish(&output)
            return try damage.end(degraded, reading, &output)
        }
        let store = try reading.open(notes: !form.json)
        var rows = BlockRows(store.hashNotation, form.format(for: output, tableByDefault: true), &output)
        var left = limit ?? .max
        try print(store, &rows, &left, &output)
        rows.finish(&output)
    }

    private func print(
        _ store: Store, _ rows: inout BlockRows, _ left: inout Int, _ output: inout Output
    ) throws(CommandError) {
        let asOf = asOf
        let view = try withStore { () throws(StoreError) in
            if let asOf { try store.view(asOf: asOf) } else { try store.view() }
        }
        if let hash { return try print(hash, of: store, view, &rows, &output) }
        var blocks = view.blocks(damage.clamped(heights, store), descending: descending).makeIterator()
        while left > 0, output.isOpen, let next = blocks.next() {
            let block = try withStore { () throws(StoreError) in try next.get() }
            rows.print(block, isCanonical: true, &output)
            left -= 1
        }
    }

    private func print(
        _ text: String, of store: Store, _ view: View, _ rows: inout BlockRows, _ output: inout Output
    ) throws(CommandError) {
        let hash = try HashArgument.decode(text, option: "--hash", as: store.hashNotation)
        let found = try withStore { () throws(StoreError) in try store.blocks(hash: hash) }
        let canonical = try withStore { () throws(StoreError) in try view.block(hash: hash) }
        var matching = found.filter { block in
            block.sequence <= view.sequence && (heights?.contains(block.block.height) ?? true)
        }
        if descending { matching.reverse() }
        for block in matching.prefix(limit ?? .max) {
            rows.print(block, isCanonical: block.sequence == canonical?.sequence, &output)
        }
    }
}

/// Blocks in the form asked for.
struct BlockRows {
    private let printer: BlockPrinter
    private let format: RowFormat
    private var table = TextTable(BlockPrinter.columns)

    /// Rows in a form; writes the head line of CSV.
    init(_ notation: HashNotation, _ format: RowFormat, _ output: inout Output) {
        printer = BlockPrinter(notation)
        self.format = format
        if format == .csv { BlockPrinter.csvHead(&output) }
    }

    /// Writes one block.
    mutating func print(_ block: StoredBlock, isCanonical: Bool, _ output: inout Output) {
        switch format {
        case .jsonLines: printer.json(block, isCanonical: isCanonical, &output)
        case .csv: printer.csv(block, isCanonical: isCanonical, &output)
        case .table: table.add(printer.row(block, isCanonical: isCanonical), to: &output)
        }
    }

    /// Writes what was held back.
    mutating func finish(_ output: inout Output) {
        if format == .table { table.finish(&output) }
    }
}
