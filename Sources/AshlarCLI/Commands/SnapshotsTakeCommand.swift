import ArgumentParser
import Ashlar
import Glibc
import Synchronization

/// `ashlar snapshots take`: folds models up to the tip and writes their states down.
struct SnapshotsTakeCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "take",
        abstract: "Take a snapshot of models at the durable tip.",
        discussion: """
            EXAMPLES
              ashlar snapshots take chain
              ashlar snapshots take chain event-counts --compression zlib

            Starts from each model's best snapshot and replays the rest. May run beside a writer. Earlier snapshots stay; \
            `ashlar snapshots prune` removes them. Which models can be folded is a matter of the program (`ashlar state`).
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @Argument(help: "The models; all that this program knows if none is named.")
    var models: [String] = []

    @Option(help: "How the states are compressed: none, lz4 or zlib.")
    var compression: CompressionArgument = .lz4

    @Flag(help: "Print JSON Lines, one for each snapshot.")
    var json = false

    var reportsJSON: Bool { json }

    func perform(_ output: inout Output) throws(CommandError) {
        let path = store
        let store = try withStore { () throws(StoreError) in try Store.open(at: path) }
        let known = try KnownModels.named(models)
        let taken = TakenSnapshots()
        var options = ProjectionOptions()
        options.snapshots = SnapshotPolicy(
            blocks: nil, compression: compression.compression,
            retention: SnapshotRetention(minKeep: .max, keepWindow: .max))
        options.report = { taken.note($0) }
        let projection = Projection(store, options: options)
        try withStates {
            for model in known { _ = try model.fold(in: projection) }
            try advance(projection, to: try store.view().tipHeight ?? 0)
            try projection.takeSnapshots()
        }
        for notice in taken.all { write(notice, &output) }
        guard try withStore({ () throws(StoreError) in try store.view() }).tipHeight != nil else {
            throw .refused(
                code: "noBlocks", message: "\(path) has no durable block yet: there is no state to write down")
        }
    }

    private func advance(_ projection: Projection, to tip: Int64) throws {
        let progress = StepProgress(isVisible: !json && isatty(STDERR_FILENO) == 1)
        defer { progress.clear() }
        while case .more(let position) = try projection.advance(atMostBlocks: 256) {
            progress.show("folding: block \(position.height ?? 0) of \(tip)")
        }
    }

    private func write(_ notice: ProjectionNotice, _ output: inout Output) {
        guard case .snapshotTaken(let model, let height, let file, let rawBytes, let fileBytes) = notice else {
            if !json { Report.note("\(notice)") }
            return
        }
        guard json else { return output.write(text: TextTable.printable("\(notice)") + "\n") }
        output.write("{\"model\":")
        output.json(model)
        output.write(",\"height\":")
        output.write(height)
        output.write(",\"file\":")
        output.json(file)
        output.write(",\"stateBytes\":")
        output.write(rawBytes)
        output.write(",\"bytes\":")
        output.write(fileBytes)
        output.write("}\n")
    }
}

/// What a projection told while it took snapshots; from any thread.
private final class TakenSnapshots: Sendable {
    private let notices = Mutex<[ProjectionNotice]>([])

    var all: [ProjectionNotice] { notices.withLock { $0 } }

    func note(_ notice: ProjectionNotice) { notices.withLock { $0.append(notice) } }
}
