/// A dictionary for states of models: cheap to copy at any size, and able to take back what a block changed.
///
/// A copy shares its memory with the original; either then copies only the few dozen entries around each one it changes. So a snapshot can be
/// written from a copy, and readers can hold one, while blocks go on. Between `beginBlock` and `endBlock` the old value of each entry changed is
/// kept, which is all that undoing the block takes. So `apply` changes a map and never puts another in its place: not `state = StateMap()`, which
/// traps when the block ends, but `removeAll()`.
///
/// Invariants (linear hashing): there are 2^`level` + `split` buckets, nil where one is empty; an entry is in the bucket that the low `level`
/// bits of its hash name, or the low `level` + 1 bits if that bucket has been split already. Sendable although unchecked: a bucket that more
/// than one map holds is copied before it is changed.
public struct StateMap<Key: Hashable & Sendable, Value: Sendable>: @unchecked Sendable {
    @usableFromInline typealias Bucket = StateBucket<Key, Value>

    /// Entries a bucket has on average when the next one is split.
    @usableFromInline static var load: Int { 24 }
    /// Buckets that are copied together when one of them changes: 2^7.
    @usableFromInline static var chunkBits: Int { 7 }

    @usableFromInline var chunks: [[Bucket?]] = [[nil]]
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
            let index = index(for: hash)
            guard let bucket = chunks[index >> Self.chunkBits][index & Self.chunkMask],
                let position = bucket.position(of: key, hash)
            else { return nil }
            return bucket.value(at: position)
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
        try update(key, Self.hash(of: key), change)
    }

    @inlinable
    mutating func update<Failure: Error>(
        _ key: Key, _ hash: UInt32, _ change: (inout Value?) throws(Failure) -> Void
    ) throws(Failure) {
        let index = index(for: hash)
        // An empty bucket of a large map will be filled, that of a small one perhaps not.
        let firstRoom = level < 3 ? Bucket.room(for: 1) : Self.load + Self.load / 3
        // One access to the bucket for all that happens to it: each asks anew whether its memory is shared.
        let added = try Self.change(
            &chunks[index >> Self.chunkBits][index & Self.chunkMask], key, hash, &journal, firstRoom: firstRoom, change)
        entryCount += added
        if added > 0, entryCount > ((1 << level) + split) * Self.load { splitBucket() }
    }

    /// Changes the value of a key in its bucket; gives by how many the entries became more.
    @inlinable
    static func change<Failure: Error>(
        _ bucket: inout Bucket?, _ key: Key, _ hash: UInt32, _ journal: inout Journal?, firstRoom: Int,
        _ change: (inout Value?) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        guard let position = bucket?.position(of: key, hash) else {
            var value: Value?
            try change(&value)
            guard let value else { return 0 }
            journal?.changes.append(Change(key: key, old: nil))
            own(&bucket, forOneMore: true, firstRoom: firstRoom).append(hash, Bucket.Entry(key: key, value: value))
            return 1
        }
        let own = own(&bucket, forOneMore: false, firstRoom: firstRoom)
        var value: Value? = own.value(at: position)
        journal?.changes.append(Change(key: key, old: value))
        try change(&value)
        if let value {
            own.set(value, at: position)
            return 0
        }
        own.remove(at: position)
        if own.count == 0 { bucket = nil }
        return -1
    }

    /// Removes all entries.
    public mutating func removeAll() {
        if journal != nil {
            for (key, value) in self { journal?.changes.append(Change(key: key, old: value)) }
        }
        (chunks, level, split, entryCount) = ([[nil]], 0, 0, 0)
    }

    /// Makes room for so many entries in an empty map, so that adding them moves none. Complexity: O(*entries*).
    @inlinable
    public mutating func reserveCapacity(_ entries: Int) {
        guard isEmpty else { return }
        let buckets = (Swift.max(entries, 0) + Self.load - 1) / Self.load
        guard buckets > 1 << level + split else { return }
        level = Int.bitWidth - 1 - buckets.leadingZeroBitCount
        split = buckets - 1 << level
        chunks = []
        chunks.reserveCapacity((buckets + Self.chunkMask) >> Self.chunkBits)
        for start in stride(from: 0, to: buckets, by: Self.chunkMask + 1) {
            chunks.append([Bucket?](repeating: nil, count: Swift.min(buckets - start, Self.chunkMask + 1)))
        }
    }
}

// MARK: - Buckets

extension StateMap {
    @usableFromInline static var chunkMask: Int { (1 << chunkBits) - 1 }

    @inlinable
    static func hash(of key: Key) -> UInt32 { UInt32(truncatingIfNeeded: key.hashValue) }

