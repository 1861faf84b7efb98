import Ashlar
import Glibc

/// Everything that is watched of a store, at one moment.
struct StoreSample {
    /// The file system the store is on.
    struct Disk {
        var totalBytes: UInt64
        /// What is free for users who are not root.
        var freeBytes: UInt64
    }

    /// How the log grows, by its last commits.
    struct Growth {
        var bytesPerDay: Double
        /// Until the disk is full at this rate.
        var daysToFull: Double
    }

    var storeID: String
    var time: Timestamp
    var statistics: StoreStatistics
    /// Commits that are in the log and not known to be durable.
    var unsyncedCommits: UInt64
    /// When the last commit was appended; nil in an empty log.
    var lastAppend: Timestamp?
    var consumers: [ConsumerStatus]
    /// The highest snapshot of each model that has one.
    var snapshotHeights: [(model: String, height: Int64)]
    var disk: Disk?
    var growth: Growth?
    var openSeconds: Double
    var isClean: Bool

    /// How many commits the growth is measured over, and how long they must have taken to tell anything.
    private static let growthCommits: UInt64 = 10_000
    private static let growthSeconds = 3_600.0

    /// Looks at the store at `path`, which is opened beyond its durable sequence, for reading.
    init(path: String, _ store: Store) throws(StoreError) {
        storeID = "\(store.id)"
        time = Timestamp(microseconds: Self.now())
        statistics = try store.statistics()
        unsyncedCommits = statistics.sequence - min(statistics.durableSequence, statistics.sequence)
        consumers = try store.consumers()
        let last = try Self.first(of: store.commits(descending: true))
        lastAppend = last?.appendTime
        snapshotHeights = statistics.models.compactMap { model in
            // Snapshots that cannot be looked at are found by `snapshots verify`; they are no reason to see nothing of the rest.
            let heights = (try? store.snapshotHeights(of: model.name)) ?? []
            return heights.last.map { (model.name, $0) }
        }
        disk = Self.disk(path)
        growth = try Self.growth(store, statistics, until: last?.appendTime, disk)
        openSeconds = Double(store.openNanoseconds) / 1e9
        isClean = store.recovery.isClean
    }

    private static func first(of commits: CommitSequence) throws(StoreError) -> StoredCommit? {
        var iterator = commits.makeIterator()
        return try iterator.next()?.get()
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    private static func disk(_ path: String) -> Disk? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let block = UInt64(status.f_frsize)
        return Disk(totalBytes: UInt64(status.f_blocks) * block, freeBytes: UInt64(status.f_bavail) * block)
    }

    /// From the mean size of a commit and the pace of the last ones; nil if these came within the hour, as in a first synchronisation.
    private static func growth(
        _ store: Store, _ statistics: StoreStatistics, until last: Timestamp?, _ disk: Disk?
    ) throws(StoreError) -> Growth? {
        let count = statistics.sequence - statistics.prunedSequence
        guard let last, let disk, count > 1 else { return nil }
        let back = min(count - 1, growthCommits)
        let sequence = statistics.sequence - back
        guard let first = try Self.first(of: store.commits(sequence...sequence)) else { return nil }
        let seconds = Double(last.microseconds - first.appendTime.microseconds) / 1e6
        guard seconds >= growthSeconds else { return nil }
        let bytes = Double(statistics.bytes) / Double(count) * Double(back) / seconds * 86_400
        return Growth(bytesPerDay: bytes, daysToFull: bytes > 0 ? Double(disk.freeBytes) / bytes : .infinity)
    }

    /// Seconds from `then` to the sample, 0 if it is later.
    func age(of then: Timestamp) -> Double { max(0, Double(time.microseconds - then.microseconds) / 1e6) }
}
