/// A few dozen entries of a `StateMap` in one piece of memory: how many there are, their hashes, then the entries themselves.
///
/// So finding an entry touches two or three places of memory, not one for each part. Invariants: the first `count` hashes and the first
/// `count` entries are initialised and go together; nobody changes a bucket that more than one map holds.
@usableFromInline
final class StateBucket<Key: Hashable & Sendable, Value: Sendable>: ManagedBuffer<StateBucketHead, UInt64> {
    /// An entry.
    @usableFromInline
    struct Entry {
        @usableFromInline let key: Key
        @usableFromInline var value: Value

        @inlinable
        init(key: Key, value: Value) {
            self.key = key
            self.value = value
        }
    }

    /// An empty bucket with room for so many entries.
    @inlinable
    static func make(capacity: Int) -> StateBucket {
        let hashWords = (capacity + 1) / 2
        let entryWords = (capacity * MemoryLayout<Entry>.stride + 7) / 8
        // Memory is aligned to 16 bytes; entries may want more than where the hashes end.
        let padding = MemoryLayout<Entry>.alignment / 8
        let bucket = create(minimumCapacity: hashWords + padding + entryWords) { _ in
            StateBucketHead(count: 0, capacity: capacity)
        }
        return unsafeDowncast(bucket, to: StateBucket.self)
    }

    @inlinable
    deinit {
        withParts { head, _, entries in _ = entries.deinitialize(count: head.pointee.count) }
    }

    /// Gives the parts to `body`; the pointers are good until it returns.
    @inlinable
    @inline(__always)
    func withParts<Result>(
        _ body: (
            UnsafeMutablePointer<StateBucketHead>, UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<Entry>
        ) -> Result
    ) -> Result {
        withUnsafeMutablePointers { head, words in
            let start = UnsafeMutableRawPointer(words)
            let entries = (start + 4 * head.pointee.capacity).alignedUp(for: Entry.self)
            return body(
                head, start.assumingMemoryBound(to: UInt32.self), entries.assumingMemoryBound(to: Entry.self))
        }
    }

    /// Number of entries.
    @inlinable
    var count: Int { withUnsafeMutablePointerToHeader { $0.pointee.count } }

    /// Whether there is no room for one entry more.
    @inlinable
    var isFull: Bool { withUnsafeMutablePointerToHeader { $0.pointee.count == $0.pointee.capacity } }

    /// The place of a key's entry, or nil if there is none.
    @inlinable
    func position(of key: Key, _ hash: UInt32) -> Int? {
        withParts { head, hashes, entries in
            for position in 0..<head.pointee.count where hashes[position] == hash {
                if entries[position].key == key { return position }
            }
            return nil
        }
    }

    /// The value at a place.
    @inlinable
    func value(at position: Int) -> Value { withParts { _, _, entries in entries[position].value } }

    /// The entry at a place.
    @inlinable
    func entry(at position: Int) -> Entry { withParts { _, _, entries in entries[position] } }

    /// Gives the entry at a place to `body`, without copying it.
    @inlinable
    func withEntry<Failure: Error>(
        at position: Int, _ body: (borrowing Entry) throws(Failure) -> Void
    ) throws(Failure) {
        let entry = withParts { _, _, entries in entries + position }
        defer { withExtendedLifetime(self) {} }
        try body(entry.pointee)
    }
}

/// What a bucket knows of itself.
@frozen
@usableFromInline
struct StateBucketHead {
    @usableFromInline var count: Int
    @usableFromInline let capacity: Int

    @inlinable
    init(count: Int, capacity: Int) {
        self.count = count
        self.capacity = capacity
    }
}

// What changes a bucket: only for whoever holds it alone.
extension StateBucket {
    /// A bucket with the same entries and a given room.
    @inlinable
    func copy(capacity: Int) -> StateBucket {
        let copy = StateBucket.make(capacity: capacity)
        withParts { head, hashes, entries in
            copy.withParts { newHead, newHashes, newEntries in
                newHashes.initialize(from: hashes, count: head.pointee.count)
                newEntries.initialize(from: entries, count: head.pointee.count)
                newHead.pointee.count = head.pointee.count
            }
        }
        return copy
    }

    /// A bucket with a given room that takes all entries over; this one is empty then.
    @inlinable
    func moved(capacity: Int) -> StateBucket {
        let target = StateBucket.make(capacity: capacity)
        withParts { head, hashes, entries in
            target.withParts { newHead, newHashes, newEntries in
                newHashes.initialize(from: hashes, count: head.pointee.count)
                newEntries.moveInitialize(from: entries, count: head.pointee.count)
                newHead.pointee.count = head.pointee.count
            }
            head.pointee.count = 0
        }
        return target
    }

    /// Adds an entry; there must be room.
    @inlinable
    func append(_ hash: UInt32, _ entry: consuming Entry) {
        defer { withExtendedLifetime(self) {} }
        let place = withParts { head, hashes, entries in
            let count = head.pointee.count
            head.pointee.count = count + 1
            (hashes + count).initialize(to: hash)
            return entries + count
        }
        place.initialize(to: entry)
    }

    /// Replaces the value at a place.
    @inlinable
    func set(_ value: consuming Value, at position: Int) {
        defer { withExtendedLifetime(self) {} }
        let place = withParts { _, _, entries in entries + position }
        place.pointee.value = value
    }

    /// Removes the entry at a place; the last one takes it.
    @inlinable
    func remove(at position: Int) {
        withParts { head, hashes, entries in
            let last = head.pointee.count - 1
            (entries + position).deinitialize(count: 1)
            if position != last {
                hashes[position] = hashes[last]
                (entries + position).moveInitialize(from: entries + last, count: 1)
            }
            head.pointee.count = last
        }
    }

    /// Two buckets with its entries, nil where there are none: those whose hash has `bit` are in the second. Moved, its own are gone.
    @inlinable
    func parted(by bit: UInt32, moving: Bool) -> (StateBucket?, StateBucket?) {
        let parts = withParts { head, hashes, entries in
            var going = 0
            for position in 0..<head.pointee.count where hashes[position] & bit != 0 { going += 1 }
            let staying = head.pointee.count - going
            let stay = staying > 0 ? StateBucket.make(capacity: Self.room(for: staying)) : nil
            let go = going > 0 ? StateBucket.make(capacity: Self.room(for: going)) : nil
            for position in 0..<head.pointee.count {
                let hash = hashes[position]
                let entry = moving ? (entries + position).move() : entries[position]
                (hash & bit == 0 ? stay : go)?.append(hash, entry)
            }
            if moving { head.pointee.count = 0 }
            return (stay, go)
        }
        return parts
    }

    /// Room for some entries more than there are: a bucket moves about once between two splits.
    @inlinable
    static func room(for count: Int) -> Int { count + count / 2 + 4 }
}
