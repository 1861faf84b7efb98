package import Ashlar

/// What the source had not delivered to its own consumers yet, as places in the store.
package struct EasyLayerOutbox: Sendable, Hashable {
    /// Rows of `outbox`, in the file that is written to.
    package var rows: UInt64 = 0
    /// Rows, before the first whose event is in the store, whose events are not: they were deleted since.
    package var lost: UInt64 = 0
    /// The place of the first row's event: whoever follows from here gets that event first. Nil if no row has an event.
    package var first: Cursor?
    /// The place before the events of all rows.
    ///
    /// The outbox is in the order in which things came, the store in that of blocks: events of later rows may stand before the first one's.
    /// Whoever follows from here misses none, and may get some again. For an empty outbox the end of the store.
    package var all: Cursor?
}

/// The search for the events of the outbox among those of the store.
struct OutboxSearch {
    /// A place in the log: before the event with this ordinal, or before the whole commit.
    private struct Place: Comparable {
        var sequence: UInt64
        var ordinal: Int

        static func < (left: Place, right: Place) -> Bool {
            (left.sequence, left.ordinal) < (right.sequence, right.ordinal)
        }
    }

    private(set) var outbox = EasyLayerOutbox()
    /// By the digest of a row, its number in the outbox; of equal ones the first.
    private var wanted: [UInt64: Int] = [:]
    /// By their numbers, the places that were found.
    private var first: (index: Int, place: Place)?
    private var lowest: Place?

    /// Whether events are looked for at all.
    var isEmpty: Bool { wanted.isEmpty }

    /// Looks for an event.
    mutating func want(_ row: EasyLayerRow, of model: String, index: Int) {
        var digest = EasyLayerDigest()
        digest.add(row)
        let key = Self.key(digest, Self.key(model))
        wanted[key] = min(wanted[key] ?? index, index)
    }

    /// Takes the steps of the chain from this one on, the first of which is in the commit `sequence`, for what a row stands for.
    mutating func found(index: Int, sequence: UInt64) { found(index: index, Place(sequence: sequence, ordinal: 0)) }

    /// Looks at an event of the store; they come in the order of the log.
    mutating func see(_ digest: EasyLayerDigest, modelKey: UInt64, sequence: UInt64, ordinal: Int) {
        guard let index = wanted[Self.key(digest, modelKey)] else { return }
        found(index: index, Place(sequence: sequence, ordinal: ordinal))
    }

    private mutating func found(index: Int, _ place: Place) {
        lowest = min(lowest ?? place, place)
        // Of several events that are the same, the one that came first.
        if first.map({ index < $0.index || index == $0.index && place < $0.place }) ?? true { first = (index, place) }
    }

    /// Counts the rows.
    mutating func count(_ rows: UInt64) { outbox.rows = rows }

    /// What came of it.
    func result(in store: Store) throws(StoreError) -> EasyLayerOutbox {
        var outbox = outbox
        guard outbox.rows > 0 else {
            outbox.all = try store.cursor(at: .end)
            return outbox
        }
        outbox.lost = first.map { UInt64($0.index) } ?? outbox.rows
        outbox.first = try first.map { (found) throws(StoreError) in try Self.cursor(found.place, store) }
        if let lowest {
            outbox.all = try Self.cursor(lowest, store)
        } else {
            outbox.all = try store.cursor(at: .end)
        }
        return outbox
    }

    /// The cursor of who took in everything before a place. No commit of an import undoes blocks and has events, so an event is in step 0.
    private static func cursor(_ place: Place, _ store: Store) throws(StoreError) -> Cursor {
        guard place.ordinal > 0 else { return try store.cursor(at: .sequence(place.sequence - 1)) }
        let commit = try store.cursor(at: .sequence(place.sequence))
        return Cursor(
            storeID: commit.storeID, sequence: commit.sequence, chainValue: commit.chainValue, step: 0,
            event: UInt32(clamping: place.ordinal))
    }

    /// The digest of a model's name, to be mixed into those of its events.
    static func key(_ model: String) -> UInt64 {
        var digest = EasyLayerDigest()
        digest.add(model)
        return digest.value
    }

    private static func key(_ digest: EasyLayerDigest, _ model: UInt64) -> UInt64 {
        var mixed = digest
        mixed.add(model)
        return mixed.value
    }
}
