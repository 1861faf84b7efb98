/// The members that the open objects of a JSON text have named so far, as hashes: finds out whether one names a member twice.
///
/// Its memory stays for the next text, so that a text costs no allocation, unless a hostile one has made it large.
struct ObjectKeys {
    /// Up to here, comparing each with each is the fastest; larger objects are sorted when they close.
    private static let few = 16
    /// Hashes for which memory is kept.
    private static let kept = 1 << 16

    private var hashes: [UInt64] = []

    init() { hashes.reserveCapacity(64) }

    /// Where the members of an object that opens now begin.
    var mark: Int {
        @inline(__always) get { hashes.count }
    }

    /// Forgets everything, for the next text.
    mutating func reset() {
        hashes.removeAll(keepingCapacity: hashes.capacity <= Self.kept)
    }

    /// Notes a member of the innermost object, which opened at `mark`; false if it is seen to stand there already.
    @inline(__always)
    mutating func insert(_ hash: UInt64, since mark: Int) -> Bool {
        let count = hashes.count &- mark
        if count < Self.few {
            for index in mark..<hashes.count where hashes[index] == hash { return false }
        }
        hashes.append(hash)
        return true
    }

    /// Forgets the innermost object, which closes; false if it named a member twice that `insert` has not seen.
    ///
    /// - Complexity: O(*n* log *n*) in the number of its members, whatever they are; nothing is allocated.
    @inline(__always)
    mutating func close(_ mark: Int) -> Bool {
        let isLarge = hashes.count &- mark > Self.few
        let isUnique = !isLarge || sortAndCompare(from: mark)
        hashes.removeLast(hashes.count &- mark)
        return isUnique
    }

    private mutating func sortAndCompare(from mark: Int) -> Bool {
        let count = hashes.count
        for root in stride(from: (count - mark) / 2 - 1, through: 0, by: -1) { sift(root, mark, count - mark) }
        for last in stride(from: count - mark - 1, to: 0, by: -1) {
            hashes.swapAt(mark, mark + last)
            sift(0, mark, last)
        }
        for index in mark + 1..<count where hashes[index] == hashes[index - 1] { return false }
        return true
    }

    /// Lets the hash at `root` sink in a heap of `count` hashes that starts at `mark`.
    private mutating func sift(_ root: Int, _ mark: Int, _ count: Int) {
        var parent = root
        let sinking = hashes[mark + root]
        while 2 * parent + 1 < count {
            var child = 2 * parent + 1
            if child + 1 < count, hashes[mark + child] < hashes[mark + child + 1] { child += 1 }
            guard sinking < hashes[mark + child] else { break }
            hashes[mark + parent] = hashes[mark + child]
            parent = child
        }
        hashes[mark + parent] = sinking
    }
}
