public import Ashlar
public import Logging

/// Writes what a writer and its projections report to a logger of swift-log.
///
///     let log = StoreLog(Logger(label: "chain"))
///     options.report = { log.report($0) }
///
/// No payload is logged, nor anything else that came from the chain but names of models.
public struct StoreLog: Sendable {
    private let logger: Logger

    /// A log that writes to `logger`.
    public init(_ logger: Logger) { self.logger = logger }

    /// Failures are critical, a recovery that cut a tail a warning, undone blocks a notice, openings info, syncs trace.
    public func report(_ notice: WriterNotice) {
        let level: Logger.Level =
            switch notice {
            case .opened(_, let recovery): recovery.isClean ? .info : .warning
            case .synced: .trace
            case .undone: .notice
            case .failed: .critical
            }
        logger.log(level: level, "\(notice)")
    }

    /// Snapshots that failed or could not be used are warnings, all else is debug.
    public func report(_ notice: ProjectionNotice) {
        let level: Logger.Level =
            switch notice {
            case .snapshotFailed, .snapshotSkipped: .warning
            case .snapshotTaken, .snapshotVoid, .snapshotsRetired: .debug
            }
        logger.log(level: level, "\(notice)")
    }
}
