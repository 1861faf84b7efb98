import ArgumentParser
import Ashlar
import Glibc

/// `ashlar tail`: the steps of the log as JSON Lines, from a cursor on, and live.
struct TailCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Print what happens to the chain, step by step: blocks applied, blocks undone, floating events.",
        discussion: """
            EXAMPLES
              ashlar tail chain
              ashlar tail chain --follow --model utxo
              ashlar tail chain --from end --follow
              ashlar tail chain --consumer search --ack --follow | ./feed-the-search-index
              ashlar tail chain --from c1.0d0e….2a.9f3c…

            One JSON object a line, in the order of the log:
            {"step":"applied","cursor","id","sequence","appendTime","first","last","height","hash","parent","timestamp",\
            "requestId","blockSequence","readopted","events"}
            {"step":"undone","cursor","id","sequence","appendTime","first","last","toHeight","count","blocks"}, whose blocks, \
            the highest first, have {"height","hash","blockSequence","chainValue"}
            {"step":"floating","cursor","id","sequence","appendTime","first","last","timestamp","key","requestId","events"}
            {"step":"passed","cursor","sequence"}: the log went on by what gives no steps

            Events have {"id","ordinal","model","type","version","timestamp","requestId","payload"}; a payload that is not JSON \
            in one line is in `payloadBase64`, a key or request id that is not UTF-8 in `keyBase64` or `requestIdBase64`.

            `cursor` is where to go on behind this line. `id` is the same whenever the step or the event is delivered again: \
            the chain value of its commit and a number; an event of an undone block has an id that starts with the block's \
            `chainValue`. A large step comes in parts, one line each: `first` and `last` tell its ends. `sequence` is the \
            commit that caused the step, `blockSequence` the one that holds the block: another if the block was undone \
            before and is taken up again (`readopted`). Times are in microseconds since 1970 UTC.

            --ack writes the consumer's new position down durably, each time after its lines went out. Who crashes gets the \
            lines since then again. A consumer that never acknowledged begins at the start of the log.
            """)

    @OptionGroup var reading: ReadingOptions

    @Option(help: "Go on behind this cursor; or start, oldest (behind what was pruned), or end.")
    var from: String?

    @Option(help: "Go on where this named consumer stands.")
    var consumer: String?

    @Flag(help: "Acknowledge as the named consumer what was written out.")
    var ack = false

    @Flag(help: "Wait for more at the end, until a signal or the reader ends it.")
    var follow = false

    @Option(help: "Only events of this model (may be given more than once); steps come all the same.")
    var model: [String] = []

    @Option(help: "At most this many events are read and written at a time.")
    var batchEvents = SubscriptionOptions().batchEvents

    @Flag(help: "Report an error as JSON.")
    var json = false

    var reportsJSON: Bool { json }

    func validate() throws {
        if from != nil, consumer != nil { throw ValidationError("give either --from or --consumer") }
        if ack, consumer == nil { throw ValidationError("--ack needs a --consumer to acknowledge as") }
        if batchEvents < 1 { throw ValidationError("--batch-events must be 1 or more") }
    }

    func perform(_ output: inout Output) throws(CommandError) {
        let store = try reading.open(notes: !json)
        let name = consumer
        let consumer = try withStore { () throws(StoreError) in
            if let name { try store.consumer(name) } else { nil as Consumer? }
        }
        var options = SubscriptionOptions()
        options.batchEvents = batchEvents
        options.horizon = reading.committed ? .committed : .durable
        options.models = model.isEmpty ? nil : model
        options.stopsAtEnd = !follow
        let start = try start(store, consumer)
        // Who asks again with --ack must not hear that another one holds the name only after lines went out.
        if ack, let consumer { try withStore { () throws(StoreError) in try consumer.ack(start) } }
        var follower = try withStore { () throws(StoreError) in try store.follow(from: start, options: options) }
        if follow { StopSignal.install() }
        try run(&follower, StepPrinter(store.hashNotation), ack ? consumer : nil, &output)
    }

    private func start(_ store: Store, _ consumer: Consumer?) throws(CommandError) -> Cursor {
        if let position = try withStore({ () throws(StoreError) in try consumer?.position() }) { return position }
        return try CursorArgument.decode(from ?? "start", option: "--from", store)
    }

    private func run(
        _ follower: inout Follower, _ printer: consuming StepPrinter, _ consumer: Consumer?, _ output: inout Output
    ) throws(CommandError) {
        while output.isOpen {
            if StopSignal.wasReceived { throw .ended }
            if let batch = try next(&follower) {
                printer.print(batch, &output)
                // Out before it is acknowledged, and before waiting for more.
                output.flush()
                guard output.isOpen else { return }
                if let consumer { try withStore { () throws(StoreError) in try consumer.ack(batch.cursor) } }
            } else {
                guard follow, !output.isAbandoned else { return }
                if try wait(&follower) == .ended { return }
            }
        }
    }

    private func next(_ follower: inout Follower) throws(CommandError) -> StepBatch? {
        do throws(StoreError) { return try follower.next() } catch { throw .store(error) }
    }

    private func wait(_ follower: inout Follower) throws(CommandError) -> FollowWait {
        do throws(StoreError) { return try follower.wait(upToMilliseconds: 100) } catch { throw .store(error) }
    }
}

/// A cursor on the command line.
enum CursorArgument {
    /// Decodes `start`, `oldest`, `end`, or the text of a cursor, or says what is wrong with it.
    static func decode(_ text: String, option: String, _ store: Store) throws(CommandError) -> Cursor {
        switch text {
        case "start": return try withStore { () throws(StoreError) in try store.cursor(at: .start) }
        case "oldest": return try withStore { () throws(StoreError) in try store.cursor(at: .oldest) }
        case "end": return try withStore { () throws(StoreError) in try store.cursor(at: .end) }
        default:
            guard let cursor = Cursor(text) else {
                throw .refused(
                    code: "invalidCursor",
                    message:
                        "`\(option) \(text)` is no cursor; copy it whole from a line of `ashlar tail`, or say start, oldest or end"
                )
            }
            return cursor
        }
    }
}
