import ArgumentParser
import Ashlar

/// Which events: the filters of `EventQuery` as options.
struct EventFilters: ParsableArguments {
    @Option(help: "Only this model (may be given more than once).")
    var model: [String] = []

    @Option(help: "Only this type (may be given more than once).")
    var type: [String] = []

    @Option(help: "Only blocks of these heights: A..B, A.., ..B or A.", transform: RangeArgument.heights)
    var heights: ClosedRange<Int64>?

    @Option(help: "Only blocks from this height on.")
    var fromHeight: Int64?

    @Option(help: "Only blocks up to this height.")
    var toHeight: Int64?

    @Option(help: "Only these versions: A..B.", transform: RangeArgument.numbers)
    var versions: ClosedRange<UInt64>?

    @Option(help: "Only commits with these sequences: A..B.", transform: RangeArgument.numbers)
    var sequences: ClosedRange<UInt64>?

    @Option(
        help: "Only these times: A..B, in ISO 8601 (UTC unless it says otherwise) or microseconds.",
        transform: RangeArgument.times)
    var times: ClosedRange<Timestamp>?

    @Option(help: "Only events with this request id.")
    var requestId: String?

    @Option(
        help: "canonical, floating, all (canonical and floating), or log (undone ones too).")
    var scope = EventScope.canonical

    func validate() throws {
        if heights != nil, fromHeight != nil || toHeight != nil {
            throw ValidationError("give either --heights or --from-height and --to-height")
        }
        guard (fromHeight ?? 0) >= 0, (toHeight ?? 0) >= 0 else { throw ValidationError("heights start at 0") }
        if let fromHeight, let toHeight, fromHeight > toHeight {
            throw ValidationError("--from-height \(fromHeight) is above --to-height \(toHeight)")
        }
    }

    /// The query with these filters, without order and page.
    var query: EventQuery {
        var query = EventQuery()
        query.models = model.isEmpty ? nil : model
        query.types = type.isEmpty ? nil : type
        query.heights = heights
        if fromHeight != nil || toHeight != nil { query.heights = (fromHeight ?? 0)...(toHeight ?? .max - 1) }
        query.versions = versions
        query.sequences = sequences
        query.times = times
        query.requestID = requestId.map { Array($0.utf8) }
        query.scope = scope.scope
        return query
    }
}

/// In which order, and which part of the answer.
struct EventPaging: ParsableArguments {
    @Option(help: "chain (by height), sequence, version or timestamp.")
    var order = EventOrder.chain

    @Flag(help: "The reverse of that order.")
    var descending = false

    @Option(help: "At most this many events.")
    var limit: Int?

    @Option(help: "At most this many events of each model.")
    var limitPerModel: Int?

    @Option(help: "Leave out this many events first.")
    var offset = 0

    @Option(help: "Go on behind the page that ended with this token.")
    var after: String?

    @Flag(help: "Tell the token of the next page at the end; needs --limit.")
    var page = false

    @Option(help: "The chain as it was after the commit with this sequence.")
    var asOf: UInt64?

    func validate() throws {
        guard (limit ?? 0) >= 0, (limitPerModel ?? 0) >= 0, offset >= 0 else {
            throw ValidationError("--limit, --limit-per-model and --offset must not be negative")
        }
        if page, (limit ?? 0) == 0 { throw ValidationError("--page needs a --limit of at least 1") }
        if after != nil, offset > 0 { throw ValidationError("--after says where to go on; leave --offset out") }
        if after != nil, asOf != nil { throw ValidationError("--after knows its chain; leave --as-of out") }
    }

    /// Puts order and page into a query.
    func apply(to query: inout EventQuery) throws(CommandError) {
        query.order = order.order
        query.descending = descending
        // One more than is printed tells whether there is another page.
        query.limit = limit.map { page && $0 < .max ? $0 + 1 : $0 }
        query.limitPerModel = limitPerModel
        query.offset = offset
        guard let after else { return }
        guard let token = PageToken(after) else {
            throw .refused(code: "invalidPageToken", message: "`--after \(after)` is no page token; copy it whole")
        }
        query.after = token
    }
}

/// A scope of queries as the command line names it.
enum EventScope: String, CaseIterable, ExpressibleByArgument {
    case canonical
    case floating
    case all
    case log

    /// The scope.
    var scope: EventQuery.Scope {
        switch self {
        case .canonical: .canonical
        case .floating: .floating
        case .all: .canonicalAndFloating
        case .log: .log
        }
    }
}

/// An order of queries as the command line names it.
enum EventOrder: String, CaseIterable, ExpressibleByArgument {
    case chain
    case sequence
    case version
    case timestamp

    /// The order.
    var order: EventQuery.Order {
        switch self {
        case .chain: .chain
        case .sequence: .sequence
        case .version: .version
        case .timestamp: .timestamp
        }
    }
}
