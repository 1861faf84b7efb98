import AshlarStorage
import AshlarTestSupport
import Synchronization
import Testing

@testable import Ashlar
@testable import AshlarFormat

/// What a subscription delivered so far, for a test that looks from outside.
final class Delivered: Sendable {
    private let state = Mutex<(texts: [String], last: UInt64, failure: StoreError?, isOver: Bool)>(([], 0, nil, false))

    var texts: [String] { state.withLock { $0.texts } }
    var last: UInt64 { state.withLock { $0.last } }
    var failure: StoreError? { state.withLock { $0.failure } }
    var isOver: Bool { state.withLock { $0.isOver } }

    func take(_ batch: StepBatch) {
        let texts = StepTexts.of(batch)
        state.withLock {
            $0.texts += texts
            $0.last = batch.cursor.sequence
        }
    }

    func end(_ failure: StoreError?) { state.withLock { ($0.failure, $0.isOver) = (failure, true) } }

    /// Follows a subscription in a task of its own.
    func follow(_ subscription: Subscription) -> Task<Void, Never> {
        Task {
            do throws(StoreError) {
                for try await batch in subscription { take(batch) }
                end(nil)
            } catch {
                end(error)
            }
        }
    }

    /// Waits until something holds, half a minute at most.
    func wait(_ what: String, until condition: @Sendable (Delivered) -> Bool) async {
        for _ in 0..<3_000 {
            if condition(self) { return }
            try? await Task.sleep(nanoseconds: 10_000_000)
        }
        Issue.record("it did not come to that: \(what)")
    }
}

@Suite("Following: live")
struct LiveFollowingTests {
    private func subscription(
        _ store: Store, _ horizon: ReadHorizon = .durable, batchEvents: Int = 7
    ) throws -> Subscription {
        var options = SubscriptionOptions()
        options.horizon = horizon
        options.batchEvents = batchEvents
        return try store.subscribe(options: options)
    }

    private func append(_ writer: inout Writer, _ heights: Range<Int64>) throws {
        for height in heights {
            try writer.append(block(height), events: events(height))
            if height % 5 == 4 { try writer.append(block(height, 1, on: 0), events: events(height, 1)) }
            if height % 5 == 4 { try writer.append(block(height), events: events(height)) }
            if height % 9 == 8 { try writer.appendFloating(events(height)) }
        }
    }

    @Test(
        "in the writer's process all steps come while it appends, and closing it ends the sequence behind the last",
        arguments: [ReadHorizon.durable, .committed], [Durability.everyBlock, .manual])
    func beside(horizon: ReadHorizon, durability: Durability) async throws {
        let storage = MemoryStorage()
        var writer = try Writer.open(storage, options: options(segmentBytes: 8_192, durability: durability))
        let delivered = Delivered()
        let task = delivered.follow(try subscription(writer.store, horizon))
        let store = writer.store
        for round in 0..<4 {
            // Only who really waits shows that somebody wakes it.
            await delivered.wait("a waiter") { _ in store.core.monitor.withLock { !$0.followers.isEmpty } }
            try append(&writer, Self.rounds[round])
            guard horizon == .committed || durability == .everyBlock else { continue }
            let last = writer.sequence
            await delivered.wait("all that was appended") { $0.last == last }
        }
        try writer.sync()
        let last = writer.sequence
        await delivered.wait("all that is durable") { $0.last == last }
        try append(&writer, 40..<60)
        try writer.close()
        await task.value
        #expect(delivered.failure == nil)
        #expect(try delivered.texts == Store.open(storage).stepTexts().texts)
    }

    private static let rounds: [Range<Int64>] = [0..<1, 1..<2, 2..<20, 20..<40]

    @Test("nothing is delivered before it is durable, unless asked for")
    func horizons() throws {
        var writer = try Writer.open(MemoryStorage(), options: options())
        var durable = try writer.store.follow()
        var beyond = SubscriptionOptions()
        beyond.horizon = .committed
        var committed = try writer.store.follow(options: beyond)
        try writer.append(0...3)
        #expect(try durable.next()?.cursor == nil)
        #expect(try durable.wait(upToMilliseconds: 1) == .timedOut)
        #expect(try committed.wait(upToMilliseconds: 60_000) == .more)
        #expect(try committed.next()?.cursor.sequence == 4)
        try writer.sync()
        #expect(try durable.wait(upToMilliseconds: 60_000) == .more)
        #expect(try durable.next()?.cursor.sequence == 4)
        let store = writer.store
        try writer.close()
        #expect(try durable.wait(upToMilliseconds: 60_000) == .ended)
        // Who comes later still gets everything, and then the end.
        var late = try store.follow()
        #expect(try late.next()?.cursor.sequence == 4)
        #expect(try late.next()?.cursor == nil)
        #expect(try late.wait(upToMilliseconds: 60_000) == .ended)
    }

