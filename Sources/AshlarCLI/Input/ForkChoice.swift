// Which block becomes the tip, as a pure function of what is known: `action(for:line:)` decides and changes nothing,
// `apply` notes that the log has done it. So a failed append leaves the knowledge as the log is.

/// What to do with a block that arrives.
package enum ForkAction: Hashable, Sendable {
    /// Append it: its parent is the tip, or there is no tip.
    case extend
    /// Nothing: it is known, and nothing changes.
    case duplicate
    /// Nothing, or fail: its parent is not known.
    case unlinked
    /// Nothing, or fail: it is at or below the final height, or would undo a final block. Only the store can tell
    /// whether it is one that the log has.
    case belowFinal
    /// Keep its line: it may become part of the chain later.
    case keepAside
    /// Undo the canonical blocks above a height (-1: all), then take up the blocks of a path, in order.
    case switchTo(commonAncestorHeight: Int64, path: [PathBlock])
}

/// A block that a switch makes canonical.
package struct PathBlock: Hashable, Sendable {
    /// Where the block's content is.
    package enum Source: Hashable, Sendable {
        /// In the log, undone.
        case undone
        /// In the line that was kept aside.
        case aside
        /// In the line that is being decided about.
        case line
    }

    /// The block's hash.
    package var hash: [UInt8]
    /// Its height.
    package var height: Int64
    /// Where its content is.
    package var source: Source

    /// Makes a path element.
    package init(hash: [UInt8], height: Int64, source: Source) {
        self.hash = hash
        self.height = height
        self.source = source
    }
}

/// Decides for each block that arrives whether it extends the chain, switches it, or waits.
package struct ForkChoice: Sendable {
    /// When the chain switches to another branch.
    package enum Rule: String, CaseIterable, Hashable, Sendable {
        /// Each linked block becomes the tip at once.
        case newest
        /// Only a higher block makes the chain switch; what does not extend the tip is kept aside. This is what nodes do.
        case longest
    }

    /// When the chain switches to another branch.
    package let rule: Rule
    /// True if a block's height may be more than one above its parent's.
    package let allowsHeightGaps: Bool
    /// The highest canonical block.
    package private(set) var tip: BlockHeader?
    /// The height at and below which nothing changes any more; -1 if there is none.
    package private(set) var finalHeight: Int64 = -1
    /// The height of the highest canonical block at or below the final height.
    private var rootHeight: Int64?
    private var tree = BlockTree()

    /// How many blocks are known.
    package var count: Int { tree.count }

    /// Makes a fork choice that knows nothing yet.
    package init(rule: Rule, allowsHeightGaps: Bool = false) {
        self.rule = rule
        self.allowsHeightGaps = allowsHeightGaps
    }

    /// Tells of a block of an existing store; canonical ones in ascending height.
    package mutating func know(_ header: BlockHeader, as standing: BlockStanding) {
        tree.insert(header, as: standing)
        if standing == .canonical { tip = header }
    }

    /// How a block stands to the log, or nil if it is not known (any more).
    package func standing(of hash: [UInt8]) -> BlockStanding? { tree[hash]?.standing }

    /// Decides what to do with a block; `line` is for errors.
    ///
    /// - Complexity: O(1), and O(*p*) in the length of the path for a switch.
    package func action(for header: BlockHeader, line: Int) throws(InputError) -> ForkAction {
        if let known = tree[header.hash] { return try action(for: header, known: known, line: line) }
        if header.height <= finalHeight { return .belowFinal }
        guard let parent = tree[header.parent] else { return tip == nil ? .extend : .unlinked }
        let follows = allowsHeightGaps ? header.height > parent.height : header.height == parent.height + 1
        guard follows else {
            throw .heightDoesNotFollow(
                line: line, height: header.height, parentHeight: parent.height, gapsAllowed: allowsHeightGaps)
        }
        if header.parent == tip?.hash { return .extend }
        if rule == .longest, header.height <= tipHeight { return .keepAside }
        return switching(to: PathBlock(hash: header.hash, height: header.height, source: .line), after: header.parent)
    }

    /// Notes that the log has done what was decided for a block.
    package mutating func apply(_ action: ForkAction, of header: BlockHeader) {
        switch action {
        case .duplicate, .unlinked, .belowFinal: break
        case .keepAside: tree.insert(header, as: .aside)
        case .extend:
            tree.insert(header, as: .canonical)
            tip = header
        case .switchTo(let ancestorHeight, let path):
            undo(above: ancestorHeight)
            for block in path {
                if block.source == .line {
                    tree.insert(header, as: .canonical)
                } else {
                    tree.setStanding(of: block.hash, to: .canonical)
                }
            }
            tip = path.last.flatMap { self.header(of: $0.hash) }
        }
    }

    /// Notes that the log was rolled back on the user's word; `line` is for errors.
    ///
    /// Below the final height this knows nothing any more: there it has to be made anew from the store.
    package mutating func rollBack(toHeight height: Int64, line: Int) throws(InputError) {
        if let rootHeight, height < rootHeight {
            throw .rollbackBelowFinal(line: line, toHeight: height, finalHeight: finalHeight)
        }
        undo(above: height)
    }

    /// Notes that nothing at or below a height changes any more, and forgets what that makes needless.
    ///
    /// Gives the hashes of blocks kept aside that can never be taken up now. A lower height than before changes nothing.
    @discardableResult
    package mutating func drop(atOrBelow height: Int64) -> [[UInt8]] {
        guard height > finalHeight else { return [] }
        finalHeight = height
        let (root, aside) = tree.drop(atOrBelow: height)
        rootHeight = root
        return aside
    }
}

