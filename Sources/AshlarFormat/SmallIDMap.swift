/// A map from ids to small numbers, 0 where there is none: an array for the ids a writer gives out, a dictionary for any others.
///
/// Ids of our own start at 1 and are dense, so the array serves them with one load; an id from a stranger's file cannot make it large.
package struct SmallIDMap: Sendable {
    private static let directLimit = 1 << 20

    private var direct: [UInt32] = []
    private var sparse: [UInt32: UInt32] = [:]

    package init() {}

    @inline(__always)
    package subscript(id: UInt32) -> UInt32 {
        get { Int(id) < direct.count ? direct[Int(id)] : (sparse.isEmpty ? 0 : sparse[id] ?? 0) }
        set {
            if Int(id) < direct.count { direct[Int(id)] = newValue } else { setSlowly(id, newValue) }
        }
    }

    @inline(never)
    private mutating func setSlowly(_ id: UInt32, _ value: UInt32) {
        guard Int(id) < Self.directLimit else {
            sparse[id] = value
            return
        }
        direct.append(contentsOf: repeatElement(0, count: max(Int(id) + 1, direct.count * 2) - direct.count))
        direct[Int(id)] = value
    }
}

/// How many events of a commit have a type.
package struct TypeCount: Equatable, Sendable, BitwiseCopyable {
    package var type: UInt32
    package var count: UInt32

    package init(type: UInt32, count: UInt32) {
        self.type = type
        self.count = count
    }
}

/// Counts the events of a commit by type, in the order of their first event.
///
/// Invariant: `last` is the index of `lastType`, the type that was turned to last; ids are never 0, so 0 stands for none.
package struct TypeCounter: ~Copyable {
    private var list = RawList<TypeCount>()
    private var indexes = SmallIDMap()
    private var lastType: UInt32 = 0
    private var last = 0

    package init() {}

    /// The counts; good until the counter changes.
    package var counts: UnsafeBufferPointer<TypeCount> { list.elements }

    /// Counts an event of `type`, which is not 0.
    @inline(__always)
    package mutating func count(_ type: UInt32) {
        if type != lastType { turn(to: type) }
        countAgain()
    }

    /// Counts another event of the type that was turned to last.
    @inline(__always)
    mutating func countAgain() { list[last].count &+= 1 }

    /// Makes `type` the one that `countAgain` counts.
    package mutating func turn(to type: UInt32) {
        let index = indexes[type]
        last = index != 0 ? Int(index) - 1 : newIndex(of: type)
        lastType = type
    }

    @inline(never)
    private mutating func newIndex(of type: UInt32) -> Int {
        list.append(TypeCount(type: type, count: 0))
        indexes[type] = UInt32(list.count)
        return list.count - 1
    }

    package mutating func clear() {
        for entry in list.elements { indexes[entry.type] = 0 }
        list.clear(keeping: 1 << 12)
        lastType = 0
    }
}
