/// A dictionary for states of models: cheap to copy at any size, and able to take back what a block changed.
///
/// A copy shares its memory with the original; either then copies only the few dozen entries around each one it changes. So a snapshot can be
/// written from a copy, and readers can hold one, while blocks go on. Between `beginBlock` and `endBlock` the old value of each entry changed is
/// kept, which is all that undoing the block takes. So `apply` changes a map and never puts another in its place: not `state = StateMap()`, which
/// traps when the block ends, but `removeAll()`.
///
/// Invariants (linear hashing): there are 2^`level` + `split` buckets; an entry is in the bucket that the low `level` bits of its hash name, or the
/// low `level` + 1 bits if that bucket has been split already; a bucket's `hashes` and `entries` go together.
public struct StateMap<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// An entry.
    @usableFromInline
    struct Entry: Sendable {
        @usableFromInline let key: Key
        @usableFromInline var value: Value

        @inlinable
        init(key: Key, value: Value) {
            self.key = key
            self.value = value
        }
    }

    /// A few dozen entries.
    @usableFromInline
    struct Bucket: Sendable {
        @usableFromInline var hashes: [UInt32] = []
        @usableFromInline var entries: [Entry] = []

        @inlinable
        init() {}
    }

    /// Entries a bucket has on average when the next one is split.
    @usableFromInline static var load: Int { 24 }
    /// Buckets that are copied together when one of them changes: 2^7.
    @usableFromInline static var chunkBits: Int { 7 }

    @usableFromInline var chunks: [[Bucket]] = [[Bucket()]]
    @usableFromInline var level = 0
    @usableFromInline var split = 0
    /// The old values of what the block under way has changed; nil outside a block.
    @usableFromInline var journal: Journal?

    @usableFromInline var entryCount = 0

    /// Number of entries.
    @inlinable
    public var count: Int { entryCount }

    /// Whether there is no entry.
    @inlinable
    public var isEmpty: Bool { entryCount == 0 }

    /// An empty map.
    public init() {}
}

extension StateMap {
    /// The value of a key; setting nil removes the entry.
    ///
    /// Complexity: O(1) on average; the first change near an entry after a copy was taken copies a few dozen entries.
    @inlinable
    public subscript(key: Key) -> Value? {
        get {
            let hash = Self.hash(of: key)
            let bucket = bucket(for: hash)
            return withBucket(bucket) { bucket in
                Self.position(of: key, hash, in: bucket).map { bucket.entries[$0].value }
            }
        }
        set { update(key) { $0 = newValue } }
    }

    /// The value of a key, or the default if there is none; changing it in place sets it.
    @inlinable
    public subscript(key: Key, default value: @autoclosure () -> Value) -> Value {
        get { self[key] ?? value() }
        _modify {
            var current = self[key] ?? value()
            yield &current
            self[key] = current
        }
    }

    /// Removes the entry of a key and gives its value, or nil if there was none.
    @inlinable
    @discardableResult
    public mutating func removeValue(forKey key: Key) -> Value? {
        var old: Value?
        update(key) {
            old = $0
            $0 = nil
        }
        return old
    }

    /// Changes the value of a key in place: nil stands for no entry, before and after.
    ///
    /// Faster than reading and setting it, because the entry is looked up once.
    @inlinable
    public mutating func update<Failure: Error>(
        _ key: Key, _ change: (inout Value?) throws(Failure) -> Void
    ) throws(Failure) {
        let hash = Self.hash(of: key)
        let index = bucket(for: hash)
        // One access to the bucket for all that happens to it: each asks anew whether its memory is shared.
        let added = try Self.change(
            &chunks[index >> Self.chunkBits][index & ((1 << Self.chunkBits) - 1)], key, hash, &journal, change)
        entryCount += added
        if added > 0, entryCount > ((1 << level) + split) * Self.load { splitBucket() }
    }

    /// Changes the value of a key in its bucket; gives by how many the entries became more.
    @inlinable
    static func change<Failure: Error>(
        _ bucket: inout Bucket, _ key: Key, _ hash: UInt32, _ journal: inout Journal?,
        _ change: (inout Value?) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        guard let position = position(of: key, hash, in: bucket) else {
            var value: Value?
            try change(&value)
            guard let value else { return 0 }
            journal?.changes.append(Change(key: key, old: nil))
            bucket.hashes.append(hash)
            bucket.entries.append(Entry(key: key, value: value))
            return 1
        }
        var value: Value? = bucket.entries[position].value
        journal?.changes.append(Change(key: key, old: value))
        try change(&value)
        if let value {
            bucket.entries[position].value = value
            return 0
        }
        // The last one of the bucket takes its place.
        bucket.hashes.swapAt(position, bucket.hashes.count - 1)
        bucket.hashes.removeLast()
        bucket.entries.swapAt(position, bucket.entries.count - 1)
        bucket.entries.removeLast()
        return -1
    }

