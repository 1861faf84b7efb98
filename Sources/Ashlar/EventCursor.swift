import AshlarFormat
import AshlarStorage

/// Walks the events a query asks for, one at a time, without copying them.
///
///     var cursor = try store.view().cursor()
///     while try cursor.next() { use(cursor.payload) }
///
/// `next` moves to the next event and checks its CRC; the properties then speak of that event until the next call. No event costs an
/// allocation. A cursor is used from one task at a time; its view does not move.
public struct EventCursor: ~Copyable {
    private enum Walk {
        case chain(ChainWalk)
        case sequence(SequenceWalk)
        case sorted(SortedEvents)
    }

    let view: View
    let compiled: CompiledQuery
    private let token: PageToken?
    private var walk: Walk
    var commit: LoadedCommit
    private var nextRow = 0
    private var endRow = 0
    private let step: Int
    var row = RecordTable.Row()
    var content = UnsafeRawBufferPointer(start: nil, count: 0)
    private var toSkip: Int
    private var remaining: Int
    private var perModel: [UInt32: Int] = [:]
    private var checkedSegment: UInt64 = 0
    private var isDone = false

    init(_ view: View, _ query: EventQuery) throws(StoreError) {
        var view = view
        if let token = query.after {
            guard token.query == query.fingerprint(view.core.storeID) else {
                throw .invalidPageToken(
                    "the page token belongs to another query or store; pass the same filters and order as before")
            }
            guard token.asOf <= view.core.visibleSequence else {
                throw .invalidPageToken("the page token was taken from a longer log than this")
            }
            if token.asOf != view.sequence { view = try View(view.core, asOf: token.asOf) }
        }
        guard query.limit ?? 0 >= 0, query.offset >= 0, query.limitPerModel ?? 0 >= 0 else {
            throw .invalidArgument("limit and offset must not be negative")
        }
        if let heights = query.heights, heights.lowerBound <= view.base.height, heights.upperBound >= 0 {
            throw view.pruned
        }
        if let sequences = query.sequences, sequences.lowerBound <= view.base.sequence, sequences.upperBound > 0,
            view.base.sequence > 0
        {
            throw view.pruned
        }
        let compiled = view.core.monitor.withLock { CompiledQuery(query, $0.registry) }
        self.init(view, compiled, try Self.walk(view, query, compiled))
    }

    private init(_ view: View, _ compiled: CompiledQuery, _ walk: Walk) {
        let query = compiled.query
        self.view = view
        self.compiled = compiled
        self.walk = walk
        token = query.after
        step = query.descending ? -1 : 1
        toSkip = query.after == nil ? query.offset : 0
        remaining = query.limit ?? .max
        commit = LoadedCommit()
    }

    private static func walk(
        _ view: View, _ query: EventQuery, _ compiled: CompiledQuery
    ) throws(StoreError) -> Walk {
        let token = query.after
        switch query.effectiveOrder {
        case .version where query.scope == .canonical && query.models?.count == 1, .chain:
            var heights = query.heights ?? view.firstHeight...Limits.height
            if let token, let rest = narrowed(heights, from: token.height(query), query.descending) { heights = rest }
            return .chain(ChainWalk(view, heights: heights, descending: query.descending))
        case .sequence:
            let last = view.sequence
            let first = view.base.sequence + 1
            var range: ClosedRange<UInt64>? = last >= first ? first...last : nil
            if let asked = query.sequences, let all = range {
                range = asked.overlaps(all) ? asked.clamped(to: all) : nil
            }
            if let token, let all = range { range = narrowed(all, from: token.sequence, query.descending) }
            return .sequence(SequenceWalk(view.core, sequences: range, descending: query.descending))
        case .version, .timestamp:
            return .sorted(try SortedEvents(view, query))
        }
    }

    private static func narrowed<T>(_ range: ClosedRange<T>, from bound: T, _ descending: Bool) -> ClosedRange<T>? {
        if descending { return bound < range.lowerBound ? nil : range.lowerBound...min(bound, range.upperBound) }
        return bound > range.upperBound ? nil : max(bound, range.lowerBound)...range.upperBound
    }

    /// Moves to the next event; false at the end.
    ///
    /// Throws `corrupt` naming file, offset and height, `inputOutput`, `viewExpired`, `removed`; an error is never an end.
    public mutating func next() throws(StoreError) -> Bool {
        do throws(StoreError) { return try moveOn() } catch {
            // Behind an error nothing more is given out: what follows would look whole and is not.
            isDone = true
            nextRow = endRow
            throw error
        }
    }

