import ArgumentParser
package import Ashlar

/// `ashlar state`: what the events add up to.
struct StateCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "state",
        abstract: "Show the state of models at the tip, at a height, or as it was believed.",
        discussion: """
            EXAMPLES
              ashlar state chain                      # the models this program knows
              ashlar state chain event-counts
              ashlar state chain event-counts --at 100000
              ashlar state chain event-counts --as-of 4711 | jq .state
              ashlar state chain event-counts --pending

            Prints a line of JSON for each model: {"model","height","sequence","state"}. `sequence` is the commit as of which \
            the chain is meant, `height` the block the state is the state after (null before the first block). Starts from \
            the model's best snapshot, if it has any; changes nothing.

            Which models there are is a matter of the program: a tool that embeds these commands makes its own known. \
            `event-counts`, the number of events of each model and type, is always there.
            """)

    @OptionGroup var reading: ReadingOptions

    @Argument(help: "The models; without any, they are listed.")
    var models: [String] = []

    @Option(name: .customLong("at"), help: "The state after the block at this height.")
    var height: Int64?

    @Option(help: "In the chain as it was believed after this sequence.")
    var asOf: UInt64?

    @Flag(help: "The latest state with floating events on top.")
    var pending = false

    @Flag(help: "Print errors as JSON too.")
    var json = false

    var reportsJSON: Bool { json }

    func validate() throws {
        if pending, height != nil || asOf != nil {
            throw ValidationError("--pending is about the latest state; leave --at and --as-of out")
        }
    }

    func perform(_ output: inout Output) throws(CommandError) {
        let store = try reading.open(notes: !json)
        if models.isEmpty { return list(&output) }
        let known = try KnownModels.named(models)
        var options = ProjectionOptions()
        options.snapshots = .off
        if !json { options.report = { Report.note("\($0)") } }
        let projection = Projection(store, options: options)
        for model in known {
            try withStates {
                let folded = try model.fold(in: projection)
                write(try answer(folded, projection), of: model, &output)
            }
        }
    }

    private func answer(_ folded: FoldedModel, _ projection: Projection) throws -> FoldedModel.Answer {
        if pending {
            try projection.advance()
            return try folded.stateWithPending()
        }
        if let height { return try folded.state(projection.reader(at: height, asOf: asOf)) }
        return try folded.state(projection.reader(asOf: asOf ?? projection.store.sequence))
    }

    private func list(_ output: inout Output) {
        for model in KnownModels.all {
            output.write("{\"model\":")
            output.json(model.name)
            output.write(",\"schemaVersion\":")
            output.write(model.schemaVersion)
            output.write(",\"sources\":[")
            for (index, source) in model.sources.enumerated() {
                if index > 0 { output.write(",") }
                output.json(source)
            }
            output.write("]}\n")
        }
    }

    private func write(_ answer: FoldedModel.Answer, of model: KnownModel, _ output: inout Output) {
        output.write("{\"model\":")
        output.json(model.name)
        output.write(",\"height\":")
        output.json(answer.position.height)
        output.write(",\"sequence\":")
        output.write(answer.position.sequence)
        output.write(",\"state\":")
        output.write(text: answer.json ?? "null")
        output.write("}\n")
    }
}

/// Runs a part of a command that folds models, and turns its error into the command's.
func withStates<Result>(_ body: () throws -> Result) throws(CommandError) -> Result {
    do { return try body() } catch let error as ProjectionError {
        throw CommandError(error)
    } catch let error as SnapshotError {
        throw CommandError(error)
    } catch let error as StoreError {
        throw .store(error)
    } catch let error as CommandError {
        throw error
    } catch {
        throw .refused(code: "model", message: "\(error)")
    }
}

extension CommandError {
    /// What a command makes of a projection's error.
    package init(_ error: ProjectionError) {
        switch error {
        case .store(let error): self = .store(error)
        case .model: self = .refused(code: "model", message: "\(error)")
        case .notKept: self = .refused(code: "notKept", message: "\(error)")
        case .aboveTip: self = .refused(code: "aboveTip", message: "\(error)")
        case .invalidArgument, .restoring, .closed: self = .refused(code: "invalidArgument", message: "\(error)")
        }
    }

    /// What a command makes of a snapshot's error.
    init(_ error: SnapshotError) {
        switch error {
        case .store(let error): self = .store(error)
        case .inputOutput(let operation, let path, let code):
            self = .store(.inputOutput(operation: operation, path: path, code: code))
        case .damaged: self = .damaged(message: "\(error)")
        case .unsupported: self = .refused(code: "unsupported", message: "\(error)")
        case .malformed, .model: self = .refused(code: "model", message: "\(error)")
        case .invalidArgument: self = .refused(code: "invalidArgument", message: "\(error)")
        }
    }
}
