import AshlarFormat
import AshlarStorage

/// What the commits of a run behind a gap say about what came before them, up to the end of the run or of its segment.
///
/// The state before a run follows from one after it: counters go back by what each commit added. So a segment behind a gap still ends as the next
/// one's header says ([SEG-7]).
struct RunSurvey {
    /// The chain value before its first commit, by that commit's own.
    private(set) var previous: UInt64 = 0
    /// The tip before it, as far as its first block tells.
    private var tip: (height: Int64, timestamp: Int64, hash: BlockHash)?
    private(set) var lastSequence: UInt64 = 0
    private(set) var lastChainValue: UInt64 = 0
    private var firstFinalHeight: Int64 = -1
    /// What its commits add to the counters, modulo 2⁶⁴.
    private var added = ChainState()
    private var hasMark = false
    /// Versions before their first use in the run.
    private(set) var versions: [UInt32: UInt64] = [:]
    private(set) var usedModels: Set<UInt32> = []
    private(set) var usedTypes: Set<UInt32> = []
    /// What the run defines itself.
    private(set) var definedModels: Set<UInt32> = []
    private(set) var definedTypes: Set<UInt32> = []

    /// Surveys the run that begins with the commit at `offset`.
    init(_ segment: DamagedSegment, _ file: any StorageFile, from first: CommitWalker.Found) throws(StoreError) {
        var state = ChainState()
        state.sequence = first.header.sequence - 1
        var walker = CommitWalker(
            file, header: segment.seedHeader, from: first.offset, state: state, limit: segment.size)
        previous = try walker.chainValue(before: first.header, at: first.offset) ?? 0
        walker.restart(at: first.offset, before: first.header)
        firstFinalHeight = first.header.finalHeight
        while true {
            if case .commit(let found) = try walker.next(provenSequence: 0) {
                take(found)
            } else if let head = try walker.nextHeadOnly() {
                take(head)
            } else {
                return
            }
        }
    }

    private mutating func take(_ found: CommitWalker.Found) {
        let (header, meta) = (found.header, found.meta)
        lastSequence = header.sequence
        lastChainValue = header.chainValue
        added.events &+= UInt64(header.eventCount)
        if header.kind == .floating { added.floatingEvents &+= UInt64(header.eventCount) }
        if meta.mark != nil { hasMark = true }
        for name in meta.names {
            if name.kind == .model { definedModels.insert(name.id) } else { definedTypes.insert(name.id) }
            // What is defined here was not used before here.
            if name.kind == .model, !usedModels.contains(name.id) { versions[name.id] = name.version }
        }
        if let rollback = meta.rollback { take(rollback) }
        for section in found.sections {
            usedModels.insert(section.model)
            if header.kind == .block, versions[section.model] == nil {
                versions[section.model] = section.firstVersion &- 1
            }
        }
        for type in found.types { usedTypes.insert(type.type) }
        if let block = meta.block {
            if tip == nil { tip = block.height == 0 ? (-1, 0, .none) : (block.height - 1, 0, block.parent) }
            added.canonicalBlocks &+= 1
            added.canonicalEvents &+= UInt64(header.eventCount)
        }
    }

    private mutating func take(_ rollback: RollbackPart) {
        // A rollback to the block before the run tells all of it, where the first block told its hash alone.
        if tip == nil || tip?.hash == rollback.tipHash {
            tip = (rollback.tipHeight, rollback.tipTimestamp, rollback.tipHash)
        }
        added.canonicalBlocks &+= UInt64(rollback.readopted.count) &- UInt64(rollback.undoneBlocks)
        added.canonicalEvents &+= rollback.readoptedEvents &- rollback.undoneEvents
        added.undoneBlocks &+= UInt64(rollback.undoneBlocks)
        if rollback.undoneBlocks > 0 { added.rollbacks &+= 1 }
        for change in rollback.models {
            usedModels.insert(change.model)
            if versions[change.model] == nil { versions[change.model] = change.version }
        }
    }

    /// What the log added up to before the run. Exact if the run ends where `closing` stands; else counters are those of `known`, the last state
    /// before the gap, so that what was lost is not in them.
    func opening(before first: CommitHeader, closing: ChainState?, known: ChainState) -> (
        state: ChainState, isExact: Bool
    ) {
        var state = known
        let isExact = closing?.sequence == lastSequence && closing?.chainValue == lastChainValue
        if isExact, let closing {
            state = closing
            state.events &-= added.events
            state.floatingEvents &-= added.floatingEvents
            state.canonicalBlocks &-= added.canonicalBlocks
            state.canonicalEvents &-= added.canonicalEvents
            state.undoneBlocks &-= added.undoneBlocks
            state.rollbacks &-= added.rollbacks
            if hasMark { state.lastMarkSequence = min(known.lastMarkSequence, first.sequence - 1) }
        }
        if let tip { (state.tipHeight, state.tipTimestamp, state.tipHash) = tip }
        state.finalHeight = min(known.finalHeight, firstFinalHeight)
        (state.sequence, state.chainValue) = (first.sequence - 1, previous)
        return (state, isExact)
    }
}
