import AshlarFormat

/// Which events to read, and in which order.
///
/// Every property narrows the answer; the default is all canonical events in the order of the chain. What was pruned is left out, unless `heights` or
/// `sequences` ask for it: then the answer is the error `pruned`.
public struct EventQuery: Sendable, Hashable {
    /// Which commits are looked at.
    public enum Scope: Sendable, Hashable {
        /// The canonical chain of the view.
        case canonical
        /// The canonical chain and floating events.
        case canonicalAndFloating
        /// Floating events alone.
        case floating
        /// The raw log: undone blocks and floating events too.
        case log
    }

    /// In which order events come. Within a commit it is always that of the commit (or its reverse).
    public enum Order: Sendable, Hashable {
        /// By height. (Scopes with floating events have no heights throughout and use `sequence`.)
        case chain
        /// By the sequence of their commits. A block taken up again keeps its old sequence.
        case sequence
        /// By version, then sequence. Floating events count as version 0.
        case version
        /// By timestamp, then sequence.
        case timestamp
    }

    /// Which commits.
    public var scope = Scope.canonical
    /// Only these models, if not nil.
    public var models: [String]?
    /// Only these types, if not nil.
    public var types: [String]?
    /// Only blocks of these heights, if not nil. Floating events have none and are left out.
    public var heights: ClosedRange<Int64>?
    /// Only events with these versions, if not nil.
    public var versions: ClosedRange<UInt64>?
    /// Only commits with these sequences, if not nil.
    public var sequences: ClosedRange<UInt64>?
    /// Only events with a timestamp in this range, if not nil.
    public var times: ClosedRange<Timestamp>?
    /// Only events with this request id (their own, or their commit's), if not nil.
    public var requestID: [UInt8]?
    /// The order.
    public var order = Order.chain
    /// The reverse of the order.
    public var descending = false
    /// At most this many events.
    public var limit: Int?
    /// At most this many events of each model.
    public var limitPerModel: Int?
    /// Leaves out this many events first.
    public var offset = 0
    /// Goes on behind the event this token was taken at.
    public var after: PageToken?

    /// All canonical events in the order of the chain.
    public init() {}

    /// The order that really applies: only the canonical chain can be walked by height.
    var effectiveOrder: Order { order == .chain && scope != .canonical ? .sequence : order }

    /// A hash over the store and everything but the page, stable across processes: a token only goes with the store and the query it came from.
    func fingerprint(_ store: StoreID) -> UInt64 {
        var value = ChainValue.origin(of: store)
        func fold(_ word: UInt64) { value = ChainValue.fold(value, word) }
        func fold(_ bytes: some Sequence<UInt8>) {
            var count: UInt64 = 0
            for byte in bytes {
                fold(UInt64(byte))
                count += 1
            }
            fold(count ^ 0x8000)
        }
        for list in [models, types] {
            fold(UInt64(list?.count ?? -1 &+ 0x10_0000))
            for name in list ?? [] { fold(name.utf8) }
        }
        fold(heights.map { UInt64(bitPattern: $0.lowerBound) } ?? 1)
        fold(heights.map { UInt64(bitPattern: $0.upperBound) } ?? 2)
        fold(versions?.lowerBound ?? 3)
        fold(versions?.upperBound ?? 4)
        fold(sequences?.lowerBound ?? 5)
        fold(sequences?.upperBound ?? 6)
        fold(times.map { UInt64(bitPattern: $0.lowerBound.microseconds) } ?? 7)
        fold(times.map { UInt64(bitPattern: $0.upperBound.microseconds) } ?? 8)
        fold(requestID ?? [])
        fold(
            UInt64(truncatingIfNeeded: "\(scope)\(effectiveOrder)\(descending)".utf8.reduce(0) { $0 &* 31 &+ Int($1) }))
        return value
    }
}

/// Where a page of a query ended: a small printable string, good also after a restart and while the chain goes on.
///
/// It remembers the view (as of which sequence) that the first page was read from, so all pages show the same chain.
public struct PageToken: Sendable, Hashable, CustomStringConvertible {
    /// The view's sequence.
    package var asOf: UInt64
    var sequence: UInt64
    var ordinal: UInt32
    /// Height, version or time of the last event, as the order has it.
    var key: Int64
    var query: UInt64

    init(asOf: UInt64, sequence: UInt64, ordinal: UInt32, key: Int64, query: UInt64) {
        self.asOf = asOf
        self.sequence = sequence
        self.ordinal = ordinal
        self.key = key
        self.query = query
    }

    /// The token that `description` printed, or nil if it is none.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "p1", let asOf = UInt64(parts[1], radix: 16),
            let sequence = UInt64(parts[2], radix: 16), let ordinal = UInt32(parts[3], radix: 16),
            let key = UInt64(parts[4], radix: 16), let query = UInt64(parts[5], radix: 16)
        else { return nil }
        self.init(asOf: asOf, sequence: sequence, ordinal: ordinal, key: Int64(bitPattern: key), query: query)
    }

    /// The token as text.
    public var description: String {
        let words = [asOf, sequence, UInt64(ordinal), UInt64(bitPattern: key), query]
        return (["p1"] + words.map { String($0, radix: 16) }).joined(separator: ".")
    }
}
