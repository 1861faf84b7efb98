import AshlarFormat
package import AshlarStorage

extension Store {
    /// Writes a new store at `target` from the one at `source`, commit for commit, as `transform` says; beside a live writer too.
    ///
    /// Every sequence, rollback, block taken up again, mark, key, time and final height is that of the source; versions count the events that
    /// are there. A run that is stopped, or killed at any point, is gone on with by the next one with the same arguments. With
    /// `DerivationOptions.End.withSwitch` the two directories change places at the end, in one step: the derived store then stands at `source`
    /// and the old one at `target`; open it anew. The source is never changed, nothing is deleted. Snapshots and consumers beside the
    /// source's log are of that store, whose identity the target does not have: they are not copied.
    ///
    /// `progress` is called now and then, from this thread, and tells whether to go on. Throws `notAStore`, `otherDerivation` if something else
    /// is at `target`, `inUse` if a writer has what the run needs, `derivationFailed` for what the transform throws or cannot be derived,
    /// `unsupported` where directories cannot be exchanged, `corrupt`, `inputOutput`. What was derived is durable when this returns.
    /// Complexity: O(log), in constant memory beyond the transform's state.
    public static func derive(
        from source: String, to target: String, transform: some Derivation,
        options: DerivationOptions = DerivationOptions(),
        progress: (DerivationProgress) -> DerivationStep = { _ in .goOn }
    ) throws(StoreError) -> DerivationReport {
        guard try storing({ () throws(StorageError) in try SystemCalls.kind(of: source) }) == .directory else {
            throw .notAStore(path: source)
        }
        if case .withSwitch = options.end,
            let report = try DerivationRun.switchedBefore(source, target, transform)
        {
            return report
        }
        try checkPlaces(source, target)
        let from = try storing { () throws(StorageError) in try FileStorage(path: source) }
        // A source that cannot be read leaves no directory behind.
        _ = try open(from)
        let kind = try storing { () throws(StorageError) in try SystemCalls.kind(of: target) }
        if kind == .other { throw .otherDerivation(path: target, reason: "it is no directory") }
        let to = try storing { () throws(StorageError) in try FileStorage.create(path: target) }
        return try derive(from: from, to: to, transform: transform, options: options, progress: progress) {
            () throws(StorageError) in try SystemCalls.exchange(target, with: source)
        }
    }

    /// The same over storages; `exchange` makes what is at the target's place stand at the source's, and the other way round.
    package static func derive(
        from source: any Storage, to target: any Storage, transform: some Derivation,
        options: DerivationOptions = DerivationOptions(),
        progress: (DerivationProgress) -> DerivationStep = { _ in .goOn },
        exchange: () throws(StorageError) -> Void = {}
    ) throws(StoreError) -> DerivationReport {
        try DerivationRun(source: source, target: target, options: options).run(transform, progress, exchange)
    }

    /// Throws unless the two paths are two places, neither in the other.
    private static func checkPlaces(_ source: String, _ target: String) throws(StoreError) {
        let from = try storing { () throws(StorageError) in try SystemCalls.resolved(source) }
        let to = try storing { () throws(StorageError) in try SystemCalls.resolved(target) }
        guard from != to else { throw .invalidArgument("source and target are the same directory, \(from)") }
        guard !to.hasPrefix(from + "/") else {
            throw .invalidArgument("the target \(to) would be inside the source; choose a place beside it")
        }
        guard !from.hasPrefix(to + "/") else {
            throw .invalidArgument("the source \(from) is inside the target; choose a place beside it")
        }
    }
}
