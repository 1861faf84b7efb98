import AshlarFormat
import AshlarStorage

extension Writer {
    /// Removes the oldest segments of the log: those that hold only blocks below a height, as far as nothing needs them any more.
    ///
    /// They go once all their blocks are final, every named consumer has passed them, and a snapshot of every model, read in full and kept twice, stands
    /// above them; what holds back more is told. States can then be had from these snapshots on; what is below says `pruned`. Readers go on meanwhile;
    /// a view that still wants something of the removed part gets `viewExpired`. Crash-safe: a commit of the log records the prune and is durable
    /// before any file goes, and files that were left are removed when the store is next opened for writing. Throws `invalidArgument` for a negative
    /// height, `inputOutput`, `poisoned`. Complexity: reads the base snapshots twice, writes them once.
    public mutating func prune(_ options: PruneOptions) throws(StoreError) -> PruneOutcome {
        guard options.belowHeight >= 0 else { throw .invalidArgument("the height to prune below must not be negative") }
        let core = core
        // No retention may take away what is chosen here before the prune is in force.
        return try core.retention.withLock { (_) throws(StoreError) in
            try core.monitor.withLock { (log) throws(StoreError) in try log.checkWritable() }
            let plan = try PrunePlan(store, options)
            guard let point = plan.point else { return .nothing(plan.obstacles) }
            if !options.isDryRun { try perform(plan, point) }
            return .pruned(plan.summary(of: point))
        }
    }

    private mutating func perform(_ plan: PrunePlan, _ point: PrunePoint) throws(StoreError) {
        do throws(SnapshotError) { for base in plan.bases { try plan.snapshots.keepTwice(base) } } catch {
            throw error.asStoreError
        }
        if core.storage.isSeeded(.pruneBeforeRecord) {
            let names = core.monitor.withLock { $0.sealed.prefix(point.segments).map(\.name) }
            try remove(names)
        }
        try record(point)
        let removed = try core.monitor.withLock { (log) throws(StoreError) -> [SegmentName] in
            try log.seal()
            try log.beginSegment(prunedSequence: point.closing.sequence)
            let names = log.sealed.prefix(point.segments).map(\.name)
            try log.rebase(to: point.closing.sequence)
            log.wakeFollowers(all: true)
            return names
        }
        try remove(removed)
        try removeVoidSnapshots()
    }

    /// Removes segments, in ascending order; what a crash leaves of them the next opening removes.
    private func remove(_ segments: [SegmentName]) throws(StoreError) {
        try storing { () throws(StorageError) in
            let files = Set(try core.storage.list())
            for name in segments {
                for file in [name.indexFile, name.segmentFile] where files.contains(file) {
                    try core.storage.remove(file)
                }
            }
            try core.storage.syncDirectory()
        }
    }

    /// Appends the commit that records the prune, durably. It carries what the removed segments alone may hold: names, and the caller's last mark.
    private mutating func record(_ point: PrunePoint) throws(StoreError) {
        let mark = try store.lastMark()
        let sequence = try core.monitor.withLock { (log) throws(StoreError) -> UInt64 in
            try log.checkWritable()
            var meta = CommitMeta()
            meta.control = ControlPart(
                pruned: PrunedPart(
                    belowHeight: point.closing.tipHeight + 1, firstSequence: point.closing.sequence + 1))
            if let mark, mark.sequence <= point.closing.sequence, !log.storage.isSeeded(.markLostInPrune) {
                meta.mark = mark.mark
            }
            if !log.storage.isSeeded(.namesLostInPrune) { meta.names = log.namesInLog() }
            batch.stage.clear()
            try log.commit(.control, meta: meta, stage: &batch.stage, rules: rules, builder: &builder)
            return log.state.sequence
        }
        try core.sync(upTo: sequence)
    }

    /// Snapshots as of commits that are gone can be proven by nothing any more.
    private func removeVoidSnapshots() throws(StoreError) {
        let first = store.firstSequence
        do throws(SnapshotError) {
            let catalog = store.snapshots
            try catalog.remove(
                try catalog.entries().filter { entry in
                    guard let identity = entry.identity, identity.storeID == store.id else { return false }
                    return identity.sequence + 1 < first
                })
        } catch {
            throw error.asStoreError
        }
    }
}

extension LogState {
    /// Definitions of all names of the log that the active segment does not define yet.
    fileprivate func namesInLog() -> [NameDefinition] {
        var names: [NameDefinition] = []
        for model in registry.models where model.isInLog && active?.index.defines(model: model.id) != true {
            names.append(
                NameDefinition(kind: .model, id: model.id, version: model.version, name: Array(model.name.utf8)))
        }
        for type in registry.types where type.isInLog && active?.index.defines(type: type.id) != true {
            names.append(NameDefinition(kind: .type, id: type.id, version: 0, name: Array(type.name.utf8)))
        }
        return names
    }
}

extension SnapshotError {
    /// The same for those who deal with the store alone.
    var asStoreError: StoreError {
        switch self {
        case .inputOutput(let operation, let path, let code):
            .inputOutput(operation: operation, path: path, code: code)
        case .store(let error): error
        default: .invalidArgument(description)
        }
    }
}