    private mutating func moveOn() throws(StoreError) -> Bool {
        while true {
            while nextRow != endRow {
                row = commit.table[nextRow]
                nextRow += step
                if !commit.wanted.isEmpty, !commit.wanted[Int(row.section)] { continue }
                content = try commit.content(row)
                if compiled.filtersRecords || token != nil, try !passes() { continue }
                if toSkip > 0 {
                    toSkip -= 1
                    continue
                }
                guard remaining > 0 else { break }
                remaining -= 1
                return true
            }
            guard !isDone, remaining > 0, try advance() else {
                isDone = true
                nextRow = endRow
                return false
            }
        }
    }

    /// Loads the next commit that has something.
    private mutating func advance() throws(StoreError) -> Bool {
        switch walk {
        case .chain: try advanceChain()
        case .sequence: try advanceSequence()
        case .sorted: try advanceSorted()
        }
    }

    private mutating func advanceChain() throws(StoreError) -> Bool {
        guard case .chain(var chain) = walk else { return false }
        defer { walk = .chain(chain) }
        while let (entry, source) = try chain.next() {
            if source.number != checkedSegment, let sealed = sealedSegment(source.number) {
                if !compiled.mayMatch(sealed) {
                    chain.skip(segment: source.number)
                    continue
                }
                checkedSegment = source.number
            }
            if try commit.load(entry.location, source, compiled, height: entry.height) {
                begin()
                return true
            }
        }
        return false
    }

    private mutating func advanceSequence() throws(StoreError) -> Bool {
        guard case .sequence(var sequence) = walk else { return false }
        defer { walk = .sequence(sequence) }
        while let (location, source) = try sequence.next() {
            if source.number != checkedSegment, let sealed = sealedSegment(source.number) {
                checkedSegment = source.number
                if !compiled.mayMatch(sealed) {
                    sequence.skip(sealed.header.opening.sequence...sealed.lastSequence)
                    continue
                }
            }
            let isLoaded = try commit.load(location, source, compiled, height: nil)
            sequence.advance(past: location, frameLength: commit.header.frameLength)
            if isLoaded, try isInScope(location) {
                begin()
                return true
            }
        }
        return false
    }

    private mutating func advanceSorted() throws(StoreError) -> Bool {
        guard case .sorted(var sorted) = walk else { return false }
        defer { walk = .sorted(sorted) }
        guard let (position, isNewCommit) = sorted.next() else { return false }
        if isNewCommit {
            let source = try view.core.monitor.withLock { (log) throws(StoreError) in
                try log.source(of: position.location.segment)
            }
            try commit.loadAll(position.location, source, height: nil)
        }
        nextRow = Int(position.ordinal)
        endRow = nextRow + step
        return true
    }

    private func sealedSegment(_ number: UInt64) -> SealedSegment? {
        view.core.monitor.withLock { $0.sealedSegment(number: number) }
    }

    private func isInScope(_ location: Location) throws(StoreError) -> Bool {
        let scope = compiled.query.scope
        guard let block = commit.meta.block else { return scope != .canonical }
        switch scope {
        case .log: return true
        case .floating: return false
        case .canonical, .canonicalAndFloating:
            guard block.height <= view.tipHeight ?? -1 else { return false }
            let view = view
            return try view.core.monitor.withLock { (log) throws(StoreError) in
                log.isCanonical(height: block.height, location, try log.overlay(asOf: view.sequence))
            }
        }
    }

    private mutating func begin() {
        nextRow = step > 0 ? 0 : commit.table.count - 1
        endRow = step > 0 ? commit.table.count : -1
    }

    /// Whether the current event passes the filters that look at single records.
    private mutating func passes() throws(StoreError) -> Bool {
        if let types = compiled.types, types[row.typeAndFlags & RecordHead.typeMask] == 0 { return false }
        let query = compiled.query
        if let versions = query.versions, !versions.contains(version ?? 0) { return false }
        if let times = query.times, !times.contains(timestamp) { return false }
        if let wanted = query.requestID, requestID.map({ $0 == wanted }) != true { return false }
        if let token, !isBehind(token) { return false }
        if let limit = query.limitPerModel {
            let count = perModel[modelID, default: 0]
            if count >= limit { return false }
            perModel[modelID] = count + 1
        }
        return true
    }

    private func isBehind(_ token: PageToken) -> Bool {
        let here = (sortKey, sequence, UInt32(ordinal))
        let there = (token.key, token.sequence, token.ordinal)
        return step > 0 ? here > there : here < there
    }

    var sortKey: Int64 {
        switch compiled.query.effectiveOrder {
        case .chain: height ?? -1
        case .sequence: 0
        case .version: Int64(bitPattern: version ?? 0)
        case .timestamp: timestamp.microseconds
        }
    }
}

extension PageToken {
    fileprivate func height(_ query: EventQuery) -> Int64 {
        query.effectiveOrder == .chain ? key : (query.descending ? Limits.height : 0)
    }
}
