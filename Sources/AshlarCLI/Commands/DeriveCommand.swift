import ArgumentParser
import Ashlar
import AshlarFormat
import Glibc

/// `ashlar derive`: writes a new store from an old one.
struct DeriveCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "derive",
        abstract: "Write a new store from an old one: some of its models, or under other names.",
        discussion: """
            EXAMPLES
              ashlar derive chain chain.new --drop balances --switch
              ashlar derive chain slim --keep utxo --keep headers --compression lz4
              ashlar derive chain chain.new --rename-model balance=balances --rename-type Created=output.created
              ashlar derive chain chain.new --drop balances --switch --wait-for-writer 600
              ashlar derive chain copy --follow

            Commit for commit: every sequence, fork, rollback, mark, time and final height stays; only events go or change \
            their names, and versions count those that are there. Without options it writes a copy, with another segment \
            size or compression if asked for.

            It may run beside the source's writer. Stopped, killed or cut off by a power cut, the same command goes on where \
            it was; with other options, or from another store, it refuses. The source is never changed.

            --switch lets the two directories change places at the end, in one step: the new store stands at SOURCE, the \
            old one at TARGET, and nothing is deleted. For that no writer may have the source open: stop it, or wait for \
            its end with --wait-for-writer; meanwhile the target follows. Both must be on one file system. Readers see the \
            new store when they open it again. It has an identity of its own: snapshots, consumers and exports of the old \
            one do not go on with it.

            With --json the result is
            {"outcome","sequence","resumedAt","commits","eventsRead","eventsWritten","seconds","eventsPerSecond","storeId"}, \
            where `outcome` is "caughtUp", "switched" or "stopped".
            """)

    @Argument(help: "The directory of the store to derive from.")
    var source: String

    @Argument(help: "The directory of the new store: empty, not there, or left by the same command.")
    var target: String

    @OptionGroup(title: "What stays")
    var selection: DeriveSelectionOptions

    @OptionGroup(title: "When it ends")
    var ending: DeriveEndingOptions

    @Option(help: "How events are stored: none, lz4 or zlib.")
    var compression = CompressionArgument.none

    @Option(help: "The size at which a segment file is sealed and the next one begun.")
    var segmentBytes = WriterOptions().segmentBytes

    @Flag(help: "Print the result as JSON.")
    var json = false

    var reportsJSON: Bool { json }

    func validate() throws {
        guard segmentBytes >= 4_096, segmentBytes <= Limits.segmentBytes else {
            throw ValidationError("--segment-bytes must be from 4096 to \(Limits.segmentBytes)")
        }
    }

    func perform(_ output: inout Output) throws(CommandError) {
        StopSignal.install()
        let transform = try selection.transform(of: source)
        var options = DerivationOptions()
        options.end = ending.end
        options.writer.compression = compression.compression
        options.writer.segmentBytes = segmentBytes
        let bar = ProgressBar(isVisible: !json && isatty(STDERR_FILENO) == 1)
        let started = DeriveSummary.now()
        let report: DerivationReport
        do throws(StoreError) {
            report = try Store.derive(from: source, to: target, transform: transform, options: options) { progress in
                bar.show(done: progress.bytesDone, of: progress.bytesTotal)
                return StopSignal.wasReceived ? .stop : .goOn
            }
        } catch {
            bar.clear()
            throw Self.advised(error)
        }
        bar.clear()
        let summary = DeriveSummary(report, seconds: Double(DeriveSummary.now() - started) / 1e9)
        if json { summary.json(&output) } else { summary.text(source: source, target: target, &output) }
        guard report.outcome == .stopped else { return }
        output.flush()
        throw .interrupted(message: "stopped; the same command goes on at sequence \(report.sequence + 1)")
    }

    private static func advised(_ error: StoreError) -> CommandError {
        guard case .inUse = error else { return .store(error) }
        return .refusedInUse(message: "\(error): stop it, or wait for it with --wait-for-writer")
    }
}

