import AshlarFormat

// One level below appending: nothing is decided here. Where a commit belongs, what it undoes and takes up again is what it was in the
// source; by parent hashes alone a branch that was adopted, or a block appended twice, would not come out the same.

extension Writer {
    /// Appends the commit that `header` and `meta` were in the source, with the events of `stage`, and `names` if it declares some.
    mutating func takeOver(
        _ header: CommitHeader, _ meta: CommitMeta, _ names: [(kind: NameKind, name: String)],
        _ stage: inout EventStage
    ) throws(StoreError) {
        try waitForRoom()
        try core.monitor.withLock { (log) throws(StoreError) in
            try log.takeOver(
                header, meta, names, &stage, mayRoll: true, reserve: 0, rules: rules, builder: &builder, &reader)
        }
        try afterCommit()
    }

    /// Appends the commits of a group, whole or not at all.
    mutating func takeOver(_ group: [StagedCommit]) throws(StoreError) {
        try waitForRoom()
        try core.monitor.withLock { (log) throws(StoreError) in
            // One hold of the lock: no sync and no reader may see a part of the group.
            var reserve = 0
            for staged in group { reserve += log.commitBound(staged.meta, staged.stage, rules) }
            guard reserve <= Limits.frameBytes else { throw .commitTooLarge("a branch of \(reserve) bytes") }
            for (index, staged) in group.enumerated() {
                try log.takeOver(
                    staged.header, staged.meta, [], &staged.stage, mayRoll: index == 0,
                    reserve: index == 0 ? reserve : 0, rules: rules, builder: &builder, &reader)
            }
        }
        try afterCommit()
    }

    /// Throws `differentBlock` unless the block of commit `sequence` has the events of `stage`.
    mutating func compare(
        _ block: Block, _ stage: borrowing EventStage, sequence: UInt64
    ) throws(StoreError) {
        try core.monitor.withLock { (log) throws(StoreError) in
            guard let location = try log.location(ofSequence: sequence) else { throw .viewExpired }
            try log.compare(block, stage, with: location, &reader, &table)
        }
    }
}

extension LogState {
    fileprivate mutating func takeOver(
        _ header: CommitHeader, _ origin: CommitMeta, _ names: [(kind: NameKind, name: String)],
        _ stage: inout EventStage, mayRoll: Bool, reserve: Int, rules: CommitRules, builder: inout FrameBuilder,
        _ reader: inout CommitReader
    ) throws(StoreError) {
        try checkWritable()
        guard header.sequence == state.sequence + 1 else {
            throw .invalidArgument("commit \(header.sequence) of the source cannot follow \(state.sequence)")
        }
        var meta = CommitMeta()
        meta.block = origin.block
        meta.floating = origin.floating
        meta.requestID = origin.requestID
        meta.mark = origin.mark
        meta.eventTimes = stage.eventTimes
        // Types of control that say something of the source's own log (what was pruned) are not true of the target.
        if origin.control != nil { meta.control = ControlPart(type: ControlPart.registry) }
        if let rollback = origin.rollback { meta.rollback = try plan(rollback, header.sequence, &reader) }
        for entry in names { try declare(entry.kind, entry.name, in: &meta) }
        let stamp = CommitStamp(appendTime: header.appendTime, finalHeight: header.finalHeight)
        try commit(
            header.kind, meta: meta, stage: &stage, continues: header.continues, mayRoll: mayRoll, reserve: reserve,
            stamp: stamp, rules: rules, builder: &builder)
    }

    /// The rollback of the source in this log: the same blocks, by the same references, with this log's versions and counts.
    private mutating func plan(
        _ origin: RollbackPart, _ sequence: UInt64, _ reader: inout CommitReader
    ) throws(StoreError) -> RollbackPart {
        var readopted: [FoundBlock] = []
        for block in origin.readopted {
            guard let location = try location(ofSequence: block.sequence) else { throw .viewExpired }
            readopted.append(FoundBlock(sequence: block.sequence, height: block.height, location: location))
        }
        let keep = chain.index.position(notAbove: origin.toHeight).map { $0 + 1 } ?? 0
        let part: RollbackPart
        do throws(StoreError) {
            part = try planRollback(keep: keep, toHeight: origin.toHeight, readopted: readopted, &reader)
        } catch {
            guard case .notAdoptable(let why) = error else { throw error }
            throw .derivationFailed(sequence: sequence, height: nil, ordinal: nil, reason: why)
        }
        guard part.undoneBlocks == origin.undoneBlocks, part.tipHeight == origin.tipHeight,
            part.tipHash == origin.tipHash
        else {
            throw .derivationFailed(
                sequence: sequence, height: nil, ordinal: nil,
                reason: "its rollback undoes \(part.undoneBlocks) blocks here and \(origin.undoneBlocks) in the source")
        }
        return part
    }

    private mutating func declare(_ kind: NameKind, _ name: String, in meta: inout CommitMeta) throws(StoreError) {
        guard !registry.isInLog(kind, named: name) else { return }
        let id: UInt32
        switch kind {
        case .model:
            let index = try registry.resolveModel(name)
            id = registry.models[index].id
        case .type:
            let index = try registry.resolveType(name)
            id = registry.types[index].id
        }
        guard !meta.names.contains(where: { $0.kind == kind && $0.id == id }) else { return }
        meta.names.append(NameDefinition(kind: kind, id: id, version: 0, name: Array(name.utf8)))
    }
}
