import AshlarFormat
import AshlarStorage

extension Projection {
    /// The thread that takes snapshots, told what to do with what comes of them.
    ///
    /// It must not hold the projection: that would be gone only when its own thread let go of it.
    static func makeWorker(
        _ store: Store, _ monitor: Monitor<ProjectionState>, _ options: ProjectionOptions
    ) -> SnapshotWorker {
        SnapshotWorker(store) { task, result in settle(task, result, store, monitor, options) }
    }

    /// After a snapshot: tells of it, tries a failed one again soon, removes earlier ones.
    static func settle(
        _ task: SnapshotTask, _ result: Result<SnapshotTask.Outcome, SnapshotError>, _ store: Store,
        _ monitor: Monitor<ProjectionState>, _ options: ProjectionOptions
    ) {
        let height = task.position.height ?? -1
        switch result {
        case .success(.taken(let entry)):
            options.report?(
                .snapshotTaken(
                    model: task.model, height: height, file: entry.fileName,
                    rawBytes: entry.trailer.map { Int($0.rawBytes) } ?? 0, fileBytes: entry.fileBytes))
        case .success(.void):
            options.report?(.snapshotVoid(model: task.model, height: height))
        case .failure(let error):
            options.report?(.snapshotFailed(model: task.model, height: height, error))
        }
        if case .success(.taken) = result { return retire(task, store, options) }
        // Again a tenth of the interval later: at once would be at every block while the disk is full.
        monitor.withLock { state in
            // While the models are being restored they are touched without the lock; what is restored counts anew.
            guard state.position != nil else { return }
            for slot in state.slots where slot.name.utf8.elementsEqual(task.model.utf8) {
                slot.sinceSnapshot.height = min(
                    slot.sinceSnapshot.height, slot.height - max(task.policy.blocks ?? 0, 0) / 10 * 9)
            }
        }
    }

    /// Removes the model's earlier snapshots, as its policy says. What cannot be removed stays until the next time.
    private static func retire(_ task: SnapshotTask, _ store: Store, _ options: ProjectionOptions) {
        let catalog = SnapshotCatalog(store.core.storage)
        let entries = store.core.retention.withLock { _ -> [SnapshotEntry] in
            guard let view = try? store.view(),
                let retired = try? catalog.retired(
                    by: task.policy.retention, in: view, schemas: [task.model: task.schemaVersion])
            else { return [] }
            let entries = retired.map(\.entry).filter {
                $0.identity?.model.utf8.elementsEqual(task.model.utf8) ?? false
            }
            return (try? catalog.remove(entries)) == nil ? [] : entries
        }
        guard !entries.isEmpty else { return }
        options.report?(.snapshotsRetired(model: task.model, files: entries.map(\.fileName)))
    }

    /// Begins the snapshot that is due most, if any is and none is under way.
    func takeDueSnapshot() {
        guard options.takesSnapshotsInline || !snapshots.isBusy else { return }
        let task = monitor.withLock { state -> SnapshotTask? in
            guard let position = state.position, position.height != nil,
                let slot = state.slots.filter(\.isSnapshotDue).min(by: {
                    $0.sinceSnapshot.height < $1.sinceSnapshot.height
                })
            else { return nil }
            slot.sinceSnapshot = ModelSlot.SinceSnapshot(height: slot.height)
            return slot.snapshot(at: position)
        }
        guard let task else { return }
        if options.takesSnapshotsInline {
            _ = perform(task)
        } else if !snapshots.begin(task) {
            monitor.withLock { state in
                for slot in state.slots where slot.name == task.model { slot.sinceSnapshot.height = -1 }
            }
        }
    }

    /// Takes a snapshot of each model where it stands now, on the calling thread, whatever the policies say.
    ///
    /// Makes the log durable up to there first. Throws the first failure, after trying all. Complexity: O(bytes of the states).
    public func takeSnapshots() throws(SnapshotError) {
        snapshots.drain()
        let tasks = monitor.withLock { state -> [SnapshotTask] in
            guard let position = state.position, position.height != nil else { return [] }
            return state.slots.compactMap { slot in
                slot.sinceSnapshot = ModelSlot.SinceSnapshot(height: slot.height)
                return slot.snapshot(at: position)
            }
        }
        var failure: SnapshotError?
        for task in tasks {
            if case .failure(let error) = perform(task), failure == nil { failure = error }
        }
        if let failure { throw failure }
    }

    private func perform(_ task: SnapshotTask) -> Result<SnapshotTask.Outcome, SnapshotError> {
        let result: Result<SnapshotTask.Outcome, SnapshotError>
        do throws(SnapshotError) {
            result = .success(try task.perform(on: store, isWanted: { true }))
        } catch {
            result = .failure(error)
        }
        Self.settle(task, result, store, monitor, options)
        return result
    }

    /// Puts the best base for a replay up to `limit` into a model that is being restored: a snapshot, or nothing.
    func loadBase(_ slot: ModelSlot, in view: View, upTo limit: Int64) throws(ProjectionError) {
        slot.reset()
        try loadSnapshot(into: slot, in: view, above: -1, upTo: limit)
    }

    /// Puts the highest snapshot with a height above `floor` and up to `limit` in place that is good for the chain of `view`, if there is one.
    ///
    /// One that is damaged, foreign, of a newer format or cannot be decoded is told of and left aside.
    func loadSnapshot(
        into slot: ModelSlot, in view: View, above floor: Int64, upTo limit: Int64
    ) throws(ProjectionError) {
        let catalog = SnapshotCatalog(store.core.storage)
        let choice: SnapshotChoice
        do throws(SnapshotError) {
            choice = try catalog.choose(
                model: slot.name, schemaVersion: slot.schemaVersion, in: view, atOrBelow: limit)
        } catch {
            throw Self.translated(error)
        }
        for (entry, reason) in choice.skipped {
            options.report?(.snapshotSkipped(model: slot.name, file: entry.fileName, reason: reason.description))
        }
        for entry in choice.usable where entry.identity?.height ?? -1 > floor {
            do throws(SnapshotError) {
                try slot.load(try catalog.open(entry))
                return
            } catch {
                options.report?(.snapshotSkipped(model: slot.name, file: entry.fileName, reason: "\(error)"))
            }
        }
    }

    private static func translated(_ error: SnapshotError) -> ProjectionError {
        switch error {
        case .store(let error): .store(error)
        case .inputOutput(let operation, let path, let code):
            .store(.inputOutput(operation: operation, path: path, code: code))
        default: .invalidArgument("\(error)")
        }
    }
}