/// Which models a derived store has, and their names.
struct DeriveSelectionOptions: ParsableArguments {
    @Option(help: "Keep this model, and only those named so; may be given more than once.")
    var keep: [String] = []

    @Option(help: "Drop this model; may be given more than once.")
    var drop: [String] = []

    @Option(help: "Give a model another name: OLD=NEW.")
    var renameModel: [RenameArgument] = []

    @Option(help: "Give an event type another name, in all models: OLD=NEW.")
    var renameType: [RenameArgument] = []

    @Flag(help: "Do not mind names that the source does not have (yet).")
    var allowMissing = false

    func validate() throws {
        if let both = keep.first(where: drop.contains) {
            throw ValidationError("`\(both)` cannot be kept and dropped")
        }
        for renames in [renameModel, renameType] {
            let olds = renames.map(\.old)
            if let twice = olds.first(where: { old in olds.filter { $0 == old }.count > 1 }) {
                throw ValidationError("`\(twice)` is given two new names")
            }
        }
        if let gone = renameModel.first(where: { drop.contains($0.old) || !(keep.isEmpty || keep.contains($0.old)) }) {
            throw ValidationError("`\(gone.old)` is renamed, but does not stay")
        }
    }

    /// The derivation, its names looked up in the source.
    func transform(of source: String) throws(CommandError) -> ModelSelection {
        let store = try withStore { () throws(StoreError) in try Store.open(at: source) }
        if !allowMissing {
            let names = store.names
            try Self.check(keep + drop + renameModel.map(\.old), among: names.models, "model")
            try Self.check(renameType.map(\.old), among: names.types, "type")
        }
        return ModelSelection(
            keep: keep.isEmpty ? nil : Set(keep), drop: Set(drop),
            renameModels: Dictionary(uniqueKeysWithValues: renameModel.map { ($0.old, $0.new) }),
            renameTypes: Dictionary(uniqueKeysWithValues: renameType.map { ($0.old, $0.new) }))
    }

    private static func check(_ asked: [String], among names: [String], _ what: String) throws(CommandError) {
        guard let missing = asked.first(where: { !names.contains($0) }) else { return }
        let list = names.sorted().prefix(20).map { "`\($0)`" }.joined(separator: ", ")
        let rest = names.count > 20 ? " and \(names.count - 20) more" : ""
        throw .refused(
            code: "unknownName",
            message: "the source has no \(what) `\(missing)`; it has "
                + (names.isEmpty ? "none" : "\(list)\(rest)") + " (--allow-missing takes the name all the same)")
    }
}

/// When a derivation ends.
struct DeriveEndingOptions: ParsableArguments {
    @Flag(name: .customLong("switch"), help: "At the end let the new store and the source change places.")
    var switches = false

    @Flag(help: "Go on following the source; with --switch until its writer has gone, however long that takes.")
    var follow = false

    @Option(help: "With --switch, wait this many seconds for the source's writer to go.")
    var waitForWriter: Double?

    func validate() throws {
        guard let waitForWriter else { return }
        guard switches else { throw ValidationError("--wait-for-writer goes with --switch") }
        guard !follow else { throw ValidationError("--follow waits without an end; leave out --wait-for-writer") }
        guard waitForWriter >= 0, waitForWriter.isFinite else {
            throw ValidationError("--wait-for-writer must not be negative")
        }
    }

    var end: DerivationOptions.End {
        if switches { return .withSwitch(waitSeconds: follow ? nil : waitForWriter ?? 0) }
        return follow ? .never : .whenCaughtUp
    }
}

/// A new name, as the command line says it: OLD=NEW.
struct RenameArgument: ExpressibleByArgument {
    let old: String
    let new: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ NameDefinition.isValid(Array($0.utf8)) }) else { return nil }
        old = String(parts[0])
        new = String(parts[1])
    }
}
