import AshlarFormat
import AshlarStorage

/// What the writer's options say about every commit.
struct CommitRules: Sendable {
    var segmentBytes: Int
    var codec: Codec
    var finalityDepth: Int64
}

/// What a commit that is taken over from another log keeps of its header there.
struct CommitStamp: Sendable {
    var appendTime: Int64
    var finalHeight: Int64
}

extension LogState {
    /// Appends one commit: rolls to the next segment if it must, defines the names it uses, builds its frame in the tail and takes it into
    /// every index. The life of a block goes through here.
    ///
    /// `meta` has everything but the names. Nothing is changed if it throws, unless it poisons the log. `reserve` bytes more will be needed in
    /// the same segment for the rest of a group; with `mayRoll` false it is such a rest itself. `stamp` replaces the present time and the
    /// final height that the rules give.
    mutating func commit(
        _ kind: CommitKind, meta: consuming CommitMeta, stage: inout EventStage, continues: Bool = false,
        mayRoll: Bool = true,
        reserve: Int = 0, stamp: CommitStamp? = nil, rules: CommitRules, builder: inout FrameBuilder
    ) throws(StoreError) {
        try checkWritable()
        let bound = commitBound(meta, stage, rules)
        guard bound <= Limits.frameBytes, stage.eventCount <= Limits.eventsPerCommit else {
            throw .commitTooLarge(
                "\(stage.eventCount) events in \(bound) bytes; the format allows \(Limits.frameBytes) bytes")
        }
        if mayRoll { try rollIfNeeded(bound + reserve, rules) }
        guard let seed = active?.seed else { throw .closed }
        if meta.rollback != nil || active?.index.definesAll(of: stage) != true { meta.names = newNames(meta, stage) }
        numberEvents(of: &stage, kind, meta.rollback)
        let offset = endOffset
        let header =
            storage.isSeeded(.rollbackLost)
            ? build(kind, withoutRollback(meta), stage, continues, stamp, seed: seed, rules, &builder)
            : build(kind, meta, stage, continues, stamp, seed: seed, rules, &builder)
        try take(header, meta, stage, builder, offset: offset)
        unsyncedBytes += header.frameLength
        if oldestUnsyncedNanoseconds == nil { oldestUnsyncedNanoseconds = SystemCalls.monotonicNanoseconds() }
        if tail.count >= 1 << 20, !continues { try flush() }
        if !continues { wakeFollowers() }
    }

    /// An upper bound of the frame's length, all names included.
    func commitBound(_ meta: CommitMeta, _ stage: borrowing EventStage, _ rules: CommitRules) -> Int {
        let names = (stage.slots.count + stage.types.count + (meta.rollback?.models.count ?? 0)) * (16 + 256)
        return FrameBuilder.lengthBound(meta: meta, stage: stage, codec: rules.codec) + 16 + names
    }

    /// A commit never spans segments; one that is larger than a segment gets its own ([SEG-10]).
    private mutating func rollIfNeeded(_ bytes: Int, _ rules: CommitRules) throws(StoreError) {
        if active != nil, endOffset + bytes > rules.segmentBytes, endOffset > SegmentHeader.size { try seal() }
        if active == nil { try beginSegment() }
    }

    /// Definitions of the names this commit uses for the first time in its segment ([PRT-8]).
    private func newNames(_ meta: CommitMeta, _ stage: borrowing EventStage) -> [NameDefinition] {
        var names = meta.names
        func add(model id: UInt32) {
            guard active?.index.defines(model: id) == false,
                !names.contains(where: { $0.kind == .model && $0.id == id }),
                let slot = registry.modelIndex(id: id)
            else { return }
            let model = registry.models[slot]
            names.append(NameDefinition(kind: .model, id: id, version: model.version, name: Array(model.name.utf8)))
        }
        for slot in stage.slots { add(model: slot.model) }
        for change in meta.rollback?.models ?? [] { add(model: change.model) }
        for type in stage.types where active?.index.defines(type: type.type) == false {
            guard !names.contains(where: { $0.kind == .type && $0.id == type.type }),
                let slot = registry.typeIndex(id: type.type)
            else { continue }
            names.append(
                NameDefinition(kind: .type, id: type.type, version: 0, name: Array(registry.types[slot].name.utf8)))
        }
        return names
    }

