public import AshlarFormat

extension Writer {
    /// Undoes every canonical block above `height`, in one commit; −1 undoes all. Nothing is deleted.
    ///
    /// Throws `aboveTip`, and `belowFinality` unless `belowFinality` overrides it. If `height` is the tip's, nothing is appended.
    /// Complexity: O(blocks undone), whatever the size of the store.
    @discardableResult
    public mutating func rollback(
        toHeight height: Int64, belowFinality: Bool = false, mark: [UInt8]? = nil
    ) throws(StoreError) -> RollbackOutcome {
        guard height >= -1 else { throw .invalidArgument("height \(height) is out of range") }
        try Self.check(mark: mark)
        let outcome = try core.monitor.withLock { (log) throws(StoreError) in
            try log.rollback(
                toHeight: height, belowFinality: belowFinality, mark: mark, rules, &batch.stage, &builder, &reader)
        }
        try afterCommit()
        return outcome
    }

    /// Undoes every canonical block above the one with `hash`; see `rollback(toHeight:)`. Throws `unknownHash` too.
    @discardableResult
    public mutating func rollback(
        toHash hash: BlockHash, belowFinality: Bool = false, mark: [UInt8]? = nil
    ) throws(StoreError) -> RollbackOutcome {
        try Self.check(mark: mark)
        let outcome = try core.monitor.withLock { (log) throws(StoreError) in
            let found = try log.find(hash, for: .canonical(asOf: .max), &reader)
            guard let block = found.first(where: { log.isCanonical(height: $0.height, $0.location) }) else {
                throw .unknownHash("\(hash)")
            }
            return try log.rollback(
                toHeight: block.height, belowFinality: belowFinality, mark: mark, rules, &batch.stage, &builder, &reader
            )
        }
        try afterCommit()
        return outcome
    }

    /// Switches to a branch, atomically: undoes what stands above its first block's parent, takes up again the blocks of it that are in the log, and
    /// appends those that are new.
    ///
    /// Known blocks come first, then new ones, each the child of the one before. Throws `notAdoptable`, `unlinked`, `wrongHeight`,
    /// `belowFinality` and what `append` throws; nothing is appended then. Complexity: O(blocks undone + branch).
    @discardableResult
    public mutating func adopt(
        branch: [BranchBlock], belowFinality: Bool = false, mark: [UInt8]? = nil
    ) throws(StoreError) -> RollbackOutcome {
        try Self.check(mark: mark)
        try waitForRoom()
        var known: [UInt64] = []
        var new: [(Block, [Event])] = []
        for element in branch {
            switch element {
            case .known(let sequence):
                guard new.isEmpty else { throw .notAdoptable("a block of the log cannot stand on a new one") }
                known.append(sequence)
            case .new(let block, let events):
                try Self.check(block)
                new.append((block, events))
            }
        }
        guard !branch.isEmpty else { throw .notAdoptable("it has no blocks") }
        let outcome = try core.monitor.withLock { (log) throws(StoreError) in
            // One hold of the lock: no sync and no reader may see a part of the branch.
            try adopt(known, new, belowFinality: belowFinality, mark: mark, &log)
        }
        try afterCommit()
        return outcome
    }

    private mutating func adopt(
        _ known: [UInt64], _ new: [(Block, [Event])], belowFinality: Bool, mark: [UInt8]?, _ log: inout LogState
    ) throws(StoreError) -> RollbackOutcome {
        try log.checkWritable()
        let plan = try log.planBranch(known, new.map(\.0), belowFinality: belowFinality, &reader)
        // Everything that can be wrong with the events is found before the first of them is written.
        var reserve = 0
        for (block, events) in new {
            try batch.stage(events, &log.registry)
            reserve += log.commitBound(Self.meta(of: block), batch.stage, rules)
            guard reserve <= Limits.frameBytes else { throw .commitTooLarge("a branch of \(reserve) bytes") }
        }
        if new.isEmpty {
            var meta = CommitMeta()
            meta.rollback = plan
            meta.mark = mark
            batch.stage.clear()
            try log.commit(.rollback, meta: meta, stage: &batch.stage, rules: rules, builder: &builder)
        }
        for (index, (block, events)) in new.enumerated() {
            try batch.stage(events, &log.registry)
            var meta = Self.meta(of: block)
            meta.eventTimes = batch.stage.eventTimes
            let isLast = index == new.count - 1
            if isLast { meta.mark = mark ?? block.mark }
            if index == 0, plan.undoneBlocks > 0 || !plan.readopted.isEmpty { meta.rollback = plan }
            try log.commit(
                .block, meta: meta, stage: &batch.stage, continues: !isLast, mayRoll: index == 0,
                reserve: index == 0 ? reserve : 0, rules: rules, builder: &builder)
        }
        return RollbackOutcome(
            sequence: log.state.sequence, undone: Int(plan.undoneBlocks), readopted: plan.readopted.count,
            appended: new.count)
    }
}

