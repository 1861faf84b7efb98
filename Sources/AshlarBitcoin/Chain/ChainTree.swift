// All blocks that were seen, as a tree: which stand on which, how much work each branch has, and which branch the store holds.
//
// Invariants:
// - A node's parent is always a node; if nobody has seen that block yet, a node without a header stands for it.
// - A node that is linked has a height, and `work` is that of all blocks from the root to it.
// - `canonical` are the blocks of the store's chain from `baseHeight` on, in the order of their heights.

/// The number of a node.
package typealias NodeIndex = Int32

/// One block, in 80 bytes.
package struct ChainNode: Sendable {
    /// What is known of a block.
    package enum State: UInt8, Sendable {
        /// Another block names it as its parent, no more.
        case missing
        /// Its parent is not linked.
        case waiting
        /// It stands in a file, and was not taken into the log.
        case aside
        /// It is in the log: canonical or undone.
        case inLog
    }

    package var hash: Hash256
    package var work: UInt128
    /// Where it is: a sequence if it is in the log, else `FilePlace.bits`.
    package var place: UInt64
    package var parent: NodeIndex
    package var height: Int32
    /// The last one of the children that wait for it; each of them knows the next, and the last the first.
    var lastWaiting: NodeIndex
    var nextWaiting: NodeIndex

    /// Kept with `size` in 32 bits: a block has fewer than 2²⁴ bytes.
    private var stateAndSize: UInt32

    init(hash: Hash256, parent: NodeIndex, state: State) {
        self.hash = hash
        self.parent = parent
        work = 0
        place = 0
        height = -1
        lastWaiting = -1
        nextWaiting = -1
        stateAndSize = UInt32(state.rawValue) << 24
    }

    package var state: State {
        get { State(rawValue: UInt8(stateAndSize >> 24)) ?? .missing }
        set { stateAndSize = stateAndSize & 0xFF_FFFF | UInt32(newValue.rawValue) << 24 }
    }

    /// How many bytes the block has in its file.
    package var size: Int {
        get { Int(stateAndSize & 0xFF_FFFF) }
        set { stateAndSize = stateAndSize & 0xFF00_0000 | UInt32(newValue) & 0xFF_FFFF }
    }

    /// Whether all blocks below it are known.
    package var isLinked: Bool { state == .aside || state == .inLog }
}

/// A file by its number, and an offset in it; ordered as the files are read.
package struct FilePlace: Hashable, Sendable {
    package var bits: UInt64

    package init(file: Int, offset: Int64) { bits = UInt64(file) << 40 | UInt64(offset) }

    package init(bits: UInt64) { self.bits = bits }

    package var file: Int { Int(bits >> 40) }
    package var offset: Int64 { Int64(bits & (1 << 40 - 1)) }
}