    @Test("a thread that waits is woken by an append, and by the end")
    func blockingWait() throws {
        var writer = try Writer.open(MemoryStorage(), options: options())
        let store = writer.store
        let found = Mutex<[UInt64]>([])
        let failures = SharedFailures()
        let thread = try WorkerThread {
            do {
                var options = SubscriptionOptions()
                options.horizon = .committed
                var follower = try store.follow(options: options)
                while try follower.wait(upToMilliseconds: 60_000) == .more {
                    while let batch = try follower.next() { found.withLock { $0.append(batch.cursor.sequence) } }
                }
            } catch { failures.add("\(error)") }
        }
        try writer.append(0...20)
        try writer.close()
        thread.join()
        #expect(failures.all.isEmpty)
        #expect(found.withLock { $0.last } == 21)
        #expect(store.core.monitor.withLock { $0.followers.isEmpty })
    }

    @Test(
        "cancelling the task ends the sequence, and leaves no waiter behind",
        arguments: [ReadHorizon.durable, .committed], [true, false])
    func cancellation(horizon: ReadHorizon, isEarly: Bool) async throws {
        var writer = try Writer.open(MemoryStorage(), options: options())
        try writer.append(0...3)
        try writer.sync()
        let delivered = Delivered()
        let task = delivered.follow(try subscription(writer.store, horizon))
        let store = writer.store
        if !isEarly {
            await delivered.wait("a waiter") { _ in store.core.monitor.withLock { $0.followers.count == 1 } }
            #expect(delivered.last == 4)
        }
        task.cancel()
        await task.value
        #expect(delivered.isOver && delivered.failure == nil)
        #expect(store.core.monitor.withLock { $0.followers.isEmpty })
        try writer.append(4...5)
        try writer.close()
    }

