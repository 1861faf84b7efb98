import ArgumentParser
import Ashlar
import AshlarEasyLayer
import AshlarStorage
import Glibc

/// `ashlar import easylayer`: a database of EasyLayer becomes a store.
struct ImportEasyLayerCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "easylayer",
        abstract: "Make a store of what EasyLayer stored in SQLite or PostgreSQL.",
        discussion: """
            EXAMPLES
              ashlar import easylayer sqlite:/var/lib/crawler/eventstore chain
              ashlar import easylayer sqlite:one.db chain --no-spine
              ashlar import easylayer postgres://reader@localhost/crawler chain --schema-name public
              ashlar import easylayer sqlite:eventstore chain --consumer search --json | jq .outbox

            SOURCE
              sqlite:PATH is a database file, or the directory with current.sqlite3 and archives; postgres:URL (or the URL alone) a
              server, as psql takes it. Better keep a password out of the URL: others see a command line. The source is only read,
              in one transaction; stop EasyLayer first, which keeps SQLite files to itself anyway.

            WHAT BECOMES OF IT
              The events of the network model give the blocks, and real rollbacks where it reorganised. The rows of a height go into
              its block, events without a height follow as floating events. Without a network model (or with --no-spine) each
              height that has rows gets a block whose hash stands in. Where the first events of a model were deleted, its oldest
              usable snapshot becomes an event of the type easylayer.snapshot, which the model starts from.
              format-spec/easylayer.md has the details.

            GOING ON
              It can be stopped or killed anywhere: the same command goes on where it was, as long as the source is the same. At the
              end counts and digests of all payloads are compared; a difference is exit code 1. Once all is imported the same
              command only compares.

            OUTBOX
              What EasyLayer had not delivered yet is told as a cursor of this store: a consumer that follows from there
              (`ashlar tail --from`) gets the first undelivered event first. The store is in the order of blocks, so others of them
              may stand before it: the safe cursor is before all. --consumer NAME makes a consumer that goes on there.

            Exit codes: 0 all there; 1 a difference, or a damaged row, which is named; 2 refused; 3 another process writes the
            store; 4 the database or the system failed; 130 stopped by a signal.
            """)

    @Argument(help: "sqlite:PATH (a file or EasyLayer's directory), or postgres:URL.")
    var source: String

    @Argument(help: "The store's directory; made if it is not there.")
    var store: String

    @Option(help: "The network model whose events are the chain; by default the only one there is.")
    var spine: String?

    @Flag(help: "Take no network model: hashes of blocks stand in.")
    var noSpine = false

    @Option(help: "In PostgreSQL, the schema that EasyLayer's tables are in.")
    var schemaName = "public"

    @Option(help: "Make a consumer of this name that goes on with what EasyLayer had not delivered.")
    var consumer: String?

    @OptionGroup(title: "Writing")
    var writing: IngestWritingOptions

    @Flag(help: "Print the summary, or an error, as JSON.")
    var json = false

    var reportsJSON: Bool { json }

    func validate() throws {
        if spine != nil, noSpine { throw ValidationError("give either --spine or --no-spine") }
    }

    func perform(_ output: inout Output) throws(CommandError) {
        StopSignal.install()
        let files = try EasyLayerSource(source, schemaName: schemaName).open(maxPayloadBytes: writing.maxPayloadBytes)
        let meter = ImportMeter(isVisible: !json && isatty(STDERR_FILENO) == 1)
        let started = SystemCalls.monotonicNanoseconds()
        let path = store
        let report: EasyLayerReport
        do throws(CommandError) {
            report = try withEasyLayer { () throws(EasyLayerError) in
                try EasyLayerImport(files, spine: spine.map { .model($0) } ?? (noSpine ? .none : .automatic)).run(
                    into: path, options: writing.options, shouldStop: { StopSignal.wasReceived },
                    report: { meter.show($0) })
            }
        } catch {
            meter.clear()
            throw error
        }
        meter.clear()
        var summary = ImportSummary(report, store: path)
        summary.seconds = Double(SystemCalls.monotonicNanoseconds() - started) / 1e9
        if report.isWhole, let consumer { summary.consumer = try register(consumer, report) }
        if json { summary.json(&output) } else { summary.text(&output) }
        try end(report, &output)
    }

    /// Throws what a run that did not end well ends with.
    private func end(_ report: EasyLayerReport, _ output: inout Output) throws(CommandError) {
        guard !report.isWhole else { return }
        output.flush()
        if report.isStopped {
            throw .interrupted(message: "stopped; the same command goes on here")
        }
        throw .damaged(
            message: "the store does not have what the source has: "
                + report.models.compactMap(\.difference).joined(separator: "; ")
                + "; remove \(store) and import again, and report it if that does not help")
    }

    /// Makes the consumer, unless there is one of this name that has a place already.
    private func register(
        _ name: String, _ report: EasyLayerReport
    ) throws(CommandError) -> ImportSummary.Registration {
        let path = store
        return try withStore { () throws(StoreError) in
            let store = try Store.open(at: path)
            let consumer = try store.consumer(name)
            if let position = try consumer.position() { return .init(name: name, cursor: position, isNew: false) }
            var cursor = try store.cursor(at: .end)
            if let all = report.outbox?.all { cursor = all }
            try consumer.ack(cursor)
            return .init(name: name, cursor: cursor, isNew: true)
        }
    }
}