    /// Removes all entries.
    public mutating func removeAll() {
        if journal != nil {
            for (key, value) in self { journal?.changes.append(Change(key: key, old: value)) }
        }
        (chunks, level, split, entryCount) = ([[Bucket()]], 0, 0, 0)
    }
}

// MARK: - Buckets

extension StateMap {
    @inlinable
    static func hash(of key: Key) -> UInt32 { UInt32(truncatingIfNeeded: key.hashValue) }

    @inlinable
    func bucket(for hash: UInt32) -> Int {
        let low = Int(hash) & ((1 << level) - 1)
        return low < split ? Int(hash) & ((2 << level) - 1) : low
    }

    @inlinable
    func withBucket<Result>(_ index: Int, _ body: (borrowing Bucket) -> Result) -> Result {
        body(chunks[index >> Self.chunkBits][index & ((1 << Self.chunkBits) - 1)])
    }

    @inlinable
    static func position(of key: Key, _ hash: UInt32, in bucket: borrowing Bucket) -> Int? {
        bucket.hashes.withUnsafeBufferPointer { hashes in
            for position in 0..<hashes.count where hashes[position] == hash {
                if bucket.entries[position].key == key { return position }
            }
            return nil
        }
    }

    /// Splits the next bucket in two: those of its entries go whose next bit of the hash is set.
    @inlinable
    mutating func splitBucket() {
        let buckets = (1 << level) + split
        let chunk = split >> Self.chunkBits
        let slot = split & ((1 << Self.chunkBits) - 1)
        var (stay, go) = (Bucket(), Bucket())
        let old = chunks[chunk][slot]
        stay.hashes.reserveCapacity(old.hashes.count)
        stay.entries.reserveCapacity(old.entries.count)
        for position in old.hashes.indices {
            let hash = old.hashes[position]
            if Int(hash) & (1 << level) == 0 {
                stay.hashes.append(hash)
                stay.entries.append(old.entries[position])
            } else {
                go.hashes.append(hash)
                go.entries.append(old.entries[position])
            }
        }
        chunks[chunk][slot] = stay
        if buckets & ((1 << Self.chunkBits) - 1) == 0 {
            chunks.append([])
            chunks[chunks.count - 1].reserveCapacity(1 << Self.chunkBits)
        }
        chunks[chunks.count - 1].append(go)
        split += 1
        if split == 1 << level { (level, split) = (level + 1, 0) }
    }
}

extension StateMap: Sequence {
    /// Walks the entries, in no order.
    public struct Iterator: IteratorProtocol {
        @usableFromInline let chunks: [[Bucket]]
        @usableFromInline var chunk = 0
        @usableFromInline var slot = 0
        @usableFromInline var position = 0
        /// The bucket at `slot` of `chunk`, so that each entry is but one look away.
        @usableFromInline var entries: [Entry] = []

        @inlinable
        init(_ chunks: [[Bucket]]) {
            self.chunks = chunks
            entries = chunks[0][0].entries
        }

        /// The next entry, or nil at the end.
        @inlinable
        public mutating func next() -> (key: Key, value: Value)? {
            while position == entries.count {
                (slot, position) = (slot + 1, 0)
                if slot == chunks[chunk].count { (chunk, slot) = (chunk + 1, 0) }
                guard chunk < chunks.count else {
                    // At the end for good: nothing is left at a place that is there.
                    (chunk, slot, entries) = (chunks.count - 1, chunks[chunks.count - 1].count - 1, [])
                    return nil
                }
                entries = chunks[chunk][slot].entries
            }
            defer { position += 1 }
            let entry = entries[position]
            return (entry.key, entry.value)
        }
    }

    /// An iterator over all entries; changing the map meanwhile does not change what it gives.
    @inlinable
    public func makeIterator() -> Iterator { Iterator(chunks) }

    /// At least this many entries will come.
    @inlinable
    public var underestimatedCount: Int { count }
}

extension StateMap: Equatable where Value: Equatable {
    /// Whether both have the same entries. Complexity: O(*n*).
    public static func == (left: StateMap, right: StateMap) -> Bool {
        left.count == right.count && left.allSatisfy { right[$0.key] == $0.value }
    }
}
