import AshlarFormat
import AshlarStorage

/// The walk from commit to commit.
extension EventRuns {
    convenience init(_ view: View, _ query: EventQuery) throws(StoreError) {
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
        self.init(view, view.core.monitor.withLock { CompiledQuery(query, $0.registry) })
        try beginWalk(query)
    }

    private func beginWalk(_ query: EventQuery) throws(StoreError) {
        switch query.effectiveOrder {
        case .version where query.scope == .canonical && query.models?.count == 1, .chain:
            var heights = query.heights ?? view.firstHeight...Limits.height
            if let token, let rest = Self.narrowed(heights, from: token.height(query), query.descending) {
                heights = rest
            }
            chain = ChainWalk(view, heights: heights, descending: query.descending)
        case .sequence:
            let last = view.sequence
            let first = view.base.sequence + 1
            var range: ClosedRange<UInt64>? = last >= first ? first...last : nil
            if let asked = query.sequences, let all = range {
                range = asked.overlaps(all) ? asked.clamped(to: all) : nil
            }
            if let token, let all = range { range = Self.narrowed(all, from: token.sequence, query.descending) }
            sequence = SequenceWalk(view.core, sequences: range, descending: query.descending)
        case .version, .timestamp:
            sorted = try SortedEvents(view, query)
        }
    }

    private static func narrowed<T>(_ range: ClosedRange<T>, from bound: T, _ descending: Bool) -> ClosedRange<T>? {
        if descending { return bound < range.lowerBound ? nil : range.lowerBound...min(bound, range.upperBound) }
        return bound > range.upperBound ? nil : max(bound, range.lowerBound)...range.upperBound
    }

    /// Loads the next commit that has something; false at the end.
    func advance() throws(StoreError) -> Bool {
        if chain != nil { return try advanceChain() }
        if sequence != nil { return try advanceSequence() }
        return try advanceSorted()
    }

    private func advanceChain() throws(StoreError) -> Bool {
        while let (entry, source) = try chain?.next() {
            if source.number != checkedSegment {
                guard nothing(in: source.number) == nil else {
                    chain?.skip(segment: source.number)
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

    private func advanceSequence() throws(StoreError) -> Bool {
        while let (location, source) = try sequence?.next() {
            if source.number != checkedSegment {
                checkedSegment = source.number
                if let sequences = nothing(in: source.number) {
                    sequence?.skip(sequences)
                    continue
                }
            }
            let isLoaded = try commit.load(location, source, compiled, height: nil)
            sequence?.advance(past: location, frameLength: commit.reader.header.frameLength)
            if isLoaded, try isInScope(location) {
                begin()
                return true
            }
        }
        return false
    }

    private func advanceSorted() throws(StoreError) -> Bool {
        guard let (position, isNewCommit) = sorted?.next() else { return false }
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

    /// The sequences of a segment that holds nothing of what is asked for; nil if it may. Its footer, or what will be it, decides.
    private func nothing(in segment: UInt64) -> ClosedRange<UInt64>? {
        view.core.monitor.withLock { log in
            if let sealed = log.sealedSegment(number: segment) {
                if compiled.mayMatch(sealed.summary, sealed.models, sealed.types) { return nil }
                let first = sealed.header.opening.sequence + 1
                return first...max(first, sealed.lastSequence)
            }
            // What is appended to it from now on is not in the view.
            guard let active = log.active, active.name.number == segment else { return nil }
            let index = active.index
            if compiled.mayMatch(index.summary, index.models, index.types) { return nil }
            let first = active.header.opening.sequence + 1
            return first...max(first, log.state.sequence)
        }
    }

    private func isInScope(_ location: Location) throws(StoreError) -> Bool {
        let scope = compiled.query.scope
        guard let height = commit.reader.meta.block?.height else { return scope != .canonical }
        switch scope {
        case .log: return true
        case .floating: return false
        case .canonical, .canonicalAndFloating:
            guard height <= view.tipHeight ?? -1 else { return false }
            let view = view
            return try view.core.monitor.withLock { (log) throws(StoreError) in
                log.isCanonical(height: height, location, try log.overlay(asOf: view.sequence))
            }
        }
    }
}

extension PageToken {
    fileprivate func height(_ query: EventQuery) -> Int64 {
        query.effectiveOrder == .chain ? key : (query.descending ? Limits.height : 0)
    }
}
