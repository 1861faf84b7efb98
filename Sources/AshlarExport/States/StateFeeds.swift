import Ashlar

/// Follows the states of all tables while the log is read, and says what each batch of commits changes in them.
///
/// Its projection stands where the change sets are, not at the tip of the log, and takes no snapshots. Used from one thread.
final class StateFeeds {
    private let store: Store
    private let projection: Projection
    private let feeds: [any StateFeed]
    /// The commit that the target stands at once everything that was handed out is applied.
    private var sequence: UInt64
    private var hasBegun = false
    /// Commits up to there whose blocks were undone or taken up again since.
    private var touched: Set<UInt64> = []

    /// Feeds for a target whose cursor stands behind commit `sequence`; nothing is read yet.
    init(_ store: Store, _ tables: [StateTable], _ dialect: SQLDialect, from sequence: UInt64) throws(ExportError) {
        self.store = store
        self.sequence = sequence
        var options = ProjectionOptions()
        options.snapshots = .off
        options.cachedStates = 0
        let projection = Projection(store, options: options)
        self.projection = projection
        feeds = try projecting { () throws(ProjectionError) in
            var feeds: [any StateFeed] = []
            for state in tables { feeds.append(try Self.feed(state.model, state.table, projection, dialect)) }
            return feeds
        }
    }

    private static func feed<M: TabularModel>(
        _ model: M, _ table: Table, _ projection: Projection, _ dialect: SQLDialect
    ) throws(ProjectionError) -> any StateFeed {
        try ModelFeed(model, table, projection, dialect)
    }

    /// Notes which blocks steps undo or take up again.
    func note(_ steps: [Step]) {
        for step in steps {
            switch step.content {
            case .applied(let applied): if applied.isReadopted { touched.insert(applied.block.sequence) }
            case .undone(let undone): touched.formUnion(undone.blocks.lazy.map(\.sequence))
            case .floating: break
            }
        }
    }

    /// Makes the states that the target shows, from snapshots or the whole log; false if it was told to stop, at some height, meanwhile.
    func begin(shouldStop: (Int64) -> Bool) throws(ExportError) -> Bool {
        guard !hasBegun else { return true }
        if sequence > 0 {
            guard try advance(to: sequence, shouldStop) else { return false }
            try projecting { () throws(ProjectionError) in for feed in feeds { try feed.begin() } }
        }
        hasBegun = true
        return true
    }

    /// What the commits up to `last` change in the tables, in their order; nil if it was told to stop, at some height, meanwhile.
    ///
    /// Complexity: O(their events); the first call first does what `begin` does.
    func changes(upTo last: UInt64, shouldStop: (Int64) -> Bool) throws(ExportError) -> [StateChange]? {
        guard try begin(shouldStop: shouldStop) else { return nil }
        guard last > sequence else { return [] }
        guard try advance(to: last, shouldStop) else { return nil }
        let commits = Self.ranges(touched.filter { $0 <= sequence }) + [sequence + 1...last]
        let view: View
        do throws(StoreError) { view = try store.view(asOf: last) } catch { throw .store(error) }
        var changes: [StateChange] = []
        for feed in feeds { changes.append(try feed.change(in: view, commits)) }
        sequence = last
        touched = []
        return changes
    }

    private func advance(to sequence: UInt64, _ shouldStop: (Int64) -> Bool) throws(ExportError) -> Bool {
        try projecting { () throws(ProjectionError) in
            while case .more(let position) = try projection.advance(asOf: sequence, atMostBlocks: 256) {
                if shouldStop(position.height ?? 0) { return false }
            }
            return true
        }
    }

    /// Numbers as runs without gaps.
    static func ranges(_ numbers: Set<UInt64>) -> [ClosedRange<UInt64>] {
        var ranges: [ClosedRange<UInt64>] = []
        for number in numbers.sorted() {
            if let last = ranges.last, last.upperBound + 1 == number {
                ranges[ranges.count - 1] = last.lowerBound...number
            } else {
                ranges.append(number...number)
            }
        }
        return ranges
    }
}
