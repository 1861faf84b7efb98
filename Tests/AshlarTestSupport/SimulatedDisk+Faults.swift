import AshlarStorage

extension SimulatedDisk {
    /// What a call does; the raw value is the verb in its error.
    package enum Operation: String, CaseIterable, Sendable {
        case list, open, create, read, write, sync, truncate, size, remove, rename
        case syncDirectory

        /// Whether it changes something: those are what `cutPower(atChange:)` counts.
        package var isChange: Bool {
            switch self {
            case .list, .open, .read, .size: false
            case .create, .write, .sync, .truncate, .remove, .rename, .syncDirectory: true
            }
        }
    }

    /// The faults that are set, and the counters they are set by.
    struct Faults: Sendable {
        struct Fault: Sendable {
            var operation: Operation
            /// How many more calls succeed before.
            var remaining: Int
            var code: Int32
            var file: String?
        }

        var pending: [Fault] = []
        var counts: [Operation: Int] = [:]
        var changes = 0
        /// Calls that failed as they were told to.
        var strikes = 0
        var cutAtChange: Int?
        /// A point, and how often it is still passed before the power goes there.
        var cutAtPoint: (point: Point, passes: Int)?
        /// The power is off: every call fails.
        var isDead = false
        /// Bytes all files may have together.
        var capacity: Int?
    }

    /// Lets the call of `operation` after the next `skipping` ones fail with `code`, once; only calls for files whose name contains `file`,
    /// if given, count.
    package func fail(
        _ operation: Operation, skipping: Int = 0, code: Int32 = SystemCalls.inputOutput, file: String? = nil
    ) {
        state.withLock {
            $0.faults.pending.append(Faults.Fault(operation: operation, remaining: skipping, code: code, file: file))
        }
    }

    /// Takes back all faults that were set and have not struck yet.
    package func clearFaults() {
        state.withLock {
            $0.faults.pending = []
            $0.faults.cutAtChange = nil
            $0.faults.cutAtPoint = nil
            $0.faults.capacity = nil
        }
    }

    /// Turns the power off in the midst of the `number`-th change from now on (1 is the next): it may or may not still take effect, and it
    /// and all later calls fail.
    package func cutPower(atChange number: Int) {
        state.withLock { $0.faults.cutAtChange = $0.faults.changes + number }
    }

    /// The same, in the midst of the call that passes `point` after so many others have.
    package func cutPower(at point: Point, after passes: Int) {
        state.withLock { $0.faults.cutAtPoint = (point, passes) }
    }

    /// Whether a call that changes nothing is to fail.
    package var isReadFaultPending: Bool {
        state.withLock { $0.faults.pending.contains { !$0.operation.isChange } }
    }

    /// Whether the power is off.
    package var isDead: Bool { state.withLock { $0.faults.isDead } }

    /// Changes so far.
    package var changes: Int { state.withLock { $0.faults.changes } }

    /// Calls of `operation` so far.
    package func count(_ operation: Operation) -> Int { state.withLock { $0.faults.counts[operation] ?? 0 } }

    /// Limits the sum of all files' sizes; writing beyond it fails with ENOSPC, perhaps after a part was written.
    package func limit(toBytes capacity: Int?) { state.withLock { $0.faults.capacity = capacity } }

    /// The sum of all files' sizes.
    package var usedBytes: Int { state.withLock { $0.usedBytes } }
}

extension SimulatedDisk.State {
    enum Outcome {
        case proceed
        /// The power goes off during this call.
        case cut
    }

    /// Counts a call and throws if it is to fail.
    @discardableResult
    mutating func begin(
        _ operation: SimulatedDisk.Operation, _ path: String, file: Int? = nil, writing: WrittenBytes? = nil
    ) throws(StorageError) -> Outcome {
        guard !faults.isDead else {
            throw StorageError(operation: operation.rawValue, path: path, code: SystemCalls.inputOutput)
        }
        faults.counts[operation, default: 0] += 1
        let point = pass(operation, path, writing, file: file)
        for index in faults.pending.indices where faults.pending[index].operation == operation {
            let fault = faults.pending[index]
            if let file = fault.file, !path.contains(file) { continue }
            if fault.remaining > 0 {
                faults.pending[index].remaining -= 1
                continue
            }
            faults.pending.remove(at: index)
            noteFault(at: point)
            throw StorageError(operation: operation.rawValue, path: path, code: fault.code)
        }
        guard operation.isChange else { return .proceed }
        faults.changes += 1
        guard isCut(at: point) else { return .proceed }
        faults.isDead = true
        noteCut(at: point)
        if random.chance(50) { return .cut }
        throw StorageError(operation: operation.rawValue, path: path, code: SystemCalls.inputOutput)
    }

    /// Whether the power goes at this change, which passes `point`.
    private mutating func isCut(at point: SimulatedDisk.Point) -> Bool {
        if let cut = faults.cutAtPoint, cut.point == point {
            guard cut.passes > 0 else { return true }
            faults.cutAtPoint?.passes -= 1
        }
        return faults.cutAtChange.map { faults.changes >= $0 } ?? false
    }

    var usedBytes: Int {
        Set(directory.visible.values).reduce(0) { $0 + (files[$1]?.visible.count ?? 0) }
    }

    /// How many bytes of a write still fit.
    func room(for id: Int, offset: Int, count: Int) -> Int {
        guard let capacity = faults.capacity else { return count }
        let size = files[id]?.visible.count ?? 0
        return max(0, min(count, capacity - usedBytes + size - offset))
    }
}
