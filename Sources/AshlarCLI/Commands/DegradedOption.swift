import ArgumentParser
import Ashlar

/// Reading what is healthy of a damaged store.
struct DegradedOption: ParsableArguments {
    @Flag(help: "Read what is healthy of a damaged store; what is lost is named, and the exit code is 1.")
    var degraded = false

    /// Opens the store as far as it is healthy.
    func open(_ reading: ReadingOptions) throws(CommandError) -> DegradedStore {
        let path = reading.store
        return try withStore { () throws(StoreError) in try DegradedStore.open(at: path) }
    }

    /// The heights of a healthy part that were asked for.
    func clamped(_ heights: ClosedRange<Int64>?, _ store: Store) -> ClosedRange<Int64>? {
        guard degraded, let pruned = store.prunedHeight else { return heights }
        let own = pruned + 1...Int64.max
        guard let heights else { return own }
        // Nothing of it: a range above everything.
        return heights.overlaps(own) ? heights.clamped(to: own) : Int64.max - 1...Int64.max - 1
    }

    /// Names what is lost; a result that lacks something ends in an error.
    func end(_ store: DegradedStore, _ reading: ReadingOptions, _ output: inout Output) throws(CommandError) {
        guard !store.report.isWhole else { return }
        output.flush()
        for line in SalvageText.losses(of: store.report) { Report.note(TextTable.printable(line)) }
        throw .damaged(
            message: "\(reading.store) is damaged: what the notes name was left out. `ashlar salvage` saves the rest")
    }
}

/// What a salvage lost, in lines for people.
enum SalvageText {
    static func losses(of report: SalvageReport) -> [String] {
        report.lost.map { "\($0)" } + report.emptied.map { "events lost of \($0)" }
            + report.unplaced.map { "no place for \($0)" }
            + report.standInNames.map { "name lost: `\($0)` stands for it" }
    }
}
