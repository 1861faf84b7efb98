import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Named consumers: power cuts and failures")
struct ConsumerCrashTests {
    /// Acknowledges one commit after the other until something fails; gives what was acknowledged last, and what was tried last.
    private func acknowledge(
        _ disk: SimulatedDisk, from first: UInt64, to last: UInt64
    ) -> (told: UInt64, tried: UInt64, failure: StoreError?) {
        var (told, tried): (UInt64, UInt64) = (first - 1, first - 1)
        do throws(StoreError) {
            let store = try Store.open(disk)
            let consumer = try store.consumer("x")
            for sequence in first...last {
                let cursor = try store.cursor(at: .sequence(sequence))
                tried = sequence
                try consumer.ack(cursor)
                told = sequence
            }
            return (told, tried, nil)
        } catch {
            return (told, tried, error)
        }
    }

    private func position(_ disk: SimulatedDisk) throws(StoreError) -> UInt64 {
        try Store.open(disk).consumer("x").position()?.sequence ?? 0
    }

    @Test("after a power cut at any moment the old or the new acknowledgement is there", arguments: 1...30)
    func powerCut(change: Int) throws {
        for seed in 1...12 as ClosedRange<UInt64> {
            var disk = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...30) }
            var random = SplitMix64(seed: seed &* 1_000 &+ UInt64(change))
            var told: UInt64 = 0
            for life in 0..<3 {
                if life == 0 || random.chance(70) { disk.cutPower(atChange: life == 0 ? change : 1 + random.below(12)) }
                let run = acknowledge(disk, from: told + 1, to: min(told + 9, 31))
                #expect(run.failure == nil || disk.isDead, "\(String(describing: run.failure))")
                disk = disk.powerCut(seed: random.next())
                let found = try position(disk)
                #expect(found >= run.told && found <= run.tried, "seed \(seed): \(found), not \(run.told)…\(run.tried)")
                told = found
                if told >= 22 { break }
            }
        }
    }

    @Test("after a failed write or sync the handle stops, and the next one loses nothing that was acknowledged")
    func failedSync() throws {
        for operation in [SimulatedDisk.Operation.sync, .write, .syncDirectory, .rename, .create] {
            for skipping in 0..<6 {
                for seed in 1...6 as ClosedRange<UInt64> {
                    var disk = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...30) }
                    disk.fail(operation, skipping: skipping, file: operation == .syncDirectory ? nil : "consumer")
                    let first = acknowledge(disk, from: 1, to: 6)
                    disk.clearFaults()
                    // The next process sees what the page cache has, and goes on from there.
                    let seen = try position(disk)
                    #expect(seen >= first.told && seen <= first.tried)
                    var random = SplitMix64(seed: seed)
                    disk.cutPower(atChange: 1 + random.below(7))
                    let second = acknowledge(disk, from: seen + 1, to: seen + 3)
                    disk = disk.powerCut(seed: seed)
                    let found = try position(disk)
                    let told = second.told > seen ? second.told : first.told
                    #expect(
                        found >= told && found <= second.tried,
                        "\(operation) \(skipping) \(seed): \(found), not \(told)")
                }
            }
        }
    }

    @Test("a handle whose sync failed writes nothing more")
    func poisoned() throws {
        let disk = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...9) }
        let store = try Store.open(disk)
        let consumer = try store.consumer("x")
        try consumer.ack(store.cursor(at: .sequence(1)))
        disk.fail(.sync, file: "consumer")
        #expect(throws: StoreError.self) { try consumer.ack(store.cursor(at: .sequence(2))) }
        guard case .poisoned = failure({ () throws(StoreError) in try consumer.ack(store.cursor(at: .sequence(3))) })
        else {
            Issue.record("it wrote on")
            return
        }
    }

    @Test("a writer that is opened meanwhile and removes unfinished files does not keep a consumer from beginning")
    func temporaryFile() throws {
        let disk = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...9) }
        disk["x.consumer.tmp"] = [1, 2, 3]
        let store = try Store.open(disk)
        disk.fail(.rename, code: SystemCalls.notFound, file: "consumer")
        try store.consumer("x").ack(store.cursor(at: .sequence(1)))
        #expect(try position(disk) == 1)
        #expect(!disk.fileNames.contains("x.consumer.tmp"))
    }

    @Test("a damaged slot leaves the one before; if both are, that is said and can be put right")
    func damage() throws {
        let disk = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...9) }
        #expect(acknowledge(disk, from: 1, to: 7).told == 7)
        let file = try #require(disk["x.consumer"])
        #expect(file.count == 1_024)
        for offset in stride(from: 0, to: 512, by: 7) {
            var changed = file
            changed[512 + offset] ^= 0x10  // counter 7 is in slot 1
            disk["x.consumer"] = changed
            #expect(try position(disk) == 6)
            changed[offset] ^= 0x10
            disk["x.consumer"] = changed
            guard case .corrupt = failure({ () throws(StoreError) in _ = try self.position(disk) }) else {
                Issue.record("offset \(offset): garbage was believed")
                return
            }
        }
        let store = try Store.open(disk)
        let consumer = try store.consumer("x")
        guard case .corrupt = failure({ () throws(StoreError) in try consumer.ack(store.cursor(at: .sequence(8))) })
        else {
            Issue.record("a damaged file was written over")
            return
        }
        try consumer.ack(store.cursor(at: .sequence(3)), goingBack: true)
        #expect(try position(disk) == 3)
        // A file of another consumer under this name, and short ones.
        disk["y.consumer"] = disk["x.consumer"]
        #expect(throws: StoreError.self) { try store.consumer("y").position() }
        for count in [0, 1, 511, 512, 1_023] {
            disk["x.consumer"] = Array(file[..<count])
            let found = Result { try position(disk) }
            if count < 512 { #expect(throws: StoreError.self) { try found.get() } }
        }
    }

    @Test("the bytes are those of the specification")
    func golden() {
        let slot = ConsumerSlot(
            storeID: StoreID(high: 0x0706_0504_0302_0100, low: 0x0f0e_0d0c_0b0a_0908), counter: 5, sequence: 42,
            chainValue: 0xa43c_53cd_65c7_98e7, step: 1, event: 3, time: 1_700_000_000_000_000,
            name: Array("search".utf8))
        let bytes = slot.encoded
        #expect(bytes.count == 512 && slot.index == 1)
        #expect(Hex.string(bytes[0..<80]) == Self.goldenHead)
        #expect(bytes[80..<508].allSatisfy { $0 == 0 })
        #expect(Hex.string(bytes[508...]) == Self.goldenCRC)
        #expect(ConsumerSlot(decoding: bytes.span.bytes, index: 1) == slot)
        #expect(ConsumerSlot(decoding: bytes.span.bytes, index: 0) == nil)
        #expect(ConsumerFileName(Array("Sales/EU".utf8)).file == "%53ales%2f%45%55.consumer")
        #expect(
            ConsumerFileName([UInt8](repeating: 0x61, count: 255)).file
                == String(repeating: "a", count: 180) + "~" + Self.goldenLongCRC + ".consumer")
    }

    static let goldenHead =
        "4153484c4152434e000102030405060708090a0b0c0d0e0f05000000000000002a00000000000000"
        + "e798c765cd533ca4010000000300000000401e18240a060006000000000000007365617263680000"
    static let goldenCRC = "8838c585"
    static let goldenLongCRC = "a2c40b3d"

    /// A table that a consumer keeps: what it made of the steps, keyed by their ids so that nothing counts twice.
    private struct Ledger {
        var seen: Set<String> = []
        var texts: [String] = []
    }

    @Test(
        "a consumer that keeps the ids it has seen has everything exactly once, however often it crashes",
        arguments: 1...8)
    func exactlyOnce(seed: UInt64) throws {
        var simulator = Simulator(seed: seed)
        simulator.mayPrune = false
        try simulator.run()
        guard simulator.storeID != nil, simulator.model.lastSequence > 0 else { return }
        let store = try Store.open(simulator.disk, horizon: .committed)
        let expected = try store.stepTexts().texts
        var random = SplitMix64(seed: seed)
        var ledger = Ledger()
        var crashes = 0
        var isDone = false
        while !isDone {
            let consumer = try store.consumer("ledger")
            var options = SubscriptionOptions()
            options.horizon = .committed
            options.stopsAtEnd = true
            options.batchEvents = 1 + random.below(9)
            var follower = try store.follow(from: try consumer.position(), options: options)
            isDone = true
            while let batch = try follower.next() {
                let upTo = random.chance(12) ? random.below(batch.steps.count + 1) : batch.steps.count
                for step in batch.steps[..<upTo] { take(step, &ledger) }
                // A crash before the acknowledgement: the same again after the restart.
                if upTo < batch.steps.count || random.chance(10) {
                    crashes += 1
                    isDone = false
                    break
                }
                if random.chance(60) { try consumer.ack(batch.cursor) }
            }
        }
        #expect(ledger.texts == expected, "seed \(seed), \(crashes) crashes")
    }

    /// Takes a step's texts whose ids are new: of the step, and of each event within it.
    private func take(_ step: Step, _ ledger: inout Ledger) {
        for text in StepTexts.of(step) where ledger.seen.insert("\(step.id) \(text)").inserted {
            ledger.texts.append(text)
        }
    }
}
