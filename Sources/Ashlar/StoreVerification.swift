import AshlarFormat
package import AshlarStorage
import Synchronization

/// How far a verification has come.
public struct VerifyProgress: Sendable, Hashable {
    /// Bytes of segment files checked.
    public var bytesDone: Int
    /// Bytes of segment files in all.
    public var bytesTotal: Int
}

/// What a verification found.
public struct VerifyReport: Sendable, Hashable {
    /// Segment files looked at.
    public var segments = 0
    /// Commits that check out.
    public var commits: UInt64 = 0
    /// Events in them.
    public var events: UInt64 = 0
    /// Bytes of segment files.
    public var bytes = 0
    /// The highest sequence proven durable.
    public var durableSequence: UInt64 = 0
    /// Damage, in the order of the log.
    public var problems: [Corruption] = []
    /// What is no damage, but worth knowing: a torn tail, a footer that was rebuilt.
    public var notices: [String] = []

    /// Whether there is no damage.
    public var isSound: Bool { problems.isEmpty }
}

/// Checks a whole store: every segment, CRC, chain value, parent, and every footer against its content.
public enum StoreVerification {
    /// Verifies the store at `path` with up to `threads` threads, also beside a live writer; changes nothing.
    ///
    /// Damage is in the report, not thrown. Throws `notAStore`, `unsupported`, `inputOutput`. `progress` is called from several threads, about
    /// once a MiB. Complexity: reads every byte once.
    public static func run(
        at path: String, threads: Int = 2, progress: @escaping @Sendable (VerifyProgress) -> Void = { _ in }
    ) throws(StoreError) -> VerifyReport {
        let kind = try storing { () throws(StorageError) in try SystemCalls.kind(of: path) }
        guard kind == .directory else { throw .notAStore(path: path) }
        return try run(
            try storing { () throws(StorageError) in try FileStorage(path: path) }, threads: threads, progress: progress
        )
    }

    package static func run(
        _ storage: any Storage, threads: Int = 1, progress: @escaping @Sendable (VerifyProgress) -> Void = { _ in }
    ) throws(StoreError) -> VerifyReport {
        var report = VerifyReport()
        let note = try LogOpening(storage: storage, horizon: .committed).readNote()
        // Opening judges what only the whole log can tell: missing numbers, foreign files, the torn tail, the index.
        do throws(StoreError) {
            let store = try StoreCore.openForReading(storage, horizon: .committed)
            report.durableSequence = store.monitor.withLock { $0.durable.sequence }
            if !store.recovery.isClean { report.notices.append(store.recovery.description) }
            let last = store.monitor.withLock { $0.state.sequence }
            if note == nil, last > report.durableSequence {
                report.notices.append(
                    "the durability note is missing or damaged: commits \(report.durableSequence + 1)–\(last) are whole but not proven durable; "
                        + "readers leave them out (see them with --committed) until the store is opened for writing")
            }
        } catch {
            guard case .corrupt(let corruption) = error else { throw error }
            report.problems.append(corruption)
            report.durableSequence = note?.sequence ?? 0
        }
        let files = try storing { () throws(StorageError) in try storage.list() }
        for name in files.sorted() where name.hasSuffix(ConsumerFileName.suffix) {
            if let notice = try notice(ofConsumer: name, storage) { report.notices.append(notice) }
        }
        let names = files.compactMap { SegmentName(fileName: $0) }.sorted { $0.number < $1.number }
        let jobs = try jobs(names, storage)
        report.segments = jobs.count
        report.bytes = jobs.reduce(0) { $0 + $1.size }
        let results = try check(
            jobs, storage, durable: report.durableSequence, threads: threads,
            counter: ProgressCounter(total: report.bytes, report: progress))
        for result in results { report.take(result) }
        return report
    }

    /// What is wrong with a consumer's file: no damage to the store, but its consumer will want to know.
    private static func notice(ofConsumer name: String, _ storage: any Storage) throws(StoreError) -> String? {
        do throws(StoreError) {
            _ = try ConsumerSlot.read(
                try storing { () throws(StorageError) in try storage.open(name, .read) }, named: name)
            return nil
        } catch {
            if case .corrupt(let corruption) = error { return "\(corruption)" }
            // Removed meanwhile.
            if case .inputOutput(_, _, SystemCalls.notFound) = error { return nil }
            throw error
        }
    }

    /// A segment to check, and the header of the one behind it.
    struct Job: Sendable {
        var name: SegmentName
        var size: Int
        var next: SegmentHeader?
        var isLast: Bool
    }

    private static func jobs(_ names: [SegmentName], _ storage: any Storage) throws(StoreError) -> [Job] {
        let loading = SegmentLoading(storage: storage)
        var jobs: [Job] = []
        for (position, name) in names.enumerated() {
            let file = try storing { () throws(StorageError) in try storage.open(name.segmentFile, .read) }
            let size = try storing { () throws(StorageError) in try file.size() }
            if position > 0 { jobs[position - 1].next = try? loading.header(name, file) }
            jobs.append(Job(name: name, size: size, next: nil, isLast: position == names.count - 1))
        }
        return jobs
    }

    private static func check(
        _ jobs: [Job], _ storage: any Storage, durable: UInt64, threads: Int, counter: ProgressCounter
    ) throws(StoreError) -> [SegmentVerifier.Found] {
        try ParallelWork.run(jobs.count, threads: threads) { (index) throws(StoreError) in
            var verifier = SegmentVerifier(jobs[index], storage, durable: durable, counter: counter)
            return try verifier.run()
        }
    }
}

extension VerifyReport {
    mutating func take(_ found: SegmentVerifier.Found) {
        commits += found.commits
        events += found.events
        notices += found.notices
        for problem in found.problems
        where !problems.contains(where: { $0.file == problem.file && $0.offset == problem.offset }) {
            problems.append(problem)
        }
    }
}

/// Adds up the bytes that several threads have checked.
final class ProgressCounter: Sendable {
    private let done = Mutex(0)
    private let total: Int
    private let report: @Sendable (VerifyProgress) -> Void

    init(total: Int, report: @escaping @Sendable (VerifyProgress) -> Void) {
        self.total = total
        self.report = report
    }

    func add(_ bytes: Int) {
        let sum = done.withLock { done in
            done += bytes
            return done
        }
        report(VerifyProgress(bytesDone: min(sum, total), bytesTotal: total))
    }
}
