import ArgumentParser
import Ashlar
import AshlarCLI

/// What all queries take.
struct QueryOptions: ParsableArguments {
    @Option(help: "The height to answer for; the tip by default.")
    var at: Int64?

    @Flag(help: "Print JSON.")
    var json = false
}

/// A command that answers from the state of a model at one height.
protocol QueryCommand: ReportingCommand {
    var store: String { get }
    var options: QueryOptions { get }

    /// The answer, for people or as JSON; with a newline at the end.
    func answer(_ states: QueryStates) throws(CommandError) -> String
}

extension QueryCommand {
    var reportsJSON: Bool { options.json }

    func perform(_ output: inout Output) throws(CommandError) {
        output.write(text: try answer(QueryStates(store: store, at: options.at)))
    }
}

/// The states that queries are answered from: all at one height of the chain as it stands when the store is opened.
struct QueryStates {
    /// The height that is asked about.
    let height: Int64
    private let projection: Projection
    private let reader: StateReader

    init(store path: String, at asked: Int64?) throws(CommandError) {
        let store: Store
        let tip: Int64?
        do throws(StoreError) {
            store = try Store.open(at: path)
            tip = try store.view().tipHeight
        } catch {
            throw .store(error)
        }
        guard let tip else { throw .refused(code: "empty", message: "the store has no blocks yet") }
        height = asked ?? tip
        projection = Projection(store)
        do throws(ProjectionError) { reader = try projection.reader(at: height) } catch { throw CommandError(error) }
    }

    /// The unspent outputs and the balances.
    func unspent() throws(CommandError) -> UnspentState { try state(UnspentModel()) }

    /// The tip and the work.
    func headers() throws(CommandError) -> HeadersState { try state(HeadersModel()) }

    private func state<M: Model>(_ model: M) throws(CommandError) -> M.State {
        do throws(ProjectionError) {
            return try reader.state(of: projection.add(model)).state
        } catch {
            throw CommandError(error)
        }
    }
}

/// Amounts as people write them.
enum Amount {
    /// Satoshi as bitcoins, with all eight decimals.
    static func bitcoins(_ satoshi: Int64) -> String {
        let digits = String(satoshi.magnitude)
        let padded = String(repeating: "0", count: max(0, 9 - digits.count)) + digits
        return (satoshi < 0 ? "-" : "") + padded.dropLast(8) + "." + padded.suffix(8) + " BTC"
    }
}
