/// Memory of fixed size that goes from thread to thread.
///
/// Sendable although unchecked: whoever holds it was given it under the lock of its pipeline, and is the only one to touch its bytes.
final class SnapshotBuffer: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let capacity: Int
    /// How many bytes are in use.
    var count = 0

    init(capacity: Int) {
        self.capacity = max(capacity, 1)
        base = .allocate(byteCount: self.capacity, alignment: 64)
    }

    deinit { base.deallocate() }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    /// The first `count` bytes, to be filled.
    func room(_ count: Int) -> UnsafeMutableRawBufferPointer {
        precondition(count <= capacity)
        return UnsafeMutableRawBufferPointer(start: base, count: count)
    }
}
