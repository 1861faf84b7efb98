import ArgumentParser
import Ashlar

/// `ashlar prune`: removes the oldest segments of a log.
struct PruneCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove the oldest blocks of a log, in whole segments; this cannot be undone.",
        discussion: """
            EXAMPLES
              ashlar prune chain --below 700000 --dry-run
              ashlar prune chain --keep-blocks 100000
              ashlar prune chain --keep-days 90 --ignore-consumer old-search

            A segment goes once all its blocks are final and lie below the height, every named consumer has passed it, and a \
            snapshot of every model stands above it; take one first with `snapshots take`. It is read in full and kept twice, \
            and states can be told from it on. For models that nobody folds say --without-state. What keeps more from going is \
            told. Readers go on meanwhile; SQL targets keep what they have.

            With --json one object: {"pruned","prunedSequence","prunedHeight","segments","bytes","bases","obstacles"}. `pruned` \
            is false in a dry run, or if nothing can go.
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @Option(help: "Remove blocks below this height.")
    var below: Int64?

    @Option(help: "Keep this many of the newest blocks.")
    var keepBlocks: Int64?

    @Option(help: "Keep the blocks of this many days before the tip's time.")
    var keepDays: Int64?

    @Option(help: ArgumentHelp("Do not wait for this consumer.", valueName: "name"))
    var ignoreConsumer: [String] = []

    @Option(help: ArgumentHelp("Give up the states of this model: it needs no snapshot.", valueName: "model"))
    var withoutState: [String] = []

    @Flag(help: "Tell what would be removed, and remove nothing.")
    var dryRun = false

    @Flag(help: "Print one JSON object.")
    var json = false

    var reportsJSON: Bool { json }

    func validate() throws {
        guard [below, keepBlocks, keepDays].compactMap(\.self).count == 1 else {
            throw ValidationError("give one of --below, --keep-blocks and --keep-days")
        }
        for (name, value) in [("below", below), ("keep-blocks", keepBlocks), ("keep-days", keepDays)] {
            if let value, value < 0 { throw ValidationError("--\(name) must not be negative") }
        }
        if let keepDays, keepDays > 1_000_000 { throw ValidationError("--keep-days is at most 1,000,000") }
    }

    func perform(_ output: inout Output) throws(CommandError) {
        let path = store
        var options = WriterOptions()
        options.durability = .manual
        var writer = try withStore { () throws(StoreError) in try Writer.open(at: path, options: options) }
        if !json, !writer.recovery.isClean { Report.note("\(writer.recovery)") }
        let view = try withStore { () throws(StoreError) in try writer.store.view() }
        var asked = PruneOptions(belowHeight: try height(view))
        asked.ignoredConsumers = Set(ignoreConsumer)
        asked.modelsWithoutState = Set(withoutState)
        asked.isDryRun = dryRun
        let outcome: PruneOutcome
        do throws(StoreError) {
            outcome = try writer.prune(asked)
            try writer.close()
        } catch {
            throw .store(error)
        }
        report(outcome, &output)
    }

    private func height(_ view: View) throws(CommandError) -> Int64 {
        if let below { return below }
        let tip = view.tipHeight ?? -1
        if let keepBlocks { return max(tip - keepBlocks + 1, 0) }
        let days = keepDays ?? 0
        return try withStore { () throws(StoreError) in try Self.firstHeight(withinDays: days, view) }
    }

    /// The lowest height whose block is at most `days` older than the tip, taking times for ascending. Complexity: O(log *n*) reads.
    private static func firstHeight(withinDays days: Int64, _ view: View) throws(StoreError) -> Int64 {
        guard let tip = view.tipHeight, tip >= view.firstHeight, let newest = try view.tip() else { return 0 }
        let limit = newest.block.timestamp.microseconds.subtractingReportingOverflow(days * 86_400_000_000)
        guard !limit.overflow else { return 0 }
        var (low, high) = (view.firstHeight, tip)
        while low < high {
            let middle = low + (high - low) / 2
            var blocks = view.blocks(middle...tip).makeIterator()
            let block = try blocks.next()?.get() ?? newest
            if block.block.timestamp.microseconds < limit.partialValue { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func report(_ outcome: PruneOutcome, _ output: inout Output) {
        let (summary, obstacles): (PruneSummary?, [PruneObstacle]) =
            switch outcome {
            case .pruned(let summary): (summary, summary.obstacles)
            case .nothing(let obstacles): (nil, obstacles)
            }
        if json { return printJSON(summary, obstacles, &output) }
        if let summary {
            let verb = dryRun ? "would remove" : "removed"
            output.write(
                text: "\(verb) \(summary.segments) segments, \(summary.bytes) bytes: everything up to sequence "
                    + "\(summary.sequence), height \(summary.height)\n")
            for (model, height) in summary.bases.sorted(by: { $0.key < $1.key }) {
                output.write(text: "states of \(TextTable.printable(model)) can be told from height \(height) on\n")
            }
        } else {
            let why = obstacles.isEmpty ? "no whole segment lies below that height" : "something is in the way"
            output.write(text: "nothing to remove: \(why)\n")
        }
        for obstacle in obstacles { output.write(text: "kept more: \(TextTable.printable("\(obstacle)"))\n") }
    }

    private func printJSON(_ summary: PruneSummary?, _ obstacles: [PruneObstacle], _ output: inout Output) {
        output.write("{\"pruned\":")
        output.json(summary != nil && !dryRun)
        output.write(",\"prunedSequence\":")
        output.json(summary?.sequence)
        output.write(",\"prunedHeight\":")
        output.json(summary?.height)
        output.write(",\"segments\":")
        output.write(summary?.segments ?? 0)
        output.write(",\"bytes\":")
        output.write(summary?.bytes ?? 0)
        output.write(",\"bases\":{")
        for (index, base) in (summary?.bases ?? [:]).sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { output.write(",") }
            output.json(base.key)
            output.write(":")
            output.json(base.value)
        }
        output.write("},\"obstacles\":[")
        for (index, obstacle) in obstacles.enumerated() {
            if index > 0 { output.write(",") }
            output.json("\(obstacle)")
        }
        output.write("]}\n")
    }
}
