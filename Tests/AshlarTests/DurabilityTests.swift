import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Durability")
struct DurabilityTests {
    @Test(
        "what was awaited is durable, whatever the policy",
        arguments: [
            Durability.manual, .everyBlock, .interval(milliseconds: 5, bytes: 1 << 20),
            .interval(milliseconds: 60_000, bytes: 1),
        ])
    func awaited(durability: Durability) async throws {
        let disk = SimulatedDisk(seed: 3)
        var writer = try Writer.open(disk, options: options(segmentBytes: 16_384, durability: durability))
        for height in Int64(0)..<60 {
            try writer.append(block(height), events: events(height))
            guard height % 20 == 19 else { continue }
            try await writer.durable(upTo: writer.sequence)
            #expect(writer.durableSequence == UInt64(height) + 1)
            #expect(try LogContents(disk.onlyDurable()).heights == Array(0...height))
        }
        let error: StoreError?
        do throws(StoreError) {
            try await writer.durable(upTo: 61)
            error = nil
        } catch {
            #expect(error == .invalidArgument("sequence 61 is not in the log; the last is 60"))
            try writer.close()
            return
        }
        Issue.record("no error, \(String(describing: error))")
    }

    @Test("an interval makes blocks durable without being asked")
    func interval() async throws {
        let disk = SimulatedDisk(seed: 3)
        let wanted = options(segmentBytes: 8_192, durability: .interval(milliseconds: 10, bytes: 1 << 20))
        var writer = try Writer.open(disk, options: wanted)
        for round in Int64(0)..<3 {
            try writer.append(round * 10...round * 10 + 9)
            for _ in 0..<500 where writer.durableSequence < writer.sequence {
                try await Task.sleep(for: .milliseconds(2))
            }
            #expect(writer.durableSequence == writer.sequence)
        }
        try writer.close()
    }

    @Test("beyond the bound of unsynced bytes append waits for a sync")
    func bound() throws {
        let disk = SimulatedDisk(seed: 3)
        var wanted = options()
        wanted.maxUnsyncedBytes = 2_000
        var writer = try Writer.open(disk, options: wanted)
        try writer.append(0...40)
        #expect(writer.durableSequence > 20)
        #expect(writer.core.monitor.withLock { $0.unsyncedBytes } < 4_000)
        try writer.close()
    }

    /// What fails, and with what.
    enum Fault: CaseIterable {
        case write, noSpace, sync, syncDirectory, create, note

        func set(_ disk: SimulatedDisk) {
            switch self {
            case .write: disk.fail(.write, skipping: 1, file: ".segment")
            case .noSpace: disk.limit(toBytes: disk.usedBytes + 3_000)
            case .sync: disk.fail(.sync, skipping: 1)
            case .syncDirectory: disk.fail(.syncDirectory)
            case .create: disk.fail(.create)
            case .note: disk.fail(.write, skipping: 1, file: "durable")
            }
        }
    }

    @Test(
        "a failure poisons the store; reopened, it has everything acknowledged [REC-11] [MED-4]",
        arguments: Fault.allCases,
        [false, true])
    func poisoned(fault: Fault, cutsPower: Bool) throws {
        let disk = SimulatedDisk(seed: 8)
        let wanted = options(segmentBytes: 8_192)
        var writer = try Writer.open(disk, options: wanted)
        try writer.append(0...5)
        try writer.sync()
        fault.set(disk)
        let first = failure { () throws(StoreError) in
            for height in Int64(6)...60 {
                try writer.append(block(height), events: events(height))
                if height % 5 == 0 { try writer.sync() }
            }
        }
        guard case .inputOutput = first else {
            Issue.record("\(String(describing: first))")
            return
        }
        let acknowledged = writer.durableSequence
        #expect(acknowledged >= 6)
        // Nothing is retried: not even once the disk is well again.
        disk.clearFaults()
        let syncs = disk.count(.sync)
        if writer.durableSequence < writer.sequence {
            let error = failure { () throws(StoreError) in try writer.sync() }
            #expect(error == .poisoned(cause: first?.description ?? ""))
        }
        #expect(disk.count(.sync) == syncs)
        #expect(
            failure { () throws(StoreError) in try writer.append(block(99)) }
                == .poisoned(cause: first?.description ?? ""))
        // Reading goes on; another process sees what the note says, which may be less.
        let seen = try LogContents(disk, horizon: .durable).state.sequence
        #expect(seen >= (fault == .note ? 6 : acknowledged))
        _ = closing(writer)
        let next = cutsPower ? disk.powerCut(seed: 5) : disk
        var second = try Writer.open(next, options: wanted)
        #expect(second.sequence >= acknowledged)
        let tip = second.state.tipHeight
        try second.append(tip + 1...tip + 30)
        try second.close()
        let log = try LogContents(next.onlyDurable())
        #expect(log.heights == Array(0...tip + 30))
        #expect(log.recovery.isClean, "\(log.recovery)")
    }

    @Test("who waits for durability is told of any failure", arguments: Fault.allCases)
    func waiters(fault: Fault) async throws {
        let disk = SimulatedDisk(seed: 8)
        var writer = try Writer.open(disk, options: options(segmentBytes: 8_192, durability: .manual))
        try writer.append(0...5)
        try writer.sync()
        // A waiter that no sync will serve: as if its sync were still under way.
        let (results, continuation) = AsyncStream<Result<Void, StoreError>>.makeStream()
        writer.core.monitor.withLock { log in
            log.isSyncing = true
            log.waiters.append(DurabilityWaiter(sequence: 1_000) { continuation.yield($0) })
            log.isSyncing = false
        }
        fault.set(disk)
        _ = failure { () throws(StoreError) in
            for height in Int64(6)...60 {
                try writer.append(block(height), events: events(height))
                if height % 5 == 0 { try writer.sync() }
            }
        }
        var told: Result<Void, StoreError>?
        for await result in results {
            told = result
            break
        }
        guard case .failure(.inputOutput) = told else {
            Issue.record("\(String(describing: told))")
            return
        }
        _ = closing(writer)
    }

    @Test("after a failed sync the tail is written again before it counts [REC-11] [MED-4]")
    func failedSync() throws {
        let disk = SimulatedDisk(seed: 12)
        var writer = try Writer.open(disk, options: options())
        try writer.append(0...9)
        try writer.sync()
        try writer.append(10...19)
        disk.fail(.sync)
        #expect(failure { () throws(StoreError) in try writer.sync() } != nil)
        #expect(writer.durableSequence == 10)
        _ = closing(writer)
        // The pages read back well, so the log is whole; only rewriting makes that true of the disk.
        #expect(try LogContents(disk).heights == Array(0...19))
        let second = try Writer.open(disk, options: options())
        #expect(second.recovery.notices == [.keptUnproven(sequences: 11...20)])
        #expect(second.durableSequence == 20)
        #expect(try LogContents(disk.onlyDurable()).heights == Array(0...19))
        try second.close()
    }

    @Test("a failed close says so")
    func failedClose() throws {
        let disk = SimulatedDisk(seed: 12)
        var writer = try Writer.open(disk, options: options())
        try writer.append(0...9)
        disk.fail(.sync)
        let error = closing(writer)
        #expect(
            error
                == .inputOutput(
                    operation: "sync", path: "simulated/0000000001-0000.segment", code: SystemCalls.inputOutput))
    }
}
