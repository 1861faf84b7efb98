import ArgumentParser
import Ashlar
import AshlarFormat
import Glibc

/// `ashlar ingest`: takes blocks as JSON Lines.
struct IngestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Take blocks, floating events and rollbacks from JSON Lines into a store.",
        discussion: """
            EXAMPLES
              ashlar ingest chain blocks.jsonl.gz
              zstd -dc blocks.jsonl.zst | ashlar ingest chain -
              ashlar ingest chain 2023.jsonl 2024.jsonl --fork-choice longest --json
              node-follower | ashlar ingest chain - --ack

            INPUT
              One object a line, in files (gzip is recognised) or on the standard input (-):
                {"height":7,"hash":"…","parent":"…","timestamp":1708475256,"events":[
                  {"model":"utxo","type":"output.created","payload":{…}},…]}
                {"floating":[{"model":"mempool","type":"tx.seen","payload":{…}}],"key":"batch-1"}
                {"rollback":{"toHeight":6}}
              Payloads are kept byte for byte. Timestamps are seconds since 1970. Blocks, events and floating batches may
              have a "requestId", events a "timestamp" of their own, floating batches a "key": a batch whose key was among
              the last 1024 is not taken again. Other members are passed over. A missing or empty directory becomes a new
              store; its hashes are written as that of the first block is.

            FORKS
              --fork-choice newest: each linked block becomes the tip at once. Where its parent is not the tip, blocks are
              undone back to the common ancestor, and undone blocks on the way to the parent are taken up again.
              --fork-choice longest: a block that does not extend the tip waits aside, in memory; the chain switches only to
              a higher one, and of two that are equally high the first stays. This is what nodes do.
              A block whose parent is not known, or that would change what is final, is unlinked.

            GOING ON
              Each commit notes how far the input was taken. The same command on the same input goes on there, after
              Ctrl-C, SIGTERM, kill -9 or a power cut, and takes no block and no switch twice; a file that has become
              longer is taken from where it was left. An input is known again by its first line and its last line taken.
              So after `ashlar rollback` the same command finds nothing to do; --from-start takes every line anew: blocks that
              are canonical change nothing, undone ones come back.

            ACKNOWLEDGEMENTS
              With --ack a line on the standard output tells of each sequence that has become durable, and of each line
              that changed nothing, in the order of the lines: {"durable":{"sequence":9,"height":7,"line":9}}; lines that
              changed nothing have "unchanged": "duplicate", "aside" or "unlinked". It never waits for more input. The
              summary comes last: with --json on the standard output, else on the standard error output.

            Exit codes: 0 all taken; 2 a line or option was refused, and everything before that line is kept; 3 another
            process writes the store; 4 the system failed; 130 stopped by a signal at a block boundary.
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @Argument(help: "Files to take, one after the other; - is the standard input.")
    var inputs: [String]

    @OptionGroup(title: "Taking blocks")
    var taking: IngestTakingOptions

    @OptionGroup(title: "Writing")
    var writing: IngestWritingOptions

    @OptionGroup(title: "A new store")
    var creation: IngestCreationOptions

    @Flag(help: "Print the summary, and an error, as JSON.")
    var json = false

    func validate() throws {
        guard !inputs.isEmpty else { throw ValidationError("name at least one input, or - for the standard input") }
        guard inputs.filter({ $0 == "-" }).count <= 1 else {
            throw ValidationError("the standard input (-) can be taken once only")
        }
    }

    mutating func run() throws {
        StopSignal.install()
        let outcome: IngestRun.Outcome
        do throws(IngestFailure) {
            outcome = try IngestRun(settings, shouldStop: { StopSignal.wasReceived }).run()
        } catch {
            report(error)
            throw ExitCode(error.exitCode)
        }
        report(outcome)
        guard outcome.exitCode == 0 else { throw ExitCode(outcome.exitCode) }
    }

    private var settings: IngestSettings {
        var settings = IngestSettings(store: store, inputs: inputs)
        settings.rule = taking.forkChoice
        settings.onUnlinked = taking.onUnlinked
        settings.acknowledges = taking.ack
        settings.startsOver = taking.fromStart
        settings.durability = writing.durability?.durability
        settings.writer = writing.options
        settings.allowsHeightGaps = creation.allowHeightGaps
        settings.notation = creation.hash?.notation
        settings.showsProgress = true
        return settings
    }

    private func report(_ outcome: IngestRun.Outcome) {
        var notes = outcome.notes
        if outcome.wasStopped { notes.append("stopped; the same command goes on here") }
        let people = DescriptorOutput(descriptor: STDERR_FILENO)
        let programs = DescriptorOutput(descriptor: STDOUT_FILENO)
        if json {
            programs.write(outcome.summary.json(notes: notes) + "\n")
        } else {
            for note in notes { Report.note(note) }
            (taking.ack ? people : programs).write(outcome.summary.table)
        }
        if let failure = outcome.failure { report(failure) }
    }

    private func report(_ failure: IngestFailure) { Report.error(failure.code, "\(failure)", json: json) }
}