extension ForkChoice {
    private var tipHeight: Int64 { tip?.height ?? -1 }

    private func header(of hash: [UInt8]) -> BlockHeader? {
        tree[hash].map { BlockHeader(hash: hash, parent: $0.parent, height: $0.height) }
    }

    /// Decides about a block that came before.
    private func action(
        for header: BlockHeader, known: BlockTree.Node, line: Int
    ) throws(InputError) -> ForkAction {
        guard known.parent == header.parent, known.height == header.height else {
            throw .contradictsKnownBlock(line: line, height: header.height, knownHeight: known.height)
        }
        guard let source = known.source, rule == .newest || header.height > tipHeight else { return .duplicate }
        return switching(to: PathBlock(hash: header.hash, height: header.height, source: source), after: header.parent)
    }

    /// The switch to a branch: from the last block down to where it meets the chain.
    private func switching(to last: PathBlock, after parent: [UInt8]) -> ForkAction {
        var path = [last]
        var hash = parent
        // Heights fall along honest parents; made-up hashes could form a ring.
        while let node = tree[hash], node.height < path[path.count - 1].height {
            guard let source = node.source else {
                path.reverse()
                return .switchTo(commonAncestorHeight: node.height, path: path)
            }
            path.append(PathBlock(hash: hash, height: node.height, source: source))
            hash = node.parent
        }
        // The branch starts from no block of the chain: the whole chain would go, so none of it may be final.
        guard rootHeight == nil else { return .belowFinal }
        path.reverse()
        return .switchTo(commonAncestorHeight: -1, path: path)
    }

    /// Marks the canonical blocks above a height as undone.
    private mutating func undo(above height: Int64) {
        while let old = tip, old.height > height {
            tree.setStanding(of: old.hash, to: .undone)
            tip = tree[old.parent]?.standing == .canonical ? header(of: old.parent) : nil
        }
    }
}

extension BlockTree.Node {
    /// Where the block's content is if it is to become canonical; nil if it is.
    fileprivate var source: PathBlock.Source? {
        switch standing {
        case .canonical: nil
        case .undone: .undone
        case .aside: .aside
        }
    }
}
