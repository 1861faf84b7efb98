import AshlarFormat
import Glibc

/// Names and what they stand for, found by their bytes: no event costs a `String`.
///
/// Invariants: a power of two of `slots`, at most half of them taken; a slot holds an index into `entries` plus one, or 0.
struct NameTable<Handle> {
    private struct Entry {
        var hash: UInt32
        var start: Int
        var count: Int
        var handle: Handle
    }

    private var slots = [UInt32](repeating: 0, count: 64)
    private var entries: [Entry] = []
    private var names: [UInt8] = []
    /// Events often come in runs of one name.
    private var last = -1

    /// The handle of a name, or nil if it is not here.
    ///
    /// - Complexity: O(*n*) in the length of the name.
    @inline(__always)
    mutating func find(_ name: RawSpan) -> Handle? {
        name.withUnsafeBytes { bytes in
            if last >= 0, isName(entries[last], bytes) { return entries[last].handle }
            guard let found = index(of: bytes, hash: Checksum.crc(bytes)) else { return nil }
            last = found
            return entries[found].handle
        }
    }

    /// Adds a name that is not here yet.
    mutating func insert(_ name: RawSpan, _ handle: Handle) {
        if entries.count * 2 >= slots.count { grow() }
        name.withUnsafeBytes { bytes in
            let hash = Checksum.crc(bytes)
            entries.append(Entry(hash: hash, start: names.count, count: bytes.count, handle: handle))
            names.append(contentsOf: bytes)
            place(entries.count - 1, hash)
        }
    }

    private func isName(_ entry: Entry, _ name: UnsafeRawBufferPointer) -> Bool {
        guard entry.count == name.count, let other = name.baseAddress else { return false }
        return names.withUnsafeBytes { names in
            guard let base = names.baseAddress else { return false }
            return memcmp(base + entry.start, other, entry.count) == 0
        }
    }

    private func index(of name: UnsafeRawBufferPointer, hash: UInt32) -> Int? {
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let index = Int(slots[slot]) - 1
            if entries[index].hash == hash, isName(entries[index], name) { return index }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private mutating func place(_ index: Int, _ hash: UInt32) {
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = UInt32(index + 1)
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for (index, entry) in entries.enumerated() { place(index, entry.hash) }
    }
}
