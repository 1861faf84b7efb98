import ArgumentParser
import Ashlar
import AshlarFormat

/// `ashlar consumers`: the named consumers of a store, and how far each is behind.
struct ConsumersCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "consumers",
        abstract: "Show the named consumers and how far they are behind; set or remove one.",
        discussion: """
            EXAMPLES
              ashlar consumers chain
              ashlar consumers chain --json | jq -r 'select(.lag.seconds > 60) | .name'
              ashlar consumers chain --set search start
              ashlar consumers chain --remove search

            With --json one object a line: {"name","cursor","acknowledgedAt","lag","problem"}. `lag` is what the consumer has \
            not acknowledged of what this command sees: {"commits","blocks","bytes","seconds"}, where `seconds` is for how long \
            the first of it has been in the log. It is null where `problem` (else null) tells what is wrong, such as a cursor \
            that the log does not contain any more. Times are in microseconds since 1970 UTC.

            --set moves a consumer to a cursor, to the start, to the oldest place that was not pruned, or to the end, forward or back. A consumer that is in use by a \
            running process can neither be set nor removed.
            """)

    @OptionGroup var reading: ReadingOptions

    @Option(
        name: .customLong("set"), parsing: .upToNextOption,
        help: "NAME and CURSOR (or start, or end): move a consumer there.")
    var setting: [String] = []

    @Option(help: "Forget this consumer.")
    var remove: String?

    @Flag(help: "JSON Lines: one object a line.")
    var json = false

    var reportsJSON: Bool { json }

    func validate() throws {
        guard setting.isEmpty || setting.count == 2 else {
            throw ValidationError("--set takes two words, NAME and CURSOR; give the store before it")
        }
        if !setting.isEmpty, remove != nil { throw ValidationError("give either --set or --remove") }
    }

    func perform(_ output: inout Output) throws(CommandError) {
        let store = try reading.open(notes: !json)
        if let remove {
            try self.remove(remove, store)
        } else if setting.count == 2 {
            let cursor = try CursorArgument.decode(setting[1], option: "--set", store)
            let name = setting[0]
            try withStore { () throws(StoreError) in try store.consumer(name).ack(cursor, goingBack: true) }
        }
        let only = remove == nil ? setting.first : nil
        let all = try withStore { () throws(StoreError) in try store.consumers() }
        if json {
            for status in all where only == nil || status.name == only { line(status, &output) }
        } else {
            var table = TextTable(Self.columns)
            for status in all where only == nil || status.name == only { table.add(row(status), to: &output) }
            table.finish(&output)
        }
    }

    private func remove(_ name: String, _ store: Store) throws(CommandError) {
        let isKnown = try withStore { () throws(StoreError) in try store.consumers().contains { $0.name == name } }
        guard isKnown else {
            throw .refused(
                code: "unknownConsumer", message: "there is no consumer `\(name)`; `ashlar consumers` lists them")
        }
        try withStore { () throws(StoreError) in try store.consumer(name).remove() }
    }

    private static let columns: [TextTable.Column] = [
        .text("consumer"), .number("sequence"), .number("commits"), .number("blocks"), .number("bytes"),
        .number("seconds"), .text("acknowledged"), .text("cursor"),
    ]

    private func row(_ status: ConsumerStatus) -> [String] {
        let lag = status.lag
        return [
            status.name, status.position.map { "\($0.sequence)" } ?? "", lag.map { "\($0.commits)" } ?? "",
            lag.map { "\($0.blocks)" } ?? "", lag.map { "\($0.bytes)" } ?? "",
            lag.map { "\(Int($0.seconds.rounded()))" } ?? "",
            status.acknowledgedAt.map { TimeText.format($0) } ?? "",
            status.problem.map { "\($0)" } ?? status.position.map { "\($0)" } ?? "",
        ]
    }

    private func line(_ status: ConsumerStatus, _ output: inout Output) {
        output.write("{\"name\":")
        output.json(status.name)
        output.write(",\"cursor\":")
        output.json(status.position.map { "\($0)" })
        output.write(",\"acknowledgedAt\":")
        output.json(status.acknowledgedAt?.microseconds)
        output.write(",\"lag\":")
        if let lag = status.lag {
            output.write("{\"commits\":")
            output.write(lag.commits)
            output.write(",\"blocks\":")
            output.write(lag.blocks)
            output.write(",\"bytes\":")
            output.write(lag.bytes)
            output.write(",\"seconds\":")
            // Milliseconds are as fine as it gets; an integer keeps clear of how doubles are printed.
            let milliseconds = Int((lag.seconds * 1_000).rounded())
            output.write(milliseconds / 1_000)
            output.write(text: "." + String(1_000 + milliseconds % 1_000).dropFirst())
            output.write("}")
        } else {
            output.write("null")
        }
        output.write(",\"problem\":")
        output.json(status.problem.map { "\($0)" })
        output.write("}\n")
    }
}
