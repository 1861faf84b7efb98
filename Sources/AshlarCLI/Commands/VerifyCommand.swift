import ArgumentParser
import Ashlar
import Glibc

/// `ashlar verify`: checks every byte of a store.
struct VerifyCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every byte of a store, and tell precisely what is damaged.",
        discussion: """
            EXAMPLES
              ashlar verify chain
              ashlar verify chain --json | jq -e .sound

            Checks all segments: every checksum, the chain values, parents of blocks, and footers against content. It changes \
            nothing and may run beside a writer. Exit code 1 tells of damage; each problem names file, offset, heights and \
            reason:
            {"sound","segments","commits","events","bytes","durableSequence","problems":[{"file","offset","heights",\
            "reason"}],"notices"}, where `heights` is null or {"first","last"}, with null for a last height that is not known.
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @Option(help: "How many threads check segments; as many as there are processors by default.")
    var threads: Int?

    @Flag(help: "Print the report as JSON.")
    var json = false

    var reportsJSON: Bool { json }

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads must be 1 or more") }
    }

    func perform(_ output: inout Output) throws(CommandError) {
        let path = store
        let threads = threads ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let bar = ProgressBar(isVisible: !json && isatty(STDERR_FILENO) == 1)
        let report: VerifyReport
        do throws(StoreError) {
            report = try StoreVerification.run(at: path, threads: threads) { progress in
                bar.show(done: progress.bytesDone, of: progress.bytesTotal)
            }
        } catch {
            bar.clear()
            throw .store(error)
        }
        bar.clear()
        if json { Self.json(report, &output) } else { Self.text(report, path, &output) }
        guard !report.isSound else { return }
        output.flush()
        let count = report.problems.count
        throw .damaged(
            message: "\(path) is damaged in \(count == 1 ? "1 place" : "\(count) places"); nothing was changed. "
                + "Keep the files as they are, and restore from a copy")
    }

    private static func json(_ report: VerifyReport, _ output: inout Output) {
        output.write("{\"sound\":")
        output.json(report.isSound)
        output.write(",\"segments\":")
        output.write(report.segments)
        output.write(",\"commits\":")
        output.write(report.commits)
        output.write(",\"events\":")
        output.write(report.events)
        output.write(",\"bytes\":")
        output.write(report.bytes)
        output.write(",\"durableSequence\":")
        output.write(report.durableSequence)
        output.write(",\"problems\":[")
        for (index, problem) in report.problems.enumerated() {
            if index > 0 { output.write(",") }
            json(problem, &output)
        }
        output.write("],\"notices\":[")
        for (index, notice) in report.notices.enumerated() {
            if index > 0 { output.write(",") }
            output.json(notice)
        }
        output.write("]}\n")
    }

    private static func json(_ problem: Corruption, _ output: inout Output) {
        output.write("{\"file\":")
        output.json(problem.file)
        output.write(",\"offset\":")
        output.write(problem.offset)
        output.write(",\"heights\":")
        if let heights = problem.heights {
            output.write("{\"first\":")
            output.write(heights.lowerBound)
            output.write(",\"last\":")
            output.json(heights.upperBound == .max ? nil : heights.upperBound)
            output.write("}")
        } else {
            output.write("null")
        }
        output.write(",\"reason\":")
        output.json(problem.reason)
        output.write("}")
    }

    private static func text(_ report: VerifyReport, _ path: String, _ output: inout Output) {
        for problem in report.problems { output.write(text: "damaged: \(TextTable.printable("\(problem)"))\n") }
        for notice in report.notices { output.write(text: "note: \(TextTable.printable(notice))\n") }
        let checked =
            "\(report.segments) segments, \(report.commits) commits, \(report.events) events, \(report.bytes) bytes; "
            + "durable up to sequence \(report.durableSequence)"
        output.write(text: "\(TextTable.printable(path)): \(report.isSound ? "sound" : "damaged") (\(checked))\n")
    }
}
