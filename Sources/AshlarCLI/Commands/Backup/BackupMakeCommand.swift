import ArgumentParser
import Ashlar
import Glibc

/// `ashlar backup make`: a generation in a directory, or an archive on the standard output.
struct BackupMakeCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "make",
        abstract: "Back up everything durable into a directory, or as one archive to the standard output.",
        discussion: """
            EXAMPLES
              ashlar backup chain /mnt/backups/chain
              ashlar backup chain /mnt/backups/chain --keep 7 --json
              ashlar backup chain - > chain.tar

            It may run beside the writer. Into a directory: what earlier runs have put there is not copied again, each run adds \
            a generation, and --keep gives up the oldest. On the file system of the store, old segments and snapshots are not \
            copied but share their bytes with the store's (reflinks, or else hard links); that takes no room and no time and \
            is no protection against the disk: --copy makes copies. Interrupted anywhere, the generations from before are whole.

            The archive (`-`) is a tar file whose last member tells the digests of all; unpacked, it is a directory that \
            `restore` and `verify` take. What a command that failed has written is no backup.

            With --json one object, on the standard error output where the archive takes the other one: {"generation","storeId",\
            "sequence","tipHeight","files","bytes","newFiles","newBytes","linkedFiles","clonedFiles","removedGenerations",\
            "removedBytes","notices"}.
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @Argument(
        help: "The backup's directory, which is made if it is not there; `-` for an archive on the standard output.")
    var target: String

    @Flag(help: "Copy all files, also where they could share their bytes with the store's.")
    var copy = false

    @Option(help: "Keep this many generations, the new one included.")
    var keep: Int?

    @Flag(help: "Print one JSON object.")
    var json = false

    var reportsJSON: Bool { json }

    func validate() throws {
        if let keep, keep < 1 { throw ValidationError("--keep must be 1 or more") }
        if target == "-", copy || keep != nil {
            throw ValidationError("--copy and --keep go with a directory, not with `-`")
        }
    }

    func perform(_ output: inout Output) throws(CommandError) {
        let (path, target) = (store, target)
        let isArchive = target == "-"
        guard !isArchive || !output.isTerminal else {
            throw .refused(
                code: "terminal", message: "the standard output is a terminal; send the archive into a pipe or a file")
        }
        StopSignal.install()
        var options = BackupOptions()
        options.sharesFiles = !copy
        options.keptGenerations = keep
        let source = try withStore { () throws(StoreError) in try Store.open(at: path) }
        let bar = ProgressBar(isVisible: !json && isatty(STDERR_FILENO) == 1)
        defer { bar.clear() }
        let progress = { (progress: BackupProgress) -> BackupStep in
            bar.show(done: progress.bytesDone, of: progress.bytesTotal)
            return StopSignal.wasReceived ? .stop : .goOn
        }
        let report = try withBackup { () throws(BackupError) in
            isArchive
                ? try source.backup(toDescriptor: STDOUT_FILENO, progress: progress)
                : try source.backup(to: target, options: options, progress: progress)
        }
        bar.clear()
        guard isArchive else { return tell(report, &output) }
        var errors = Output(descriptor: STDERR_FILENO)
        if json { Self.json(report, &errors) }
    }

    private func tell(_ report: BackupReport, _ output: inout Output) {
        if json { return Self.json(report, &output) }
        for notice in report.notices { Report.note(notice) }
        let height = report.tipHeight.map { "height \($0)" } ?? "no block"
        output.write(
            text:
                "generation \(report.generation): up to sequence \(report.sequence), \(height); \(report.files) files, "
                + "\(report.bytes) bytes, of which \(report.newFiles) files, \(report.newBytes) bytes are new\n")
        if report.linkedFiles + report.clonedFiles > 0 {
            let how = report.linkedFiles > 0 ? "hard links to" : "reflinks of"
            Report.note(
                "\(report.linkedFiles + report.clonedFiles) files are \(how) the store's: no protection against the disk; "
                    + "--copy makes copies")
        }
        if !report.removedGenerations.isEmpty {
            let list = report.removedGenerations.map { "\($0)" }.joined(separator: ", ")
            output.write(text: "gave up generation \(list): \(report.removedBytes) bytes\n")
        }
    }

    private static func json(_ report: BackupReport, _ output: inout Output) {
        output.write("{\"generation\":")
        output.write(report.generation)
        output.write(",\"storeId\":")
        output.json("\(report.storeID)")
        output.write(",\"sequence\":")
        output.write(report.sequence)
        output.write(",\"tipHeight\":")
        output.json(report.tipHeight)
        for (name, value) in [
            ("files", report.files), ("bytes", report.bytes), ("newFiles", report.newFiles),
            ("newBytes", report.newBytes), ("linkedFiles", report.linkedFiles), ("clonedFiles", report.clonedFiles),
        ] {
            output.write(text: ",\"\(name)\":\(value)")
        }
        let removed = report.removedGenerations.map { "\($0)" }.joined(separator: ",")
        output.write(text: ",\"removedGenerations\":[\(removed)],\"removedBytes\":\(report.removedBytes),\"notices\":")
        output.json(list: report.notices)
        output.write("}\n")
    }
}

extension Output {
    /// Writes texts as an array.
    mutating func json(list: [String]) {
        write("[")
        for (index, text) in list.enumerated() {
            if index > 0 { write(",") }
            json(text)
        }
        write("]")
    }
}
