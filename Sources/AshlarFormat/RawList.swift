/// A growable list of plain values that is reused from commit to commit.
///
/// Changing an element in place costs its own loads and stores: nobody shares the memory, so nothing is checked before. Invariants:
/// `count <= capacity`; elements at and behind `count` are undefined; an index given to `subscript` is below `count`.
package struct RawList<Element: BitwiseCopyable>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>
    private var capacity: Int
    private var length = 0

    package init(capacity: Int = 8) {
        self.capacity = Swift.max(capacity, 1)
        base = .allocate(capacity: self.capacity)
    }

    deinit { base.deallocate() }

    /// Number of elements.
    package var count: Int { length }

    /// The element at `index`, which must be below `count`.
    package subscript(index: Int) -> Element {
        @inline(__always)
        _read {
            assert(index < length)
            yield base[index]
        }
        @inline(__always)
        _modify {
            assert(index < length)
            yield &base[index]
        }
    }

    /// Appends `element`. Complexity: amortised O(1).
    package mutating func append(_ element: Element) {
        if length == capacity { grow() }
        (base + length).initialize(to: element)
        length += 1
    }

    @inline(never)
    private mutating func grow() {
        let larger = capacity * 2
        let moved = UnsafeMutablePointer<Element>.allocate(capacity: larger)
        moved.moveInitialize(from: base, count: length)
        base.deallocate()
        base = moved
        capacity = larger
    }

    /// Forgets all elements, and gives memory back if there were many.
    package mutating func clear(keeping limit: Int = .max) {
        length = 0
        guard capacity > limit else { return }
        base.deallocate()
        base = .allocate(capacity: limit)
        capacity = limit
    }

    /// The elements; good until the list changes.
    package var elements: UnsafeBufferPointer<Element> { UnsafeBufferPointer(start: base, count: length) }
}
