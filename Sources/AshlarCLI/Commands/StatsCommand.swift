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
              ashlar stats chain --degraded            each healthy part of a damaged store

            In JSON, `tip.timestamp` is in microseconds since 1970 UTC; `events` counts undone and floating events too, \
            `canonicalEvents` those in canonical blocks; what there is none of is null.
            """)

    @OptionGroup var reading: ReadingOptions

    @OptionGroup var damage: DegradedOption

    @Flag(help: "Print JSON.")
    var json = false

    var reportsJSON: Bool { json }

    func perform(_ output: inout Output) throws(CommandError) {
        if damage.degraded {
            let degraded = try damage.open(reading)
            for store in degraded.parts { try print(store, &output) }
            return try damage.end(degraded, reading, &output)
        }
        try print(try reading.open(notes: false), &output)
    }

    private func print(_ store: Store, _ output: inout Output) throws(CommandError) {
        let statistics = try withStore { () throws(StoreError) in try store.statistics() }
        if json {
            StatisticsPrinter(store).json(statistics, &output)
        } else {
            StatisticsPrinter(store).text(statistics, &output)
        }
    }
}