    /// The bucket that an entry with this hash is in.
    @inlinable
    func index(for hash: UInt32) -> Int {
        let low = Int(hash) & ((1 << level) - 1)
        return low < split ? Int(hash) & ((2 << level) - 1) : low
    }

    /// The bucket, held by nobody else, and with room for one entry more if that is asked for.
    @inlinable
    static func own(_ bucket: inout Bucket?, forOneMore: Bool, firstRoom: Int) -> Bucket {
        // Asked before the bucket is looked at, which would hold it once more.
        let isAlone = isKnownUniquelyReferenced(&bucket)
        guard let present = bucket else {
            let new = Bucket.make(capacity: firstRoom)
            bucket = new
            return new
        }
        if isAlone, !(forOneMore && present.isFull) { return present }
        let capacity = Bucket.room(for: present.count)
        let new = isAlone ? present.moved(capacity: capacity) : present.copy(capacity: capacity)
        bucket = new
        return new
    }

    /// Adds entries whose keys the map does not have, of which many are in places that were not looked at for long.
    ///
    /// Looking at all those places first lets the memory find them together instead of one after the other.
    @inlinable
    mutating func add(_ entries: [(key: Key, value: Value, hash: UInt32)]) {
        var sum = 0
        for entry in entries {
            let index = index(for: entry.hash)
            sum &+= chunks[index >> Self.chunkBits][index & Self.chunkMask]?.count ?? 0
        }
        // Asked so that looking is not left out as of no use.
        precondition(sum >= 0, "a bucket with fewer than no entries")
        for entry in entries { update(entry.key, entry.hash) { $0 = entry.value } }
    }

    /// Splits the next bucket in two: those of its entries go whose next bit of the hash is set.
    @inlinable
    mutating func splitBucket() {
        let buckets = (1 << level) + split
        let (stay, go) = Self.part(
            &chunks[split >> Self.chunkBits][split & Self.chunkMask], by: UInt32(truncatingIfNeeded: 1 << level))
        chunks[split >> Self.chunkBits][split & Self.chunkMask] = stay
        if buckets & Self.chunkMask == 0 {
            chunks.append([])
            chunks[chunks.count - 1].reserveCapacity(1 << Self.chunkBits)
        }
        chunks[chunks.count - 1].append(go)
        split += 1
        if split == 1 << level { (level, split) = (level + 1, 0) }
    }

    @inlinable
    static func part(_ bucket: inout Bucket?, by bit: UInt32) -> (Bucket?, Bucket?) {
        let isAlone = isKnownUniquelyReferenced(&bucket)
        return bucket?.parted(by: bit, moving: isAlone) ?? (nil, nil)
    }
}

extension StateMap: Sequence {
    /// Walks the entries, in no order.
    public struct Iterator: IteratorProtocol {
        @usableFromInline let chunks: [[Bucket?]]
        @usableFromInline var chunk = 0
        @usableFromInline var slot = 0
        @usableFromInline var position = 0
        /// The bucket in front of `slot` of `chunk`, so that each entry is but one look away.
        @usableFromInline var bucket: Bucket?

        @inlinable
        init(_ chunks: [[Bucket?]]) { self.chunks = chunks }

        /// The next entry, or nil at the end.
        @inlinable
        public mutating func next() -> (key: Key, value: Value)? {
            while true {
                if let bucket, position < bucket.count {
                    let entry = bucket.entry(at: position)
                    position += 1
                    return (entry.key, entry.value)
                }
                guard chunk < chunks.count else { return nil }
                (bucket, slot, position) = (chunks[chunk][slot], slot + 1, 0)
                if slot == chunks[chunk].count { (chunk, slot) = (chunk + 1, 0) }
            }
        }
    }

    /// An iterator over all entries; changing the map meanwhile does not change what it gives.
    @inlinable
    public func makeIterator() -> Iterator { Iterator(chunks) }

    /// At least this many entries will come.
    @inlinable
    public var underestimatedCount: Int { count }

    /// Gives each entry to `body` without copying it, in no order.
    @inlinable
    func forEachEntry<Failure: Error>(
        _ body: (borrowing Bucket.Entry) throws(Failure) -> Void
    ) throws(Failure) {
        for chunk in chunks {
            for case let bucket? in chunk {
                for position in 0..<bucket.count { try bucket.withEntry(at: position, body) }
            }
        }
    }
}

extension StateMap: Equatable where Value: Equatable {
    /// Whether both have the same entries. Complexity: O(*n*).
    public static func == (left: StateMap, right: StateMap) -> Bool {
        left.count == right.count && left.allSatisfy { right[$0.key] == $0.value }
    }
}
