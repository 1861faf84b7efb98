import Ashlar
import AshlarMetrics
import AshlarStorage
import AshlarTestSupport
import Logging
import MetricsTestKit
import Synchronization
import Testing

/// What was reported, from whatever thread.
private final class Reported: Sendable {
    private let notices = Mutex<[WriterNotice]>([])

    func add(_ notice: WriterNotice) { notices.withLock { $0.append(notice) } }
    var all: [WriterNotice] { notices.withLock { $0 } }

    /// Commits told as durable.
    var synced: UInt64 {
        all.reduce(0) { if case .synced(_, let commits) = $1 { $0 + commits } else { $0 } }
    }

    /// Waits for something that is told by another task, a while at most.
    func wait(until condition: (Reported) -> Bool) async throws -> Bool {
        for _ in 0..<10_000 where !condition(self) { try await Task.sleep(for: .milliseconds(1)) }
        return condition(self)
    }
}

@Suite("What a writer reports")
struct WriterReportTests {
    private func options(_ reported: Reported, _ durability: Durability = .manual) -> WriterOptions {
        Samples.options {
            $0.durability = durability
            $0.report = { reported.add($0) }
        }
    }

    @Test(
        "every commit is told durable once, by whichever sync; opening and undone blocks too",
        arguments: [Durability.manual, .everyBlock, .interval(milliseconds: 5, bytes: 10_000)])
    func commits(durability: Durability) async throws {
        let reported = Reported()
        var made = options(reported, durability)
        made.segmentBytes = 8_192
        var writer = try Writer.open(MemoryStorage(), options: made)
        guard case .opened(_, let recovery)? = reported.all.first else {
            Issue.record("the opening was not told")
            return
        }
        #expect(recovery.isClean)
        for height in 0..<60 as Range<Int64> {
            try writer.append(Samples.block(height), events: Samples.events(height))
        }
        try writer.append(Samples.block(50, "b", on: "a"), events: [])
        try writer.rollback(toHeight: 44)
        try writer.sync()
        let last = writer.sequence
        #expect(try await reported.wait { $0.synced == last })
        let undone = reported.all.compactMap { notice -> [Int64]? in
            if case .undone(let blocks, let height) = notice { [Int64(blocks), height] } else { nil }
        }
        #expect(undone == [[10, 50], [6, 44]])
        try writer.close()
        #expect(reported.synced == last)
    }

    @Test("a failed sync is told once, and whoever hears of it may look at the store")
    func failure() async throws {
        let reported = Reported()
        let disk = SimulatedDisk(seed: 4)
        let store = Mutex<Store?>(nil)
        let seen = Mutex<UInt64>(0)
        var made = options(reported)
        made.report = { notice in
            reported.add(notice)
            guard case .failed = notice else { return }
            store.withLock { if let store = $0 { seen.withLock { $0 = store.sequence } } }
        }
        var writer = try Writer.open(disk, options: made)
        store.withLock { $0 = writer.store }
        try writer.append(Samples.block(0), events: [])
        disk.fail(.sync)
        #expect(throws: StoreError.self) { try writer.sync() }
        #expect(throws: StoreError.self) { try writer.sync() }
        #expect(try await seenSoon(seen) == 1)
        let failures = reported.all.count { if case .failed = $0 { true } else { false } }
        #expect(failures == 1)
        do {
            try writer.close()
            Issue.record("closing did not tell that a commit is not durable")
        } catch {}
    }

    private func seenSoon(_ seen: borrowing Mutex<UInt64>) async throws -> UInt64 {
        for _ in 0..<10_000 where seen.withLock({ $0 }) == 0 { try await Task.sleep(for: .milliseconds(1)) }
        return seen.withLock { $0 }
    }
}

@Suite("Metrics and logs")
struct MetricsTests {
    @Test("syncs, undone blocks and failures are counted, and what stands is recorded under its dimensions")
    func metrics() async throws {
        let backend = TestMetrics()
        let metrics = StoreMetrics(dimensions: [("store", "main")], factory: backend)
        let reported = Reported()
        var writer = try Writer.open(
            MemoryStorage(),
            options: Samples.options {
                $0.durability = .manual
                $0.report = {
                    metrics.report($0)
                    reported.add($0)
                }
            })
        for height in 0..<10 as Range<Int64> {
            try writer.append(Samples.block(height), events: Samples.events(height))
        }
        try writer.rollback(toHeight: 6)
        try writer.sync()
        #expect(try await reported.wait { $0.synced == 11 })
        try metrics.sample(writer.store)
        let labels = [("store", "main")]
        #expect(try backend.expectCounter("ashlar_synced_commits", labels).totalValue == 11)
        #expect(try backend.expectCounter("ashlar_undone_blocks", labels).totalValue == 3)
        #expect(try backend.expectRecorder("ashlar_rollback_depth", labels).values == [3])
        #expect(try backend.expectTimer("ashlar_open_nanoseconds", labels).values.count == 1)
        #expect(try backend.expectTimer("ashlar_sync_nanoseconds", labels).values.isEmpty == false)
        #expect(try backend.expectGauge("ashlar_tip_height", labels).lastValue == 6)
        #expect(try backend.expectGauge("ashlar_sequence", labels).lastValue == 11)
        #expect(try backend.expectGauge("ashlar_unsynced_commits", labels).lastValue == 0)
        metrics.report(.failed(.closed))
        #expect(try backend.expectCounter("ashlar_failures", labels).totalValue == 1)
        metrics.report(.snapshotTaken(model: "utxo", height: 6, file: "f", rawBytes: 10, fileBytes: 5))
        let model = labels + [("model", "utxo")]
        #expect(try backend.expectGauge("ashlar_snapshot_height", model).lastValue == 6)
        #expect(try backend.expectCounter("ashlar_snapshots_taken", model).totalValue == 1)
        try writer.close()
    }

    @Test("each kind of notice has its level, and says in words what happened")
    func log() {
        let lines = Mutex<[(Logger.Level, String)]>([])
        let log = StoreLog(
            Logger(label: "chain") { _ in Lines { level, text in lines.withLock { $0.append((level, text)) } } })
        log.report(.synced(nanoseconds: 1_000_000, commits: 3))
        log.report(.undone(blocks: 2, toHeight: 7))
        log.report(.failed(.inputOutput(operation: "sync", path: "/x", code: 5)))
        log.report(.snapshotSkipped(model: "utxo", file: "f", reason: "damaged"))
        let found = lines.withLock { $0 }
        #expect(found.map(\.0) == [.trace, .notice, .critical, .warning])
        #expect(found[1].1 == "2 blocks undone; the tip is at height 7")
        #expect(found[2].1.contains("/x"))
    }
}

/// A handler that hands each line on.
private struct Lines: LogHandler {
    let take: @Sendable (Logger.Level, String) -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    init(_ take: @escaping @Sendable (Logger.Level, String) -> Void) { self.take = take }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { take(event.level, "\(event.message)") }
}
