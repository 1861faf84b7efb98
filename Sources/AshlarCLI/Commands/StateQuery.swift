package import ArgumentParser
package import Ashlar

/// What all queries of states take.
package struct StateQueryOptions: ParsableArguments {
    @Argument(help: "The store's directory.")
    package var store: String

    @Option(help: "The height to answer for; the tip by default.")
    package var at: Int64?

    @Flag(help: "Print JSON.")
    package var json = false

    package init() {}
}

/// A command that answers from the state of a model at one height: of the chain as it stands when the store is opened.
package protocol StateQuery: ReportingCommand {
    associatedtype Asked: Model

    var options: StateQueryOptions { get }
    /// The model that is asked.
    var model: Asked { get }

    /// The answer, for people or as JSON; with a newline at the end.
    func answer(_ state: Asked.State, height: Int64) throws(CommandError) -> String
}

extension StateQuery {
    package var reportsJSON: Bool { options.json }

    package func perform(_ output: inout Output) throws(CommandError) {
        let path = options.store
        let store = try withStore { () throws(StoreError) in try Store.open(at: path) }
        guard let tip = try withStore({ () throws(StoreError) in try store.view().tipHeight }) else {
            throw .refused(code: "empty", message: "the store has no blocks yet")
        }
        let height = options.at ?? tip
        let state: Asked.State
        do throws(ProjectionError) {
            let projection = Projection(store)
            state = try projection.reader(at: height).state(of: projection.add(model)).state
        } catch {
            throw CommandError(error)
        }
        output.write(text: try answer(state, height: height))
    }
}
