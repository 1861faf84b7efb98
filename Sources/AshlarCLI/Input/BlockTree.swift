/// What the fork choice has to know of a block.
package struct BlockHeader: Hashable, Sendable {
    /// The block's hash.
    package var hash: [UInt8]
    /// The hash of the block before it.
    package var parent: [UInt8]
    /// Its height.
    package var height: Int64

    /// Makes a header.
    package init(hash: [UInt8], parent: [UInt8], height: Int64) {
        self.hash = hash
        self.parent = parent
        self.height = height
    }
}

/// How a known block stands to the log.
package enum BlockStanding: Hashable, Sendable {
    /// It is in the log, and part of the chain.
    case canonical
    /// It is in the log, and was undone.
    case undone
    /// It is not in the log: the caller holds its line.
    case aside
}

/// The blocks known so far, by hash, from the final one up.
///
/// Invariants: a canonical block's parent is canonical, or it is the lowest one here; a height is in `levels` if and only
/// if a block here has it.
struct BlockTree: Sendable {
    /// A known block.
    struct Node: Sendable {
        var parent: [UInt8]
        var height: Int64
        var standing: BlockStanding
    }

    private struct Level: Sendable {
        var height: Int64
        var hashes: [[UInt8]]
    }

    private var nodes: [[UInt8]: Node] = [:]
    /// The hashes at each height, ascending: what becomes final is dropped from the front.
    private var levels: [Level] = []

    /// How many blocks are known.
    var count: Int { nodes.count }

    /// The block with a hash, if it is known.
    subscript(hash: [UInt8]) -> Node? { nodes[hash] }

    /// Adds a block that is not known yet.
    ///
    /// - Complexity: O(1) at the top of the chain, O(log *n*) for a height that is there.
    mutating func insert(_ header: BlockHeader, as standing: BlockStanding) {
        let previous = nodes.updateValue(
            Node(parent: header.parent, height: header.height, standing: standing), forKey: header.hash)
        precondition(previous == nil, "a block is inserted once")
        let index = levelIndex(notBelow: header.height)
        if index < levels.count, levels[index].height == header.height {
            levels[index].hashes.append(header.hash)
        } else {
            levels.insert(Level(height: header.height, hashes: [header.hash]), at: index)
        }
    }

    /// Changes how a known block stands to the log.
    mutating func setStanding(of hash: [UInt8], to standing: BlockStanding) {
        nodes[hash]?.standing = standing
    }

    /// The index of the lowest level that is not below a height.
    private func levelIndex(notBelow height: Int64) -> Int {
        guard let last = levels.last, last.height >= height else { return levels.count }
        var low = 0
        var high = levels.count
        while low < high {
            let middle = (low + high) / 2
            if levels[middle].height < height { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Drops everything at or below a height but the highest canonical block there, and the branches cut off by that.
    ///
    /// Gives the height of the canonical block that stayed, and the dropped blocks that were kept aside.
    /// - Complexity: O(*d*) in the blocks dropped, plus O(*n*) in the heights that stay.
    mutating func drop(atOrBelow height: Int64) -> (root: Int64?, aside: [[UInt8]]) {
        var dropped: Set<[UInt8]> = []
        var aside: [[UInt8]] = []
        var cutsBranch = false
        var root: (level: Level, hash: [UInt8])?
        let end = height == .max ? levels.count : levelIndex(notBelow: height + 1)
        for level in levels[..<end] {
            for hash in level.hashes where nodes[hash]?.standing == .canonical {
                if let old = root { remove(old.hash, &dropped, &aside) }
                root = (Level(height: level.height, hashes: [hash]), hash)
            }
            for hash in level.hashes where hash != root?.hash && nodes[hash] != nil {
                cutsBranch = true
                remove(hash, &dropped, &aside)
            }
        }
        let kept = root.map { [$0.level] } ?? []
        levels.replaceSubrange(..<end, with: kept)
        if cutsBranch { dropDescendants(from: kept.count, &dropped, &aside) }
        return (root?.level.height, aside)
    }

    private mutating func remove(_ hash: [UInt8], _ dropped: inout Set<[UInt8]>, _ aside: inout [[UInt8]]) {
        if nodes.removeValue(forKey: hash)?.standing == .aside { aside.append(hash) }
        dropped.insert(hash)
    }

    /// Drops the blocks in levels from an index on whose ancestors were dropped; heights ascend, so one pass finds all.
    private mutating func dropDescendants(
        from first: Int, _ dropped: inout Set<[UInt8]>, _ aside: inout [[UInt8]]
    ) {
        for index in first..<levels.count {
            for hash in levels[index].hashes {
                guard let node = nodes[hash], node.standing != .canonical, dropped.contains(node.parent) else {
                    continue
                }
                remove(hash, &dropped, &aside)
            }
            levels[index].hashes.removeAll { nodes[$0] == nil }
        }
        levels.removeAll { $0.hashes.isEmpty }
    }
}
