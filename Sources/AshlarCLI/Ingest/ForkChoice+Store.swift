package import Ashlar

extension ForkChoice {
    /// How far back undone blocks are looked for where the chain has no final block to start from and is empty.
    private static let emptyChainWindow: UInt64 = 1 << 16

    /// The fork choice that knows what a store holds from its final block up: the chain, and undone blocks on top of it.
    ///
    /// - Complexity: O(*n*) in the commits since the final block, one small read each.
    package init(rule: Rule, of store: Store) throws(StoreError) {
        self.init(rule: rule, allowsHeightGaps: store.allowsHeightGaps)
        let view = try store.view()
        let floor = min(store.finalHeight ?? -1, view.tipHeight ?? -1)
        var canonical: [StoredBlock] = []
        for result in view.blocks(descending: true) {
            let block = try result.get()
            canonical.append(block)
            if block.block.height <= floor { break }
        }
        for block in canonical.reversed() { know(block.block.header, as: .canonical) }
        for block in try Self.undone(in: store, above: floor, root: canonical.last) {
            let header = block.block.header
            // What stands on no known block was cut off when its branch became final.
            guard standing(of: header.hash) == nil, floor < 0 || standing(of: header.parent) != nil else { continue }
            know(header, as: .undone)
        }
        drop(atOrBelow: floor)
    }

    /// The blocks above a height that are in the log since its final block, lowest first.
    private static func undone(
        in store: Store, above floor: Int64, root: StoredBlock?
    ) throws(StoreError) -> [StoredBlock] {
        let last = store.sequence
        guard last > 0 else { return [] }
        var first: UInt64 = 1
        if let root {
            // A child comes after its parent in the log: nothing before the root's first commit stands on it.
            if floor >= 0 { first = try store.blocks(hash: root.block.hash).last?.sequence ?? root.sequence }
        } else if last > emptyChainWindow {
            first = last - emptyChainWindow
        }
        var blocks: [StoredBlock] = []
        for result in store.commits(first...last) {
            guard case .block(let block, _) = try result.get().content, block.block.height > floor else { continue }
            blocks.append(block)
        }
        return blocks.sorted { ($0.block.height, $0.sequence) < ($1.block.height, $1.sequence) }
    }
}

extension Block {
    /// What the fork choice has to know of it.
    package var header: BlockHeader { BlockHeader(hash: hash.bytes, parent: parent.bytes, height: height) }
}
