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
package struct TypeCount: Equatable, Sendable {
    package var type: UInt32
    package var count: UInt32

    package init(type: UInt32, count: UInt32) {
        self.type = type
        self.count = count
    }
}

/// Counts the events of a commit by type.
package struct TypeCounter: Sendable {
    package private(set) var counts: [TypeCount] = []
    private var indexes = SmallIDMap()

    package init() {}

    @inline(__always)
    package mutating func count(_ type: UInt32) {
        let index = indexes[type]
        if index != 0 {
            counts[Int(index) - 1].count += 1
        } else {
            counts.append(TypeCount(type: type, count: 1))
            indexes[type] = UInt32(counts.count)
        }
    }

    package mutating func clear() {
        for entry in counts { indexes[entry.type] = 0 }
        counts.removeAll(keepingCapacity: true)
    }
}
