import AshlarFormat
import AshlarStorage

/// Writes the target of a derivation, commit for commit.
///
/// Invariants: every commit of the source gives exactly one commit of the target, with the same sequence, kind and place in its group; so
/// each sequence, rollback, reference to a block taken up again, and mark means in the target what it means in the source. After a commit,
/// `state` is what the derivation remembers of the canonical chain up to it.
struct Deriver<D: Derivation>: ~Copyable {
    let derivation: D
    private(set) var source: Store
    var writer: Writer
    var rules = DerivationRules()
    var commit = LoadedCommit()
    var event: ModelEvent
    var output: DerivedEvents
    var state: FollowedState<D.State>
    /// The models of the loaded commit's sections.
    var sectionModels: [UInt32] = []
    /// Commits of a group whose end has not come yet.
    var group: [StagedCommit] = []
    var report = DerivationReport()
    private var segmentBase: (number: UInt64, bytes: Int) = (0, 0)

    init(_ derivation: D, from source: Store, to writer: consuming Writer, undoDepth: Int) {
        self.derivation = derivation
        self.source = source
        event = ModelEvent(names: EventNames(source.core))
        output = DerivedEvents(writer.core, maxPayloadBytes: writer.options.maxPayloadBytes)
        self.writer = writer
        state = FollowedState(derivation.makeState(), depth: undoDepth)
        report.targetID = self.writer.store.id
    }

    /// Goes on with the same store as it was opened anew, which may know names that the other does not.
    mutating func read(from store: Store) {
        source = store
        event = ModelEvent(names: EventNames(store.core))
    }

    /// Makes the target durable and lets go of it.
    consuming func close() throws(StoreError) { try writer.close() }

    /// Derives everything the source shows and the target lacks; false if `step` wanted to stop before the end.
    mutating func catchUp(_ step: (DerivationProgress) -> DerivationStep) throws(StoreError) -> Bool {
        let last = source.sequence
        let next = writer.sequence + 1
        // One that only follows asks too.
        guard next <= last else { return step(try progress(at: nil, last)) == .goOn }
        var walk = SequenceWalk(source.core, sequences: next...last, descending: false)
        var untilStep = 0
        while let (location, segment) = try walk.next() {
            // Never between the commits of a group: it is written whole or not at all.
            if untilStep <= 0, group.isEmpty {
                untilStep = 64
                guard step(try progress(at: location, last)) == .goOn else { return false }
            }
            untilStep -= 1
            try load(location, segment)
            walk.advance(past: location, frameLength: commit.header.frameLength)
            try deriveLoaded()
        }
        guard group.isEmpty else { throw .invalidArgument("the source ends inside a group of commits") }
        _ = step(try progress(at: nil, last))
        return true
    }

    /// Loads a commit of the source with all its records.
    mutating func load(_ location: Location, _ segment: ReadSource) throws(StoreError) {
        try commit.loadAll(location, segment, height: nil)
        sectionModels.removeAll(keepingCapacity: true)
        for section in commit.table.sections { sectionModels.append(section.entry.model) }
    }

    private mutating func progress(at location: Location?, _ last: UInt64) throws(StoreError) -> DerivationProgress {
        var progress = DerivationProgress(report, lastSequence: last)
        let bytes = source.core.monitor.withLock { log in log.bytes(before: location, &segmentBase) }
        progress.bytesDone = bytes.done
        progress.bytesTotal = bytes.total
        return progress
    }

    /// Derives the commit that was loaded and appends it, or keeps it until its group is whole.
    private mutating func deriveLoaded() throws(StoreError) {
        let header = commit.header
        let meta = commit.meta
        output.stage.clear()
        try deriveCommit(header, meta)
        report.commits += 1
        report.eventsRead += UInt64(header.eventCount)
        guard header.continues || !group.isEmpty else {
            let names = try declaredNames(header, meta)
            try writer.takeOver(header, meta, names, &output.stage)
            report.eventsWritten += UInt64(output.stage.eventCount)
            report.sequence = header.sequence
            return
        }
        let staged = StagedCommit(header, meta)
        swap(&staged.stage, &output.stage)
        group.append(staged)
        if !header.continues { try appendGroup() }
    }

    private mutating func appendGroup() throws(StoreError) {
        try writer.takeOver(group)
        for staged in group { report.eventsWritten += UInt64(staged.stage.eventCount) }
        report.sequence = group.last?.header.sequence ?? report.sequence
        group.removeAll()
    }

    /// What a control commit declares, in names of the target.
    private func declaredNames(
        _ header: CommitHeader, _ meta: CommitMeta
    ) throws(StoreError) -> [(kind: NameKind, name: String)] {
        guard header.kind == .control else { return [] }
        return meta.names.compactMap { entry in
            derivation.declaredName(entry.kind, String(decoding: entry.name, as: UTF8.self)).map { (entry.kind, $0) }
        }
    }
}

/// A derived commit that waits for the rest of its group.
final class StagedCommit {
    let header: CommitHeader
    let meta: CommitMeta
    var stage = EventStage()

    init(_ header: CommitHeader, _ meta: CommitMeta) {
        self.header = header
        self.meta = meta
    }
}

extension LogState {
    /// Bytes of the segment files before `location` (all if nil), and in all. `base` remembers the sum of the segments before one.
    fileprivate func bytes(
        before location: Location?, _ base: inout (number: UInt64, bytes: Int)
    ) -> (done: Int, total: Int) {
        var total = endOffset
        if active == nil { total = 0 }
        for segment in sealed { total += Int(segment.summary.endOffset) }
        guard let location else { return (total, total) }
        if base.number != location.segment {
            base = (location.segment, 0)
            for segment in sealed where segment.name.number < location.segment {
                base.bytes += Int(segment.summary.endOffset)
            }
        }
        return (base.bytes + location.offset, total)
    }
}
