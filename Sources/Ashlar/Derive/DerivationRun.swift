import AshlarFormat
import AshlarStorage

/// One run of a derivation, from opening the source to the switch.
///
/// While it follows, it takes only what is durable in the source: nothing that a power cut could still replace there.
struct DerivationRun {
    let source: any Storage
    let target: any Storage
    let options: DerivationOptions

    func run<D: Derivation>(
        _ derivation: D, _ progress: (DerivationProgress) -> DerivationStep, _ exchange: () throws(StorageError) -> Void
    ) throws(StoreError) -> DerivationReport {
        let store = try Store.open(source)
        let place = try DerivationTarget(target, derivation, source: store)
        let writer = try place.open(options.writer, like: store)
        var deriver = Deriver(derivation, from: store, to: writer, undoDepth: options.undoDepth)
        // A target left by a run that died just before the switch may hold what the source has not proven durable.
        if deriver.writer.sequence > store.sequence {
            deriver.read(from: try Store.open(source, horizon: .committed))
        }
        try deriver.resume()
        deriver.read(from: store)
        deriver.report.resumedAt = deriver.report.sequence
        var lock: (any StorageLock)?
        deriver.report.outcome = try follow(&deriver, progress, &lock)
        let report = deriver.report
        try deriver.close()
        guard let lock else { return report }
        defer { withExtendedLifetime(lock) {} }
        return try switchOver(report, place, exchange)
    }

    /// Derives until the run is to end; `lock` is the source's writer lock if the switch is next.
    private func follow<D: Derivation>(
        _ deriver: inout Deriver<D>, _ progress: (DerivationProgress) -> DerivationStep,
        _ lock: inout (any StorageLock)?
    ) throws(StoreError) -> DerivationReport.Outcome {
        var deadline: UInt64?
        while true {
            guard try deriver.catchUp(progress) else { return .stopped }
            if try deriver.source.refresh() { continue }
            switch options.end {
            case .whenCaughtUp: return .caughtUp
            case .never: break
            case .withSwitch(let waitSeconds):
                if deadline == nil, let waitSeconds {
                    deadline = SystemCalls.monotonicNanoseconds() + UInt64(max(0, min(waitSeconds, 1e9)) * 1e9)
                }
                lock = try lockSource(until: deadline)
                guard lock == nil else { return try catchUpFinally(&deriver, progress) }
            }
            SystemCalls.pause(milliseconds: max(1, options.followMilliseconds))
        }
    }

    /// The source's writer lock, or nil if a writer has it and there is time to wait.
    private func lockSource(until deadline: UInt64?) throws(StoreError) -> (any StorageLock)? {
        switch try storing({ () throws(StorageError) in try source.lock(SegmentName.lockFile) }) {
        case .acquired(let lock): return lock
        case .held(let processID):
            if let deadline, SystemCalls.monotonicNanoseconds() >= deadline {
                throw .inUse(path: source.path, processID: processID)
            }
            return nil
        }
    }

    /// Takes the rest, now that nobody writes: also what is not proven durable, which the next writer would keep.
    private func catchUpFinally<D: Derivation>(
        _ deriver: inout Deriver<D>, _ progress: (DerivationProgress) -> DerivationStep
    ) throws(StoreError) -> DerivationReport.Outcome {
        deriver.read(from: try Store.open(source, horizon: .committed))
        return try deriver.catchUp(progress) ? .switched : .stopped
    }

    /// The target is whole and durable, and the source locked: they change places.
    private func switchOver(
        _ report: DerivationReport, _ place: DerivationTarget, _ exchange: () throws(StorageError) -> Void
    ) throws(StoreError) -> DerivationReport {
        guard report.outcome == .switched else { return report }
        do throws(StorageError) { try exchange() } catch {
            let cannot = [SystemCalls.invalid, SystemCalls.notSupported, SystemCalls.notImplemented]
            if error.code == SystemCalls.crossesDevices {
                throw .unsupported(
                    "\(source.path) and \(target.path) are not on one file system, so they cannot be exchanged in one step; derive to a directory beside the source. The target is whole and durable"
                )
            }
            guard cannot.contains(error.code) else { throw StoreError(error) }
            throw .unsupported(
                "this file system cannot exchange two directories in one step; the target is whole and durable: with no writer running, move \(source.path) away and \(target.path) to its place"
            )
        }
        // Last: without its note a target could not be gone on with.
        try place.finish()
        return report
    }

    /// What to report if a run of the same derivation was cut off just behind its switch: the old store stands at the target's path.
    static func switchedBefore(
        _ source: String, _ target: String, _ derivation: some Derivation
    ) throws(StoreError) -> DerivationReport? {
        let kind = try storing { () throws(StorageError) in try SystemCalls.kind(of: target) }
        guard kind == .directory else { return nil }
        let derived = try storing { () throws(StorageError) in try FileStorage(path: source) }
        let old = try storing { () throws(StorageError) in try FileStorage(path: target) }
        return try switchedBefore(derived, old, derivation)
    }

    static func switchedBefore(
        _ derived: any Storage, _ old: any Storage, _ derivation: some Derivation
    ) throws(StoreError) -> DerivationReport? {
        guard let found = try DerivationTarget.readNote(in: derived) else { return nil }
        let files = try storing { () throws(StorageError) in try old.list() }
        guard files.contains(where: { SegmentName(fileName: $0) != nil }), try DerivationTarget.readNote(in: old) == nil
        else { return nil }
        let place = try DerivationTarget(derived, derivation, source: try Store.open(old))
        guard place.note == found else { return nil }
        let store = try Store.open(derived)
        var report = DerivationReport()
        report.outcome = .switched
        report.sequence = store.sequence
        report.resumedAt = store.sequence
        report.targetID = store.id
        try place.finish()
        return report
    }
}