/// The tree of blocks.
package struct ChainTree: Sendable {
    /// What came of a block that was seen.
    package enum Arrival: Hashable, Sendable {
        /// It was seen before.
        case known(NodeIndex)
        /// Its parent is not linked yet.
        case waiting(NodeIndex)
        /// It is linked, and so are all that waited for it; of these `best` has the most work.
        case linked(NodeIndex, best: NodeIndex)
    }

    package private(set) var nodes: [ChainNode] = []
    private var table = [NodeIndex](repeating: -1, count: 1 << 10)
    private let scrambler = UInt64.random(in: 0...UInt64.max) | 1
    private var canonical: [NodeIndex] = []
    private var baseHeight: Int32 = 0
    /// How many blocks wait for others.
    package private(set) var waitingCount = 0

    package init() {}

    /// The highest canonical block.
    package var tip: NodeIndex? { canonical.last }

    /// A node.
    package subscript(_ index: NodeIndex) -> ChainNode { nodes[Int(index)] }

    /// The node of a block.
    package func find(_ hash: Hash256) -> NodeIndex? {
        let index = table[slot(of: hash)]
        return index < 0 ? nil : index
    }

    /// Whether a node is canonical.
    package func isCanonical(_ index: NodeIndex) -> Bool {
        let position = Int(self[index].height) - Int(baseHeight)
        return canonical.indices.contains(position) && canonical[position] == index
    }

    /// Takes up a block that stands in a file; `rootHeight` is the height of one that needs no parent.
    package mutating func add(
        _ header: BlockHeader, work: UInt128, place: FilePlace, size: Int, rootHeight: Int32?
    ) -> Arrival {
        let index = node(of: header.hash)
        guard self[index].state == .missing else { return .known(index) }
        nodes[Int(index)].place = place.bits
        nodes[Int(index)].size = size
        nodes[Int(index)].work = work
        if let rootHeight {
            nodes[Int(index)].height = rootHeight
        } else {
            let parent = node(of: header.previous)
            nodes[Int(index)].parent = parent
            guard self[parent].isLinked, self[parent].height < .max else {
                wait(index, for: parent)
                return .waiting(index)
            }
            stand(index, on: parent)
        }
        nodes[Int(index)].state = .aside
        return .linked(index, best: linkWaiting(for: index))
    }

    /// Takes up a block that is in the log; a block without a known parent is a root.
    package mutating func addLogged(hash: Hash256, parent: Hash256, height: Int32, work: UInt128, sequence: UInt64) {
        let index = node(of: hash)
        if self[index].state != .inLog {
            nodes[Int(index)].work = work
            if let parent = find(parent), self[parent].isLinked {
                stand(index, on: parent)
                nodes[Int(index)].parent = parent
            }
        }
        nodes[Int(index)].height = height
        nodes[Int(index)].place = sequence
        nodes[Int(index)].state = .inLog
        _ = linkWaiting(for: index)
    }

    /// Notes that a linked block is in the log now.
    package mutating func markLogged(_ index: NodeIndex, sequence: UInt64) {
        nodes[Int(index)].place = sequence
        nodes[Int(index)].state = .inLog
    }

    /// Makes a block canonical: all above its parent are not any more.
    package mutating func makeCanonical(_ index: NodeIndex) {
        if canonical.isEmpty { baseHeight = self[index].height }
        let position = Int(self[index].height) - Int(baseHeight)
        canonical.removeSubrange(min(max(0, position), canonical.count)...)
        canonical.append(index)
    }

    /// The blocks from the highest canonical one below `index` (not included) up to it.
    package func path(to index: NodeIndex) -> [NodeIndex] {
        var path: [NodeIndex] = []
        var next = index
        while next >= 0, !isCanonical(next) {
            path.append(next)
            next = self[next].parent
        }
        return path.reversed()
    }

    /// Of all linked blocks not above a height the one with the most work; of several with the same that which is canonical, or was seen first.
    package func best(notAbove height: Int32) -> NodeIndex? {
        var best = tip
        for index in nodes.indices where nodes[index].isLinked && nodes[index].height <= height {
            if isBetter(NodeIndex(index), than: best) { best = NodeIndex(index) }
        }
        return best
    }

    private func isBetter(_ index: NodeIndex, than other: NodeIndex?) -> Bool {
        guard let other else { return true }
        guard self[index].work == self[other].work else { return self[index].work > self[other].work }
        return self[index].state == .aside && self[other].state == .aside && self[index].place < self[other].place
    }
}

extension ChainTree {
    private mutating func stand(_ index: NodeIndex, on parent: NodeIndex) {
        let (work, isOverflown) = self[parent].work.addingReportingOverflow(self[index].work)
        nodes[Int(index)].work = isOverflown ? .max : work
        nodes[Int(index)].height = self[parent].height + 1
    }

    private mutating func wait(_ index: NodeIndex, for parent: NodeIndex) {
        let last = self[parent].lastWaiting
        nodes[Int(index)].nextWaiting = last < 0 ? index : self[last].nextWaiting
        if last >= 0 { nodes[Int(last)].nextWaiting = index }
        nodes[Int(parent)].lastWaiting = index
        nodes[Int(index)].state = .waiting
        waitingCount += 1
    }

    /// Links all that waited for a block, and what waited for those; gives the best of them all.
    private mutating func linkWaiting(for root: NodeIndex) -> NodeIndex {
        var best = root
        var parents = [root]
        while let parent = parents.popLast() {
            let last = self[parent].lastWaiting
            guard last >= 0 else { continue }
            nodes[Int(parent)].lastWaiting = -1
            var child = self[last].nextWaiting
            while true {
                let next = self[child].nextWaiting
                nodes[Int(child)].nextWaiting = -1
                nodes[Int(child)].state = .aside
                stand(child, on: parent)
                waitingCount -= 1
                if isBetter(child, than: best) { best = child }
                parents.append(child)
                if child == last { break }
                child = next
            }
        }
        return best
    }

    /// The node of a block, which is made if there is none.
    private mutating func node(of hash: Hash256) -> NodeIndex {
        let slot = slot(of: hash)
        if table[slot] >= 0 { return table[slot] }
        let index = NodeIndex(nodes.count)
        nodes.append(ChainNode(hash: hash, parent: -1, state: .missing))
        table[slot] = index
        if nodes.count > table.count / 4 * 3 { growTable() }
        return index
    }

    /// Where a block's node stands in the table, or would stand.
    private func slot(of hash: Hash256) -> Int {
        let mask = table.count - 1
        var slot = Int(truncatingIfNeeded: (hash.randomBits &* scrambler) >> 20) & mask
        while table[slot] >= 0, self[table[slot]].hash != hash { slot = (slot + 1) & mask }
        return slot
    }

    private mutating func growTable() {
        table = [NodeIndex](repeating: -1, count: 2 * table.count)
        for index in nodes.indices { table[slot(of: nodes[index].hash)] = NodeIndex(index) }
    }
}
