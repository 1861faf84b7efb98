/// What a footer says of its segment, gathered commit by commit; a pure function of the commits ([FTR-1]).
///
/// The writer and the recovery scan both feed it, so the footer they write is the same.
package struct SegmentIndex: Sendable {
    /// A run of blocks in which commits and heights both go up by one.
    package struct Run: Equatable, Sendable {
        package var firstHeight: Int64
        package var firstIndex: UInt32
        package var count: UInt32

        package init(firstHeight: Int64, firstIndex: UInt32, count: UInt32) {
            self.firstHeight = firstHeight
            self.firstIndex = firstIndex
            self.count = count
        }
    }

    /// A commit with a rollback part.
    package struct Rollback: Equatable, Sendable {
        package var index: UInt32
        package var toHeight: Int64
        package var undoneBlocks: UInt32
        package var readopted: [Readopted]

        package init(index: UInt32, toHeight: Int64, undoneBlocks: UInt32, readopted: [Readopted]) {
            self.index = index
            self.toHeight = toHeight
            self.undoneBlocks = undoneBlocks
            self.readopted = readopted
        }
    }

    /// A model that the segment defines.
    package struct Model: Equatable, Sendable {
        package var id: UInt32
        package var name: [UInt8]
        package var events: UInt64 = 0
        package var floatingEvents: UInt64 = 0
        package var version: UInt64
        package var lowestHeight: Int64 = -1
        package var highestHeight: Int64 = -1

        package init(id: UInt32, name: [UInt8], version: UInt64) {
            self.id = id
            self.name = name
            self.version = version
        }
    }

    /// A type that the segment defines.
    package struct TypeEntry: Equatable, Sendable {
        package var id: UInt32
        package var name: [UInt8]
        package var events: UInt64 = 0

        package init(id: UInt32, name: [UInt8]) {
            self.id = id
            self.name = name
        }
    }

    package var summary: SegmentSummary
    /// Whether the store allows heights to be skipped.
    private var heightGaps: Bool
    /// Offset of each commit divided by 8.
    package var offsets: [UInt32] = []
    package var runs: [Run] = []
    package var rollbacks: [Rollback] = []
    /// Fingerprint of each block's hash in the upper half, index of its commit in the lower; in the order of the log.
    package var hashes: [UInt64] = []
    /// Indexes of the floating batches with an idempotency key.
    package var keyed: [UInt32] = []
    package internal(set) var models: [Model] = []
    package internal(set) var types: [TypeEntry] = []
    /// Index into `models` plus one, by id; likewise for types.
    var modelIndex = SmallIDMap()
    var typeIndex = SmallIDMap()

    package init(header: SegmentHeader) {
        summary = SegmentSummary(storeID: header.storeID, segment: header.segment, opening: header.opening)
        heightGaps = header.heightGaps
    }

    init(summary: SegmentSummary, heightGaps: Bool) {
        self.summary = summary
        self.heightGaps = heightGaps
    }

    package func defines(model: UInt32) -> Bool { modelIndex[model] != 0 }
    package func defines(type: UInt32) -> Bool { typeIndex[type] != 0 }

    /// Whether the segment defines every model and type of `stage`.
    package func definesAll(of stage: borrowing EventStage) -> Bool {
        for slot in stage.slots where !defines(model: slot.model) { return false }
        for entry in stage.types where !defines(type: entry.type) { return false }
        return true
    }

    /// Where the model stands in `models`, or nil if the segment does not define it.
    private func slot(ofModel id: UInt32) -> Int? {
        let index = modelIndex[id]
        return index == 0 ? nil : Int(index) - 1
    }

    /// The sequence of the commit at `index`.
    package func sequence(at index: Int, opening: UInt64) -> UInt64 { opening + 1 + UInt64(index) }
}

extension SegmentIndex {
    /// Checks that a commit fits what came before it in the segment: a block stands on the tip, ids are defined, versions continue, a
    /// rollback undoes no more than there is ([PRT-4], [PRT-6], [PRT-8], [PRT-11]). Nothing is changed.
    package func check(
        _ header: CommitHeader, _ meta: CommitMeta, sections: Span<DirectoryEntry>, types: Span<TypeCount>
    ) throws(FormatError) {
        var after = summary.closing
        try after.advance(by: header, meta)
        if let block = meta.block { try checkParent(of: block, meta.rollback) }
        for name in meta.names {
            let known = name.kind == .model ? defines(model: name.id) : defines(type: name.id)
            try require(!known, "an id is defined twice in a segment")
        }
        for change in meta.rollback?.models ?? [] {
            try require(version(of: change.model, meta) != nil, "model \(change.model) is used before it is defined")
        }
        for index in sections.indices {
            let entry = sections[index]
            guard let before = version(of: entry.model, meta) else {
                throw .damaged("model \(entry.model) is used before it is defined")
            }
            let expected = header.kind == .floating ? 0 : before &+ 1
            try require(entry.firstVersion == expected, "versions of model \(entry.model) do not continue")
        }
        for index in types.indices where !defines(type: types[index].type) {
            let type = types[index].type
            try require(
                meta.names.contains { $0.kind == .type && $0.id == type }, "type \(type) is used before it is defined")
        }
    }

