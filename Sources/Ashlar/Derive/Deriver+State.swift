import AshlarFormat
import AshlarStorage

extension Deriver {
    /// Undoes in the state what a rollback undoes, and takes in again what it takes up.
    mutating func follow(_ rollback: RollbackPart, sequence: UInt64) throws(StoreError) {
        if !state.undo(above: rollback.toHeight, count: Int(rollback.undoneBlocks)) {
            try rebuild(asOf: sequence - 1, upTo: rollback.toHeight)
        }
        for block in rollback.readopted { try takeUp(block) }
    }

    /// Recomputes the state from the blocks that were canonical as of `sequence`, up to `height`.
    ///
    /// Complexity: reads that part of the source.
    mutating func rebuild(asOf sequence: UInt64, upTo height: Int64) throws(StoreError) {
        state.restart(derivation.makeState())
        guard height >= 0 else { return }
        var walk = ChainWalk(try View(source.core, asOf: sequence), heights: 0...height, descending: false)
        while let (entry, segment) = try walk.next() {
            try load(entry.location, segment)
            try replayLoaded()
        }
    }

    /// Takes the loaded block into the state; what it emits is in the target already and stays in `output` for comparing.
    private mutating func replayLoaded() throws(StoreError) {
        guard let block = commit.meta.block else { return }
        output.stage.clear()
        try deriveBlock(
            DerivationBlock(
                sequence: commit.header.sequence, height: block.height, hash: block.hash, parent: block.parent,
                timestamp: Timestamp(microseconds: block.timestamp)))
    }

    /// Takes an undone block into the state again. Its derived events are those of its own commit, so they must come out the same.
    private mutating func takeUp(_ block: Readopted) throws(StoreError) {
        try reload(block.sequence)
        try replayLoaded()
        guard let stored = StoredBlock(commit.header, commit.meta) else { return }
        do throws(StoreError) {
            try writer.compare(stored.block, output.stage, sequence: block.sequence)
        } catch {
            guard case .differentBlock(_, let difference) = error else { throw error }
            throw .derivationFailed(
                sequence: block.sequence, height: block.height, ordinal: nil,
                reason:
                    "it is taken up again above other blocks than it was appended on, and derives to other events there: \(difference)"
            )
        }
    }

    /// Loads the commit of the source with this sequence.
    mutating func reload(_ sequence: UInt64) throws(StoreError) {
        let found = try source.core.monitor.withLock { (log) throws(StoreError) -> (Location, ReadSource) in
            guard let location = try log.location(ofSequence: sequence) else { throw .viewExpired }
            return (location, try log.source(of: location.segment))
        }
        try load(found.0, found.1)
    }
}
