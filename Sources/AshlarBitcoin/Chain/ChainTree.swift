// All blocks that were seen, as a tree: which stand on which, how much work each branch has, and which branch the store holds.
//
// Invariants:
// - A node's parent is always a node; if nobody has seen that block yet, a missing node stands for it.
// - A node that is linked has a height, and `work` is that of all blocks from the root to it.
// - The canonical nodes are `tip` and what it stands on, as far as the tree goes down.

/// The number of a node.
package typealias NodeIndex = Int32

/// One block.
package struct ChainNode: Sendable {
    /// What is known of a block.
    package enum State: UInt8, Sendable {
        /// Another block names it as its parent, no more.
        case missing
        /// It stands in a file, and its parent is not linked.
        case waiting
        /// It stands in a file, and was not taken into the log.
        case aside
        /// It is in the log, and not part of the chain.
        case undone
        /// It is in the log, and part of the chain.
        case canonical
    }

    package var state = State.missing
    package var parent: NodeIndex = -1
    package var height: Int32 = -1
    /// 0 for an old block of the log, of which no more is known than that it is there.
    package var work: UInt128 = 0
    /// Where it is in the log, once it is.
    package var sequence: UInt64 = 0
    /// The number of the file it stands in, and where there; −1 for one that this run has not met.
    package var file: Int32 = -1
    package var record = RecordPlace(offset: 0, size: 0)

    /// Whether all blocks below it are known.
    package var isLinked: Bool { state == .aside || isLogged }
    package var isLogged: Bool { state == .undone || state == .canonical }
}

/// The tree of blocks.
package struct ChainTree: Sendable {
    /// Blocks above it would be no blocks of this world; so heights never overflow.
    static let maximumHeight: Int64 = 1 << 30

    package private(set) var nodes: [ChainNode] = []
    private var numbers: [Hash256: NodeIndex] = [:]
    /// The children that wait for a block, in the order in which they came.
    private var waiting: [NodeIndex: [NodeIndex]] = [:]
    /// The nodes of files that were not done with when `openNodes` was last asked for.
    private var open: [NodeIndex] = []
    /// The highest canonical block.
    package private(set) var tip: NodeIndex?

    package init() {}

    /// A node.
    package subscript(_ index: NodeIndex) -> ChainNode {
        get { nodes[Int(index)] }
        set { nodes[Int(index)] = newValue }
    }

    /// The node of a block that was seen, or that is in the log.
    package func find(_ hash: Hash256) -> NodeIndex? {
        numbers[hash].flatMap { self[$0].state == .missing ? nil : $0 }
    }

    /// Takes up a block that stands in a file; `rootHeight` is the height of one that needs no parent.
    ///
    /// Gives its node, and of all blocks that are linked by this the one with the most work; nil if it waits for its parent.
    package mutating func add(
        _ header: BlockHeader, work: UInt128, file: Int, record: RecordPlace, rootHeight: Int32?
    ) -> (node: NodeIndex, best: NodeIndex?) {
        let index = node(of: header.hash)
        self[index].work = work
        self[index].file = Int32(file)
        self[index].record = record
        open.append(index)
        if let rootHeight {
            self[index].height = rootHeight
            self[index].state = .aside
        } else {
            let parent = node(of: header.previous)
            self[index].parent = parent
            guard self[parent].isLinked else {
                waiting[parent, default: []].append(index)
                self[index].state = .waiting
                return (index, nil)
            }
            stand(index)
        }
        return (index, linkWaiting(for: index))
    }

    /// Takes up a block that is in the log; one without a known parent is a root.
    package mutating func addLogged(hash: Hash256, parent: Hash256, height: Int32, work: UInt128, sequence: UInt64) {
        let index = node(of: hash)
        if !self[index].isLogged {
            self[index].work = work
            if let parent = find(parent), self[parent].isLinked {
                self[index].parent = parent
                stand(index)
            }
            self[index].state = .undone
        }
        self[index].height = height
        self[index].sequence = sequence
        _ = linkWaiting(for: index)
    }

    /// Makes a block canonical, which the log has now: all above its parent are not any more.
    package mutating func makeCanonical(_ index: NodeIndex, sequence: UInt64) {
        while let old = tip, old >= 0, old != self[index].parent {
            self[old].state = .undone
            tip = self[old].parent
        }
        self[index].state = .canonical
        self[index].sequence = sequence
        tip = index
    }

    /// The blocks from the highest canonical one below `index` (not included) up to it.
    package func path(to index: NodeIndex) -> [NodeIndex] {
        var path: [NodeIndex] = []
        var next = index
        while next >= 0, self[next].state != .canonical {
            path.append(next)
            next = self[next].parent
        }
        return path.reversed()
    }

    /// Of all linked blocks not above a height the one with the most work; of several with the same that which is canonical, or was seen first.
    package func best(notAbove height: Int32) -> NodeIndex? {
        var best = tip
        for index in 0..<NodeIndex(nodes.count) where self[index].isLinked && self[index].height <= height {
            if best.map({ isBetter(index, than: $0) }) ?? true { best = index }
        }
        return best
    }

    /// The blocks of files that are not in the log, and may still come into it: what is not canonical below the final height never will.
    package mutating func openNodes(finalHeight: Int64) -> [NodeIndex] {
        let nodes = nodes
        open.removeAll {
            let node = nodes[Int($0)]
            return node.isLogged || node.state == .aside && Int64(node.height) <= finalHeight
        }
        return open
    }

    /// The number of nodes that `openNodes` would look at.
    package var openCount: Int { open.count }
}

extension ChainTree {
    private func isBetter(_ index: NodeIndex, than other: NodeIndex) -> Bool {
        let (node, other) = (self[index], self[other])
        guard node.work == other.work else { return node.work > other.work }
        return node.state == .aside && other.state == .aside
            && (node.file, node.record.offset) < (other.file, other.record.offset)
    }

    /// Links a block to its parent, which is linked.
    private mutating func stand(_ index: NodeIndex) {
        let parent = self[self[index].parent]
        let (work, isOverflown) = parent.work.addingReportingOverflow(self[index].work)
        self[index].work = isOverflown ? .max : work
        self[index].height = parent.height + 1
        self[index].state = .aside
    }

    /// Links all that waited for a block, and what waited for those; gives the best of them all.
    private mutating func linkWaiting(for root: NodeIndex) -> NodeIndex {
        var best = root
        var parents = [root]
        while let parent = parents.popLast() {
            for child in waiting.removeValue(forKey: parent) ?? [] {
                stand(child)
                if isBetter(child, than: best) { best = child }
                parents.append(child)
            }
        }
        return best
    }

    /// The node of a block, which is made if there is none.
    private mutating func node(of hash: Hash256) -> NodeIndex {
        if let index = numbers[hash] { return index }
        let index = NodeIndex(nodes.count)
        nodes.append(ChainNode())
        numbers[hash] = index
        return index
    }
}