    /// The block stands on the tip just before it ([PRT-4]).
    private func checkParent(of block: BlockPart, _ rollback: RollbackPart?) throws(FormatError) {
        let tipHeight = rollback?.tipHeight ?? summary.closing.tipHeight
        guard tipHeight >= 0 else { return }
        try require(
            block.parent == rollback?.tipHash ?? summary.closing.tipHash,
            "block \(block.height) does not stand on the tip before it")
        try require(
            heightGaps ? block.height > tipHeight : block.height == tipHeight + 1,
            "block \(block.height) does not follow height \(tipHeight)")
    }

    /// A model's version just before the events of a commit with this meta: after its names and its rollback.
    private func version(of model: UInt32, _ meta: CommitMeta) -> UInt64? {
        let defined = slot(ofModel: model).map { models[$0].version }
        guard let defined = defined ?? meta.names.first(where: { $0.kind == .model && $0.id == model })?.version else {
            return nil
        }
        return meta.rollback?.models.first { $0.model == model }?.version ?? defined
    }

    /// Takes in the next commit, which `check` has passed or the writer has made.
    package mutating func add(
        _ header: CommitHeader, _ meta: CommitMeta, offset: Int, sections: Span<DirectoryEntry>,
        types typeCounts: Span<TypeCount>
    ) throws(FormatError) {
        try summary.closing.advance(by: header, meta)
        let index = UInt32(truncatingIfNeeded: offsets.count)
        offsets.append(UInt32(truncatingIfNeeded: offset / 8))
        summary.endOffset = UInt64(offset + header.frameLength)
        summary.commitCount += 1
        summary.eventCount &+= UInt64(header.eventCount)
        summary.firstAppendTime = min(summary.firstAppendTime, header.appendTime)
        summary.lastAppendTime = max(summary.lastAppendTime, header.appendTime)
        for name in meta.names { define(name) }
        if let rollback = meta.rollback { add(rollback, at: index) }
        if let block = meta.block { add(block, at: index, startsRun: meta.rollback != nil) }
        if let floating = meta.floating {
            widenTimes(floating.timestamp, floating.timestamp)
            if !floating.key.isEmpty { keyed.append(index) }
        }
        if let times = meta.eventTimes { widenTimes(times.earliest, times.latest) }
        let height = meta.block?.height
        for index in sections.indices { add(sections[index], height) }
        for index in typeCounts.indices {
            let slot = typeIndex[typeCounts[index].type]
            guard slot != 0 else { continue }
            types[Int(slot) - 1].events &+= UInt64(typeCounts[index].count)
        }
    }

    private mutating func define(_ name: NameDefinition) {
        switch name.kind {
        case .model:
            models.append(Model(id: name.id, name: name.name, version: name.version))
            modelIndex[name.id] = UInt32(models.count)
        case .type:
            types.append(TypeEntry(id: name.id, name: name.name))
            typeIndex[name.id] = UInt32(types.count)
        }
    }

    private mutating func add(_ rollback: RollbackPart, at index: UInt32) {
        rollbacks.append(
            Rollback(
                index: index, toHeight: rollback.toHeight, undoneBlocks: rollback.undoneBlocks,
                readopted: rollback.readopted))
        for change in rollback.models {
            guard let slot = slot(ofModel: change.model) else { continue }
            models[slot].version = change.version
        }
    }

    private mutating func add(_ block: BlockPart, at index: UInt32, startsRun: Bool) {
        summary.blockCount += 1
        if summary.lowestHeight == -1 || block.height < summary.lowestHeight { summary.lowestHeight = block.height }
        summary.highestHeight = max(summary.highestHeight, block.height)
        widenTimes(block.timestamp, block.timestamp)
        hashes.append(UInt64(block.hash.fingerprint) << 32 | UInt64(index))
        if !startsRun, let last = runs.last, last.firstIndex + last.count == index,
            last.firstHeight + Int64(last.count) == block.height
        {
            runs[runs.count - 1].count += 1
        } else {
            runs.append(Run(firstHeight: block.height, firstIndex: index, count: 1))
        }
    }

    private mutating func add(_ entry: DirectoryEntry, _ height: Int64?) {
        guard let slot = slot(ofModel: entry.model) else { return }
        guard let height else {
            models[slot].floatingEvents &+= UInt64(entry.count)
            return
        }
        models[slot].events &+= UInt64(entry.count)
        models[slot].version &+= UInt64(entry.count)
        if models[slot].lowestHeight == -1 || height < models[slot].lowestHeight { models[slot].lowestHeight = height }
        models[slot].highestHeight = max(models[slot].highestHeight, height)
    }

    private mutating func widenTimes(_ earliest: Int64, _ latest: Int64) {
        summary.earliestTime = min(summary.earliestTime, earliest)
        summary.latestTime = max(summary.latestTime, latest)
    }
}
