import ArgumentParser
import Ashlar
import AshlarFormat

/// `ashlar stats`: what a store holds, in numbers.
struct StatsCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Show what a store holds, in numbers.",
        discussion: """
            EXAMPLES
              ashlar stats chain
              ashlar stats chain --json | jq .tip.height

            In JSON, `tip.timestamp` is in microseconds since 1970 UTC; `events` counts undone and floating events too, \
            `canonicalEvents` those in canonical blocks; what there is none of is null.
            """)

    @OptionGroup var reading: ReadingOptions

    @Flag(help: "Print JSON.")
    var json = false

    var reportsJSON: Bool { json }

    func perform(_ output: inout Output) throws(CommandError) {
        let store = try reading.open(notes: false)
        let statistics = try withStore { () throws(StoreError) in try store.statistics() }
        if json {
            StatisticsPrinter(store).json(statistics, &output)
        } else {
            StatisticsPrinter(store).text(statistics, &output)
        }
    }
}
