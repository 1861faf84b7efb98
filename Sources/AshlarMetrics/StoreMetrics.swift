public import Ashlar
public import CoreMetrics

/// The metrics of a store, in the API of swift-metrics: whatever back end the application has set up gets them.
///
///     let metrics = StoreMetrics()
///     var options = WriterOptions()
///     options.report = { metrics.report($0) }
///     …
///     try metrics.sample(writer.store)   // every few seconds
///
/// What happens (syncs, undone blocks, failures, snapshots) is counted as it is reported; what stands (sequence, sizes, lags) is looked at by
/// `sample`. Appending itself touches no metric. Names begin with `prefix`, an underscore behind it.
public struct StoreMetrics: Sendable {
    private let prefix: String
    private let dimensions: [(String, String)]
    private let factory: any MetricsFactory
    private let syncs: CoreMetrics.Timer
    private let syncedCommits: Counter
    private let opening: CoreMetrics.Timer
    private let undoneBlocks: Counter
    private let rollbackDepth: Recorder
    private let failures: Counter

    /// Metrics with these dimensions on each, such as the store's name.
    public init(
        prefix: String = "ashlar", dimensions: [(String, String)] = [],
        factory: any MetricsFactory = MetricsSystem.factory
    ) {
        self.prefix = prefix
        self.dimensions = dimensions
        self.factory = factory
        func name(_ suffix: String) -> String { prefix + "_" + suffix }
        syncs = CoreMetrics.Timer(label: name("sync_nanoseconds"), dimensions: dimensions, factory: factory)
        syncedCommits = Counter(label: name("synced_commits"), dimensions: dimensions, factory: factory)
        opening = CoreMetrics.Timer(label: name("open_nanoseconds"), dimensions: dimensions, factory: factory)
        undoneBlocks = Counter(label: name("undone_blocks"), dimensions: dimensions, factory: factory)
        rollbackDepth = Recorder(
            label: name("rollback_depth"), dimensions: dimensions, aggregate: true, factory: factory)
        failures = Counter(label: name("failures"), dimensions: dimensions, factory: factory)
    }

    /// Counts what a writer reports.
    public func report(_ notice: WriterNotice) {
        switch notice {
        case .opened(let nanoseconds, let recovery):
            opening.recordNanoseconds(Int64(clamping: nanoseconds))
            counter(recovery.isClean ? "openings_clean" : "openings_recovered").increment()
        case .synced(let nanoseconds, let commits):
            syncs.recordNanoseconds(Int64(clamping: nanoseconds))
            syncedCommits.increment(by: Int64(clamping: commits))
        case .undone(let blocks, _):
            undoneBlocks.increment(by: Int64(clamping: blocks))
            rollbackDepth.record(Int64(clamping: blocks))
        case .failed: failures.increment()
        }
    }

    /// Counts what a projection reports, by model.
    public func report(_ notice: ProjectionNotice) {
        switch notice {
        case .snapshotTaken(let model, let height, _, let rawBytes, let fileBytes):
            counter("snapshots_taken", model).increment()
            gauge("snapshot_height", ("model", model)).record(height)
            gauge("snapshot_raw_bytes", ("model", model)).record(rawBytes)
            gauge("snapshot_file_bytes", ("model", model)).record(fileBytes)
        case .snapshotFailed(let model, _, _): counter("snapshots_failed", model).increment()
        case .snapshotVoid(let model, _): counter("snapshots_void", model).increment()
        case .snapshotSkipped(let model, _, _): counter("snapshots_skipped", model).increment()
        case .snapshotsRetired(let model, let files): counter("snapshots_retired", model).increment(by: files.count)
        }
    }

    /// Looks at a store and records what stands: sequence, tip, events, bytes, what is not durable, and how far consumers are behind.
    ///
    /// Throws `corrupt`, `inputOutput`. Complexity: that of `Store.statistics()`; for every few seconds, not for every block.
    public func sample(_ store: Store) throws(StoreError) {
        let statistics = try store.statistics()
        gauge("sequence").record(statistics.sequence)
        gauge("durable_sequence").record(statistics.durableSequence)
        gauge("unsynced_commits").record(
            statistics.sequence - min(statistics.durableSequence, statistics.sequence))
        gauge("tip_height").record(statistics.tip?.block.height ?? -1)
        gauge("final_height").record(statistics.finalHeight ?? -1)
        gauge("events").record(statistics.events)
        gauge("canonical_events").record(statistics.canonicalEvents)
        gauge("segments").record(statistics.segments)
        gauge("segment_bytes").record(statistics.bytes)
        gauge("index_bytes").record(statistics.indexBytes)
        for consumer in try store.consumers() {
            guard let lag = consumer.lag else { continue }
            gauge("consumer_lag_commits", ("consumer", consumer.name)).record(lag.commits)
            gauge("consumer_lag_seconds", ("consumer", consumer.name)).record(lag.seconds)
        }
    }

    private func counter(_ suffix: String, _ model: String? = nil) -> Counter {
        let more = model.map { [("model", $0)] } ?? []
        return Counter(label: prefix + "_" + suffix, dimensions: dimensions + more, factory: factory)
    }

    private func gauge(_ suffix: String, _ more: (String, String)...) -> Gauge {
        Gauge(label: prefix + "_" + suffix, dimensions: dimensions + more, factory: factory)
    }
}
