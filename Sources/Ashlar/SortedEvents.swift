import AshlarFormat

/// The positions of events in an order that the log does not have: by version of several models, or by timestamp.
///
/// It walks the log once in its own order, keeps 40 bytes an event, and sorts them.
struct SortedEvents {
    struct Position {
        var key: Int64
        var sequence: UInt64
        var ordinal: UInt32
        var location: Location
    }

    private var positions: ArraySlice<Position>
    private var current: Location?

    init(_ view: View, _ query: EventQuery) throws(StoreError) {
        var inner = query
        inner.order = query.scope == .canonical ? .chain : .sequence
        inner.descending = false
        inner.limit = nil
        inner.limitPerModel = nil
        inner.offset = 0
        inner.after = nil
        var cursor = try view.cursor(inner)
        var found: [Position] = []
        while try cursor.next() {
            let key = query.order == .version ? Int64(bitPattern: cursor.version ?? 0) : cursor.timestamp.microseconds
            found.append(
                Position(
                    key: key, sequence: cursor.sequence, ordinal: UInt32(cursor.ordinal), location: cursor.location))
        }
        found.sort { ($0.key, $0.sequence, $0.ordinal) < ($1.key, $1.sequence, $1.ordinal) }
        positions = query.descending ? found.reversed()[...] : found[...]
    }

    /// The next position, and whether it is in another commit than the one before.
    mutating func next() -> (Position, isNewCommit: Bool)? {
        guard let position = positions.popFirst() else { return nil }
        defer { current = position.location }
        return (position, current != position.location)
    }
}
