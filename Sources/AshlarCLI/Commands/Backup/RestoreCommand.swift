import ArgumentParser
import Ashlar
import Glibc

/// `ashlar restore`: makes a store of a backup.
struct RestoreCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make a store of a backup, up to its end or to a height, sequence or time.",
        discussion: """
            EXAMPLES
              ashlar restore /mnt/backups/chain restored
              ashlar restore /mnt/backups/chain restored --generation 3
              ssh host 'cat chain.tar' | ashlar restore - restored
              ashlar restore chain.tar restored --to-height 800000

            STORE must be empty or not there. Every byte is checked while it is written, and the store appears in one step at \
            the end; if anything is wrong, nothing is left behind. It has the identity it had, so consumers and exports go on \
            with it; those that have seen more than it holds are told so.

            --to-height ends the log behind the last commit after which the tip was at that height (where the chain skips it: \
            below); --to-sequence behind that commit; --to-time before the first commit that was appended later (wall time of \
            the writer; a date is its end). Commits that belong together are kept or left together.

            With --json one object: {"storeId","generation","sequence","cutCommits","tipHeight","files","bytes","notices"}.
            """)

    @Argument(help: "The backup's directory, the file of an archive, or `-` for one on the standard input.")
    var source: String

    @Argument(help: "The directory of the restored store.")
    var store: String

    @Option(help: "Restore this generation of a directory instead of the newest.")
    var generation: UInt64?

    @Option(help: "End where the tip was at this height last.")
    var toHeight: Int64?

    @Option(help: "End with this commit.")
    var toSequence: UInt64?

    @Option(help: "End with what was appended up to this time: 2026-01-31T12:00:00Z, or microseconds since 1970.")
    var toTime: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    var reportsJSON: Bool { json }

    func validate() throws {
        guard [toHeight != nil, toSequence != nil, toTime != nil].filter(\.self).count <= 1 else {
            throw ValidationError("--to-height, --to-sequence and --to-time exclude each other; give one of them")
        }
        if let toHeight, toHeight < 0 { throw ValidationError("--to-height must not be negative") }
        if let toTime, TimeText.parse(toTime[...]) == nil {
            throw ValidationError("--to-time \(toTime) is no time; write 2026-01-31T12:00:00Z")
        }
    }

    private var point: RestorePoint {
        if let toHeight { return .height(toHeight) }
        if let toSequence { return .sequence(toSequence) }
        if let toTime, let times = TimeText.parse(toTime[...]) { return .time(times.upperBound) }
        return .end
    }

    func perform(_ output: inout Output) throws(CommandError) {
        let place = try BackupPlace(source, generation: generation)
        let (path, point) = (store, point)
        StopSignal.install()
        let bar = ProgressBar(isVisible: !json && isatty(STDERR_FILENO) == 1)
        defer { bar.clear() }
        let report = try withBackup { () throws(BackupError) in
            try Backup.restore(place.source, to: path, endingAt: point) { progress in
                bar.show(done: progress.bytesDone, of: progress.bytesTotal)
                return StopSignal.wasReceived ? .stop : .goOn
            }
        }
        bar.clear()
        if json { return Self.json(report, &output) }
        for notice in report.notices { Report.note(notice) }
        let height = report.tipHeight.map { "height \($0)" } ?? "no block"
        let cut = report.cutCommits > 0 ? "; \(report.cutCommits) commits of the backup were left out" : ""
        output.write(
            text: "restored generation \(report.generation) to \(TextTable.printable(path)): up to sequence "
                + "\(report.sequence), \(height)\(cut)\n")
    }

    private static func json(_ report: RestoreReport, _ output: inout Output) {
        output.write("{\"storeId\":")
        output.json("\(report.storeID)")
        output.write(
            text:
                ",\"generation\":\(report.generation),\"sequence\":\(report.sequence),\"cutCommits\":\(report.cutCommits)"
        )
        output.write(",\"tipHeight\":")
        output.json(report.tipHeight)
        output.write(text: ",\"files\":\(report.files),\"bytes\":\(report.bytes),\"notices\":")
        output.json(list: report.notices)
        output.write("}\n")
    }
}
