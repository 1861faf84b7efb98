import AshlarFormat

/// Up to where the log can be pruned, what it then starts from, and what keeps it from going further.
struct PrunePlan {
    private(set) var point: PrunePoint?
    private(set) var bases: [BaseSnapshots.Base] = []
    private(set) var obstacles: [PruneObstacle] = []
    private(set) var snapshots: BaseSnapshots

    /// Looks at everything that has a say; reads the snapshots to start from in full.
    init(_ store: Store, _ options: PruneOptions) throws(StoreError) {
        let (points, final) = store.core.monitor.withLock {
            ($0.prunePoints(belowHeight: options.belowHeight), $0.state.finalHeight)
        }
        snapshots = BaseSnapshots(catalog: store.snapshots, view: try store.view(), finalHeight: final)
        if final < 0 || final + 1 < options.belowHeight { add([.notFinal(finalHeight: final >= 0 ? final : nil)]) }
        let consumers = try store.consumers().filter { !options.ignoredConsumers.contains($0.name) }
        do throws(SnapshotError) {
            let folded = try snapshots.models()
            for point in points {
                let behind = Self.consumers(consumers, behind: point)
                add(behind)
                guard behind.isEmpty else { continue }
                let models = point.models.union(folded).subtracting(options.modelsWithoutState)
                guard try findBases(of: models, for: point) else { continue }
                self.point = point
                return
            }
        } catch {
            throw error.asStoreError
        }
    }

    /// Notes obstacles that are not known yet.
    private mutating func add(_ found: [PruneObstacle]) {
        for obstacle in found where !obstacles.contains(obstacle) { obstacles.append(obstacle) }
    }

    private static func consumers(_ consumers: [ConsumerStatus], behind point: PrunePoint) -> [PruneObstacle] {
        consumers.compactMap { status in
            guard status.problem == nil, let position = status.position else {
                return .consumer(name: status.name, sequence: nil)
            }
            return position.wholeSequence < point.closing.sequence
                ? .consumer(name: status.name, sequence: position.wholeSequence) : nil
        }
    }

    private mutating func findBases(of models: Set<String>, for point: PrunePoint) throws(SnapshotError) -> Bool {
        bases = []
        var missing: [PruneObstacle] = []
        for model in models.sorted() {
            if let base = try snapshots.base(of: model, above: point.closing) {
                bases.append(base)
            } else {
                missing.append(.noSnapshot(model: model))
            }
        }
        add(missing)
        return missing.isEmpty
    }

    /// What pruning up to `point` removes.
    func summary(of point: PrunePoint) -> PruneSummary {
        var heights: [String: Int64] = [:]
        for base in bases { heights[base.model] = base.place.height }
        return PruneSummary(
            sequence: point.closing.sequence, height: point.closing.tipHeight, segments: point.segments,
            bytes: point.bytes, bases: heights, obstacles: obstacles)
    }
}