    /// Gives the events of a block their versions, which continue the model's after the rollback ([PRT-11]).
    private func numberEvents(of stage: inout EventStage, _ kind: CommitKind, _ rollback: RollbackPart?) {
        for (index, slot) in stage.slots.enumerated() {
            let undone = rollback?.models.first { $0.model == slot.model }?.version
            let version = kind == .floating ? 0 : (undone ?? self.version(ofModel: slot.model)) &+ 1
            stage.setFirstVersion(version, ofSlot: index)
        }
    }

    private mutating func build(
        _ kind: CommitKind, _ meta: CommitMeta, _ stage: borrowing EventStage, _ continues: Bool, _ stamp: CommitStamp?,
        seed: UInt32, _ rules: CommitRules, _ builder: inout FrameBuilder
    ) -> CommitHeader {
        let tip = meta.block?.height ?? meta.rollback?.tipHeight ?? state.tipHeight
        var header = CommitHeader(
            kind: kind, sequence: state.sequence + 1, epoch: epoch,
            appendTime: stamp?.appendTime ?? SystemCalls.wallMicroseconds(),
            height: kind == .block || kind == .rollback ? tip : -1,
            finalHeight: max(state.finalHeight, stamp?.finalHeight ?? tip - rules.finalityDepth, -1),
            durableSequence: durable.sequence)
        header.continues = continues
        builder.append(
            &header, meta: meta, stage: stage, codec: rules.codec, previous: state.chainValue, seed: seed, to: &tail)
        return header
    }

    private func withoutRollback(_ meta: CommitMeta) -> CommitMeta {
        var meta = meta
        meta.rollback = nil
        return meta
    }

    /// Brings every index in step with the commit that was just built at `offset`.
    private mutating func take(
        _ header: CommitHeader, _ meta: CommitMeta, _ stage: borrowing EventStage, _ builder: borrowing FrameBuilder,
        offset: Int
    ) throws(StoreError) {
        let number = active?.name.number ?? 0
        do {
            if let rollback = meta.rollback { try takeRollback(rollback, header.sequence) }
            try active?.index.add(
                header, meta, offset: offset, sections: Span(_unsafeElements: builder.sections),
                types: Span(_unsafeElements: stage.types))
            if let block = meta.block {
                let location = Location(segment: number, offset: offset)
                try chain.append(height: block.height, location)
                recent.append(
                    RecentBlocks.Entry(
                        hash: block.hash, sequence: header.sequence, height: block.height, location: location))
            }
        } catch {
            // The caller has checked all this, but taking a rollback up may have to read. If it fails, memory and log may differ: write nothing
            // more.
            let failure = error as? StoreError ?? .invalidArgument("internal inconsistency: \(error)")
            poison(with: failure)
            throw failure
        }
        for name in meta.names { registry.markInLog(name.kind, id: name.id) }
        if header.kind == .block {
            for slot in stage.slots {
                guard let index = registry.modelIndex(id: slot.model) else { continue }
                registry.setVersion(slot.firstVersion &+ UInt64(slot.count) &- 1, at: index)
            }
        }
        state = active?.index.summary.closing ?? state
    }

    private mutating func takeRollback(_ rollback: RollbackPart, _ sequence: UInt64) throws {
        var chain = Chain()
        swap(&chain, &self.chain)
        defer { swap(&chain, &self.chain) }
        try chain.rollback(
            sequence: sequence, toHeight: rollback.toHeight, undoneBlocks: rollback.undoneBlocks,
            readopted: rollback.readopted,
            sequenceOf: { (location) throws(StoreError) in try self.sequence(of: location) })
        if storage.isSeeded(.staleVersionsAfterRollback) { return }
        for change in rollback.models {
            guard let index = registry.modelIndex(id: change.model) else { continue }
            registry.setVersion(change.version, at: index)
        }
    }
}
