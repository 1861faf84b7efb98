import ArgumentParser
import Ashlar
import Glibc

/// `ashlar backup verify`: checks a backup without restoring it.
struct BackupVerifyCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read every byte of a backup and check it against its digests; writes nothing.",
        discussion: """
            EXAMPLES
              ashlar backup verify /mnt/backups/chain
              ashlar backup verify chain.tar
              age -d chain.tar.age | ashlar backup verify - --json

            All generations of a directory unless --generation names one. Exit code 1 tells of damage. With --json: \
            {"sound","storeId","generations":[{"generation","created","sequence","tipHeight","files","bytes"}],"files","bytes",\
            "problems":[{"file","reason","generations"}]}.
            """)

    @Argument(help: "The backup's directory, the file of an archive, or `-` for one on the standard input.")
    var source: String

    @Option(help: "Check only this generation of a directory.")
    var generation: UInt64?

    @Flag(help: "Print one JSON object.")
    var json = false

    var reportsJSON: Bool { json }

    func perform(_ output: inout Output) throws(CommandError) {
        let place = try BackupPlace(source, generation: generation)
        StopSignal.install()
        let bar = ProgressBar(isVisible: !json && isatty(STDERR_FILENO) == 1)
        defer { bar.clear() }
        let found = try withBackup { () throws(BackupError) in
            try Backup.verify(place.source) { progress in
                bar.show(done: progress.bytesDone, of: progress.bytesTotal)
                return StopSignal.wasReceived ? .stop : .goOn
            }
        }
        bar.clear()
        if json { Self.json(found, &output) } else { text(found, &output) }
        guard !found.isSound else { return }
        output.flush()
        let count = found.problems.count
        throw .damaged(
            message:
                "\(source) is damaged in \(count == 1 ? "1 place" : "\(count) places"); make a new backup in another place"
        )
    }

    private func text(_ found: BackupVerification, _ output: inout Output) {
        for problem in found.problems {
            let whose = problem.generations.map { "\($0)" }.joined(separator: ", ")
            output.write(
                text: TextTable.printable("damaged: \(problem.file): \(problem.reason)")
                    + (whose.isEmpty ? "\n" : " (generation \(whose))\n"))
        }
        let count = found.generations.count
        let verdict = found.isSound ? "sound" : "damaged"
        output.write(
            text:
                "\(TextTable.printable(source)): \(verdict) (\(count == 1 ? "1 generation" : "\(count) generations"), "
                + "\(found.files) files, \(found.bytes) bytes)\n")
    }

    private static func json(_ found: BackupVerification, _ output: inout Output) {
        output.write("{\"sound\":")
        output.json(found.isSound)
        output.write(",\"storeId\":")
        output.json(found.storeID.map { "\($0)" })
        output.write(",\"generations\":[")
        for (index, generation) in found.generations.enumerated() {
            if index > 0 { output.write(",") }
            generation.json(&output, lineEnd: false)
        }
        output.write(text: "],\"files\":\(found.files),\"bytes\":\(found.bytes),\"problems\":[")
        for (index, problem) in found.problems.enumerated() {
            output.write(index > 0 ? ",{\"file\":" : "{\"file\":")
            output.json(problem.file)
            output.write(",\"reason\":")
            output.json(problem.reason)
            output.write(
                text: ",\"generations\":[" + problem.generations.map { "\($0)" }.joined(separator: ",") + "]}")
        }
        output.write("]}\n")
    }
}
