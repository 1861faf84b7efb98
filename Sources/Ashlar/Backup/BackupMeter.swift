/// Counts the bytes that are done with and asks the caller whether to go on.
final class BackupMeter {
    private let report: (BackupProgress) -> BackupStep
    private var done = 0
    var total: Int?

    init(total: Int?, _ report: @escaping (BackupProgress) -> BackupStep) {
        self.total = total
        self.report = report
    }

    /// Adds bytes; throws `stopped` if the caller wants no more.
    func add(_ bytes: Int) throws(BackupError) {
        done += bytes
        let progress = BackupProgress(bytesDone: total.map { min(done, $0) } ?? done, bytesTotal: total)
        if report(progress) == .stop { throw .stopped }
    }

    /// Begins anew.
    func restart(total: Int) {
        (done, self.total) = (0, total)
    }
}

/// Bytes that are read and written at once.
let backupChunkBytes = 1 << 20
