import ArgumentParser
import Ashlar
import Glibc

/// What all queries take.
struct QueryOptions: ParsableArguments {
    @Option(help: "The height to answer for; the tip by default.")
    var at: Int64?

    @Flag(help: "Print JSON.")
    var json = false
}

/// A command that answers from the state of a model at one height.
protocol QueryCommand: ParsableCommand {
    var store: String { get }
    var options: QueryOptions { get }

    /// The answer, for people or as JSON; with a newline at the end.
    func answer(_ states: QueryStates) throws(QueryFailure) -> String
}

extension QueryCommand {
    mutating func run() throws {
        signal(SIGPIPE, SIG_IGN)
        do throws(QueryFailure) {
            let answer = try answer(QueryStates(store: store, at: options.at))
            Terminal.write(answer, to: STDOUT_FILENO)
        } catch {
            let text =
                options.json
                ? "{\"error\":{\"code\":\(Text.quoted(error.code)),\"message\":\(Text.quoted("\(error)"))}}"
                : "ashlar-bitcoin: \(error)"
            Terminal.write(text + "\n", to: STDERR_FILENO)
            throw ExitCode(error.exitCode)
        }
    }
}

/// Why a query has no answer.
enum QueryFailure: Error {
    case projection(ProjectionError)
    case refused(code: String, message: String)

    init(_ error: StoreError) { self = .projection(.store(error)) }

    var code: String {
        switch self {
        case .projection(.store(let error)): IndexFailure.store(error).code
        case .projection(.aboveTip): "aboveTip"
        case .projection(.notKept): "notKept"
        case .projection(.model): "model"
        case .projection: "projection"
        case .refused(let code, _): code
        }
    }

    var exitCode: Int32 {
        if case .projection(.store(let error)) = self { return IndexFailure.store(error).exitCode }
        return 2
    }
}

extension QueryFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .projection(let error): "\(error)"
        case .refused(_, let message): message
        }
    }
}

/// The states that queries are answered from: all at one height of the chain as it stands when the store is opened.
struct QueryStates {
    /// The height that is asked about.
    let height: Int64
    private let projection: Projection
    private let reader: StateReader

    init(store path: String, at asked: Int64?) throws(QueryFailure) {
        let store: Store
        let tip: Int64?
        do throws(StoreError) {
            store = try Store.open(at: path)
            tip = try store.view().tipHeight
        } catch {
            throw QueryFailure(error)
        }
        guard let tip else { throw .refused(code: "empty", message: "the store has no blocks yet") }
        height = asked ?? tip
        projection = Projection(store)
        do throws(ProjectionError) { reader = try projection.reader(at: height) } catch { throw .projection(error) }
    }

    /// The unspent outputs and the balances.
    func unspent() throws(QueryFailure) -> UnspentState { try state(UnspentModel()) }

    /// The tip and the work.
    func headers() throws(QueryFailure) -> HeadersState { try state(HeadersModel()) }

    private func state<M: Model>(_ model: M) throws(QueryFailure) -> M.State {
        do throws(ProjectionError) {
            return try reader.state(of: projection.add(model)).state
        } catch {
            throw .projection(error)
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