extension LogState {
    fileprivate mutating func rollback(
        toHeight height: Int64, belowFinality: Bool, mark: [UInt8]?, _ rules: CommitRules,
        _ stage: inout EventStage, _ builder: inout FrameBuilder, _ reader: inout CommitReader
    ) throws(StoreError) -> RollbackOutcome {
        try checkWritable()
        guard height <= state.tipHeight else {
            throw .aboveTip(height: height, tipHeight: state.tipHeight >= 0 ? state.tipHeight : nil)
        }
        guard belowFinality || height >= min(state.finalHeight, state.tipHeight) else {
            throw .belowFinality(toHeight: height, finalHeight: state.finalHeight)
        }
        guard height >= base.tipHeight else { throw pruned }
        let keep = chain.index.position(notAbove: height).map { $0 + 1 } ?? 0
        guard keep < chain.index.count else {
            return RollbackOutcome(sequence: state.sequence, undone: 0, readopted: 0, appended: 0)
        }
        var meta = CommitMeta()
        let part = try planRollback(keep: keep, toHeight: height, readopted: [], &reader)
        meta.rollback = part
        meta.mark = mark
        stage.clear()
        try commit(.rollback, meta: meta, stage: &stage, rules: rules, builder: &builder)
        return RollbackOutcome(
            sequence: state.sequence, undone: Int(part.undoneBlocks), readopted: 0, appended: 0)
    }

    /// Checks a branch as a whole and describes the rollback that makes way for it.
    fileprivate mutating func planBranch(
        _ known: [UInt64], _ new: [Block], belowFinality: Bool, _ reader: inout CommitReader
    ) throws(StoreError) -> RollbackPart {
        var blocks: [FoundBlock] = []
        var previous: BlockPart?
        var keep: Int?
        for sequence in known {
            guard let undone = chain.history.block(sequence: sequence),
                !isCanonical(height: undone.height, undone.location)
            else { throw .notAdoptable("commit \(sequence) is no undone block") }
            try loadMeta(undone.location, &reader, height: undone.height)
            guard let part = reader.meta.block else { throw .notAdoptable("commit \(sequence) is no block") }
            if let previous, previous.hash != part.parent {
                throw .notAdoptable("commit \(sequence) is not a child of the block before it")
            }
            if keep == nil { keep = try positionAfter(part.parent, height: part.height, &reader) }
            blocks.append(FoundBlock(sequence: sequence, height: undone.height, location: undone.location))
            previous = part
        }
        for block in new {
            let part = BlockPart(
                height: block.height, timestamp: block.timestamp.microseconds, hash: block.hash, parent: block.parent)
            if let previous {
                guard previous.hash == block.parent else {
                    throw .notAdoptable("block \(block.height) is not a child of the block before it")
                }
                let fits = heightGaps ? block.height > previous.height : block.height == previous.height + 1
                guard fits else { throw .wrongHeight(height: block.height, expected: previous.height + 1) }
            }
            if keep == nil { keep = try positionAfter(part.parent, height: part.height, &reader) }
            previous = part
        }
        let kept = keep ?? chain.index.count
        let toHeight = kept > 0 ? chain.index.height(at: kept - 1) : base.tipHeight
        guard kept == chain.index.count || belowFinality || toHeight >= state.finalHeight else {
            throw .belowFinality(toHeight: toHeight, finalHeight: state.finalHeight)
        }
        return try planRollback(keep: kept, toHeight: toHeight, readopted: blocks, &reader)
    }

    /// How many canonical blocks stay when a block with this parent and height is put on top.
    private mutating func positionAfter(
        _ parent: BlockHash, height: Int64, _ reader: inout CommitReader
    ) throws(StoreError) -> Int {
        guard chain.index.count > 0 || base.tipHeight >= 0 else { return 0 }
        if let position = chain.index.position(notAbove: height - 1) {
            let found = chain.index.height(at: position)
            try loadMeta(chain.index.location(at: position), &reader, height: found)
            if reader.meta.block?.hash == parent {
                guard heightGaps || found == height - 1 else { throw .wrongHeight(height: height, expected: found + 1) }
                return position + 1
            }
        } else if base.tipHeight >= 0 {
            if parent == base.tipHash {
                guard heightGaps || base.tipHeight == height - 1 else {
                    throw .wrongHeight(height: height, expected: base.tipHeight + 1)
                }
                return 0
            }
            if height <= base.tipHeight { throw pruned }
        } else if chain.index.firstHeight == height {
            try loadMeta(chain.index.location(at: 0), &reader, height: height)
            if reader.meta.block?.parent == parent { return 0 }
        }
        let undone = try find(parent, &reader).first?.sequence
        throw .unlinked(
            height: height, tipHeight: state.tipHeight >= 0 ? state.tipHeight : nil,
            finalHeight: state.finalHeight >= 0 ? state.finalHeight : nil, undoneSequence: undone)
    }
}
