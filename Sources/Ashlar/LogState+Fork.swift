import AshlarFormat
import AshlarStorage

/// Where a block belongs in the canonical chain.
enum Placement: Equatable {
    case extend
    /// It stands on the canonical block at position `keep` − 1; all above are undone.
    case fork(keep: Int, parentHeight: Int64)
    /// It is canonical already, at this location.
    case duplicate(Location)
}

extension LogState {
    /// Finds where `block` belongs, or why it does not ("Forks are found by the store").
    mutating func place(
        _ block: Block, forks: ForkPolicy, belowFinality: Bool, _ reader: inout CommitReader
    ) throws(StoreError) -> Placement {
        // Nothing to undo: even if the chain was emptied below its final height, which only an explicit override does.
        if state.tipHeight < 0 { return .extend }
        if block.parent == state.tipHash, block.hash != state.tipHash {
            try checkHeight(block.height, parentHeight: state.tipHeight)
            return .extend
        }
        if let location = try duplicate(of: block, &reader) { return .duplicate(location) }
        let (keep, parentHeight) = try findParent(of: block, &reader)
        try checkHeight(block.height, parentHeight: parentHeight)
        if !belowFinality, parentHeight < state.finalHeight {
            throw .belowFinality(toHeight: parentHeight, finalHeight: state.finalHeight)
        }
        if forks == .refuse { throw .fork(height: block.height, tipHeight: state.tipHeight) }
        return .fork(keep: keep, parentHeight: parentHeight)
    }

    private func checkHeight(_ height: Int64, parentHeight: Int64) throws(StoreError) {
        let fits = heightGaps ? height > parentHeight : height == parentHeight + 1
        guard fits else { throw .wrongHeight(height: height, expected: parentHeight + 1) }
    }

    /// The canonical block at the same height with the same hash.
    private mutating func duplicate(of block: Block, _ reader: inout CommitReader) throws(StoreError) -> Location? {
        guard let position = chain.index.position(of: block.height) else { return nil }
        let location = chain.index.location(at: position)
        try loadMeta(location, &reader, height: block.height)
        return reader.meta.block?.hash == block.hash ? location : nil
    }

    /// How many canonical blocks stay below `block`, and its parent's height.
    private mutating func findParent(
        of block: Block, _ reader: inout CommitReader
    ) throws(StoreError) -> (keep: Int, height: Int64) {
        if let position = chain.index.position(notAbove: block.height - 1) {
            let height = chain.index.height(at: position)
            try loadMeta(chain.index.location(at: position), &reader, height: height)
            if reader.meta.block?.hash == block.parent { return (position + 1, height) }
        } else if base.tipHeight >= 0 {
            // Every block of the log is above it: its parent is the last one that was pruned, or was pruned too.
            if block.parent == base.tipHash { return (0, base.tipHeight) }
            if block.height <= base.tipHeight { throw pruned }
        } else if chain.index.firstHeight == block.height {
            // A sibling of the very first block: same parent, which is not in the log.
            try loadMeta(chain.index.location(at: 0), &reader, height: block.height)
            if reader.meta.block?.parent == block.parent { return (0, block.height - 1) }
        }
        let found = try find(block.parent, &reader)
        if let parent = found.first(where: { isCanonical(height: $0.height, $0.location) }) {
            throw .wrongHeight(height: block.height, expected: parent.height + 1)
        }
        throw .unlinked(
            height: block.height, tipHeight: state.tipHeight,
            finalHeight: state.finalHeight >= 0 ? state.finalHeight : nil,
            undoneSequence: found.first?.sequence)
    }

    /// Describes the rollback to the first `keep` canonical blocks, and the blocks taken up again on top: what it undoes, the versions and the
    /// tip afterwards. Complexity: O(blocks undone and taken up), one small read each.
    mutating func planRollback(
        keep: Int, toHeight: Int64, readopted: [FoundBlock], _ reader: inout CommitReader
    ) throws(StoreError) -> RollbackPart {
        var part = RollbackPart(toHeight: toHeight)
        var versions: [UInt32: UInt64] = [:]
        for position in keep..<chain.index.count {
            try loadMeta(chain.index.location(at: position), &reader, height: chain.index.height(at: position))
            part.undoneBlocks += 1
            part.undoneEvents &+= UInt64(reader.header.eventCount)
            for index in 0..<Int(reader.header.sectionCount) {
                let entry = reader.meta.directory(at: index, in: reader.metaFrame)
                if versions[entry.model] == nil { versions[entry.model] = entry.firstVersion &- 1 }
            }
        }
        if keep > 0, readopted.isEmpty {
            try loadMeta(chain.index.location(at: keep - 1), &reader, height: chain.index.height(at: keep - 1))
            setTip(&part, reader.meta)
        }
        if keep == 0, base.tipHeight >= 0 {
            (part.tipHeight, part.tipTimestamp, part.tipHash) = (base.tipHeight, base.tipTimestamp, base.tipHash)
        }
        for block in readopted {
            try loadMeta(block.location, &reader, height: block.height)
            try readopt(block, into: &part, &versions, reader)
        }
        part.models = versions.map { ModelVersion(model: $0.key, version: $0.value) }.sorted { $0.model < $1.model }
        return part
    }

    private func setTip(_ part: inout RollbackPart, _ meta: CommitMeta) {
        guard let block = meta.block else { return }
        part.tipHeight = block.height
        part.tipTimestamp = block.timestamp
        part.tipHash = block.hash
    }

    /// Takes up one undone block again; its records keep their versions, so they must continue ([PRT-6]).
    private func readopt(
        _ block: FoundBlock, into part: inout RollbackPart, _ versions: inout [UInt32: UInt64],
        _ reader: borrowing CommitReader
    ) throws(StoreError) {
        for index in 0..<Int(reader.header.sectionCount) {
            let entry = reader.meta.directory(at: index, in: reader.metaFrame)
            let current = versions[entry.model] ?? version(ofModel: entry.model)
            guard entry.firstVersion == current &+ 1 else {
                throw .notAdoptable(
                    "the events of commit \(block.sequence) do not continue the versions here (a block below it has other events now); append the block anew"
                )
            }
            versions[entry.model] = current &+ UInt64(entry.count)
        }
        part.readopted.append(Readopted(sequence: block.sequence, height: block.height))
        part.readoptedEvents &+= UInt64(reader.header.eventCount)
        setTip(&part, reader.meta)
    }

    func version(ofModel id: UInt32) -> UInt64 {
        registry.modelIndex(id: id).map { registry.models[$0].version } ?? 0
    }
}