    @Test("a task that was cancelled before it waits does not wait")
    func cancelledBefore() async throws {
        var writer = try Writer.open(MemoryStorage(), options: options())
        try writer.append(0...3)
        let store = writer.store
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            await store.core.waitForMore(past: store.sequence, .committed)
        }
        task.cancel()
        await task.value
        #expect(store.core.monitor.withLock { $0.followers.isEmpty })
        try writer.close()
    }

    @Test("nothing is read ahead: a consumer that is slow costs no memory")
    func backPressure() async throws {
        let disk = SimulatedDisk(seed: 4)
        var writer = try Writer.open(disk, options: options(segmentBytes: 4_096))
        for height in 0..<40 as Range<Int64> { try writer.append(block(height), events: events(height)) }
        try writer.close()
        let store = try Store.open(disk)
        var iterator = try subscription(store, batchEvents: 1).makeAsyncIterator()
        let first = try #require(try await iterator.next())
        #expect(first.eventCount == 1 && first.cursor.sequence == 1)
        // The next read fails; as long as nobody asks, none is made.
        disk.fail(.read)
        for _ in 0..<100 { await Task.yield() }
        var failure: StoreError?
        var last: UInt64 = 0
        do throws(StoreError) {
            while let batch = try await iterator.next(), batch.cursor.sequence < 40 { last = batch.cursor.sequence }
        } catch {
            failure = error
        }
        guard case .inputOutput = failure else {
            Issue.record("somebody else met the failing read, or nobody: \(String(describing: failure)) at \(last)")
            return
        }
    }

    @Test("a writer that fails makes a live sequence throw, after everything durable")
    func poisoned() async throws {
        let disk = SimulatedDisk(seed: 2)
        var writer = try Writer.open(disk, options: options())
        try writer.append(0...3)
        try writer.sync()
        let delivered = Delivered()
        let task = delivered.follow(try subscription(writer.store))
        await delivered.wait("what is durable") { $0.last == 4 }
        try writer.append(4...4)
        disk.fail(.sync)
        #expect(throws: StoreError.self) { try writer.sync() }
        await task.value
        guard case .poisoned = delivered.failure else {
            Issue.record("\(String(describing: delivered.failure))")
            return
        }
        #expect(delivered.last == 4)
        _ = closing(writer)
    }

    @Test("a store opened for reading beside the writer sees all steps", arguments: [ReadHorizon.durable, .committed])
    func readOnly(horizon: ReadHorizon) async throws {
        let storage = MemoryStorage()
        var writer = try Writer.open(storage, options: options(segmentBytes: 8_192))
        let reader = try Store.open(storage, horizon: horizon)
        let delivered = Delivered()
        let task = delivered.follow(try subscription(reader, horizon))
        for round in 0..<4 as Range<Int64> {
            try append(&writer, round * 10..<round * 10 + 10)
            if horizon == .durable { try writer.sync() } else { try writer.flush() }
            let last = writer.sequence
            await delivered.wait("round \(round)") { $0.last == last }
        }
        task.cancel()
        await task.value
        #expect(delivered.failure == nil)
        try writer.close()
        #expect(try delivered.texts == Store.open(storage).stepTexts().texts)
    }

    @Test("many threads may follow one store that is open for reading")
    func concurrentRefresh() throws {
        let storage = MemoryStorage()
        var writer = try Writer.open(storage, options: options(segmentBytes: 4_096))
        let reader = try Store.open(storage)
        let failures = SharedFailures()
        let results = Mutex<[[String]]>([])
        let last: UInt64 = 300
        let threads = try (0..<4).map { _ in
            try WorkerThread {
                do {
                    var texts: [String] = []
                    var follower = try reader.follow()
                    while follower.cursor.sequence < last {
                        while let batch = try follower.next() { texts += StepTexts.of(batch) }
                        try reader.refresh()
                    }
                    results.withLock { $0.append(texts) }
                } catch { failures.add("\(error)") }
            }
        }
        for height in 0..<Int64(last) {
            try writer.append(block(height), events: events(height, count: 2))
            if height % 3 == 0 { try writer.sync() }
        }
        try writer.sync()
        for thread in threads { thread.join() }
        #expect(failures.all.isEmpty)
        let expected = try writer.store.stepTexts { $0.horizon = .durable }.texts
        #expect(results.withLock { $0.allSatisfy { $0 == expected } && $0.count == 4 })
        try writer.close()
    }

    @Test(
        "a reader that looked beyond the durable sequence is told when that was lost, however far the log was written on",
        arguments: [Int64(5), 6, 9], [nil, ["balance"]])
    func tailLost(upTo height: Int64, model: [String]?) throws {
        let disk = SimulatedDisk(seed: 9)
        let creating = options()
        var writer = try Writer.open(disk, options: creating)
        try writer.append(0...4)
        try writer.sync()
        try writer.append(5...6)
        try writer.flush()
        let reader = try Store.open(disk, horizon: .committed)
        #expect(reader.sequence == 7)
        // One commit of the tail was handed out already.
        let position = try reader.cursor(at: .sequence(6))
        var following = SubscriptionOptions()
        following.horizon = .committed
        following.models = model
        var follower = try reader.follow(from: position, options: following)
        _ = closing(writer)
        // The directory is put back as it was on the medium, and written on, under the reader.
        for (name, content) in try Self.restored(disk) { disk[name] = content }
        var again = try Writer.open(disk, options: creating)
        try again.append(5...height)
        try again.sync()
        // Who is at it just then gets what was durable, and nothing of the new tail as if it were the old one's.
        #expect(throws: StoreError.tailLost(sequence: 7)) {
            while try follower.next() != nil { #expect(follower.cursor.sequence <= 6) }
        }
        #expect(throws: StoreError.tailLost(sequence: 7)) { try reader.refresh() }
        try again.close()
    }

    /// The files of a store cut back to its first five commits, as a power cut would leave them.
    private static func restored(_ disk: SimulatedDisk) throws -> [(String, [UInt8]?)] {
        let log = try LogContents(disk)
        let name = disk.segments[0]
        let end = log.commits[..<5].reduce(SegmentHeader.size) { $0 + $1.header.frameLength }
        let note = DurabilityNote(
            storeID: log.storeID, epoch: log.commits[4].header.epoch, sequence: 5,
            chainValue: log.commits[4].header.chainValue)
        var bytes = [UInt8](repeating: 0, count: DurabilityNote.size)
        bytes.withUnsafeMutableBytes { if let base = $0.baseAddress { note.encode(to: base) } }
        var files: [(String, [UInt8]?)] = [(name, Array((disk[name] ?? [])[..<end])), ("durable", bytes)]
        for file in disk.fileNames where file.hasSuffix(".index") { files.append((file, nil)) }
        return files
    }
}
