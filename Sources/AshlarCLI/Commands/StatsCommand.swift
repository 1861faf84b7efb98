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
              ashlar stats chain --watch 5
              ashlar stats chain --watch 15 --prometheus /var/lib/node_exporter/ashlar.prom

            In JSON, `tip.timestamp` is in microseconds since 1970 UTC; `events` counts undone and floating events too, \
            `canonicalEvents` those in canonical blocks; what there is none of is null.

            --prometheus writes the numbers, consumers and the disk in the text format of Prometheus, for the textfile \
            directory of a node exporter; the file is replaced as a whole. It and --watch look beyond the durable sequence.
            """)

    @OptionGroup var reading: ReadingOptions

    @OptionGroup var damage: DegradedOption

    @Flag(help: "Print JSON.")
    var json = false

    @Option(help: "Look again every so many seconds, until a signal comes.")
    var watch: Double?

    @Option(help: "Write the numbers to this file, for Prometheus.")
    var prometheus: String?

    var reportsJSON: Bool { json }

    func validate() throws {
        if let watch, !(watch >= 0.1) { throw ValidationError("--watch takes 0.1 seconds or more") }
        if damage.degraded, watch != nil || prometheus != nil {
            throw ValidationError("--degraded shows a damaged store once; leave out --watch and --prometheus")
        }
    }

    func perform(_ output: inout Output) throws(CommandError) {
        if watch != nil || prometheus != nil {
            let isQuiet = prometheus != nil && !output.isTerminal && !json
            try StatsWatch(path: reading.store, file: prometheus, seconds: watch).run(&output) {
                store, statistics, output in
                if !isQuiet { show(store, statistics, &output) }
            }
            return
        }
        if damage.degraded {
            let degraded = try damage.open(reading)
            for store in degraded.parts { try print(store, &output) }
            return try damage.end(degraded, reading, &output)
        }
        try print(try reading.open(notes: false), &output)
    }

    private func print(_ store: Store, _ output: inout Output) throws(CommandError) {
        let statistics = try withStore { () throws(StoreError) in try store.statistics() }
        show(store, statistics, &output)
    }

    private func show(_ store: Store, _ statistics: StoreStatistics, _ output: inout Output) {
        if json {
            StatisticsPrinter(store).json(statistics, &output)
        } else {
            StatisticsPrinter(store).text(statistics, &output)
        }
    }
}
