import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Going on with a derivation")
struct DeriveResumeTests {
    @Test(
        "a run that the power cuts off at any change of the disk is gone on with, and comes to the same store",
        arguments: 1...2 as ClosedRange<UInt64>)
    func powerCuts(seed: UInt64) throws {
        let source = try DeriveSource.random(seed: seed, steps: 30)
        let whole = MemoryStorage()
        var options = deriveOptions(segmentBytes: 4_096)
        // Syncs often, so that there is something to go on with.
        options.writer.maxUnsyncedBytes = 1_000
        _ = try derive(source, whole, RunningTotal(), options: options)
        let wanted = try StoreDump.content(whole)
        var random = SplitMix64(seed: seed)
        var resumed = 0
        var change = 0
        while true {
            change += 1 + random.below(3)
            var disk = SimulatedDisk(seed: random.next())
            disk.cutPower(atChange: change)
            if failure({ () throws(StoreError) in _ = try derive(source, disk, RunningTotal(), options: options) })
                == nil
            {
                #expect(change > 40)
                break
            }
            disk = disk.powerCut(seed: random.next())
            // A second cut soon after the first: what recovery writes may be lost too.
            disk.cutPower(atChange: 1 + random.below(12))
            do throws(StoreError) { _ = try derive(source, disk, RunningTotal(), options: options) } catch {
                guard case .inputOutput = error else {
                    if case .poisoned = error {} else { throw error }
                    continue
                }
            }
            disk = disk.powerCut(seed: random.next())
            let report = try derive(source, disk, RunningTotal(), options: options)
            if report.resumedAt > 0 { resumed += 1 }
            #expect(try StoreDump.content(disk) == wanted, "cut at change \(change)")
            if change % 8 == 0 { #expect(try StoreVerification.run(disk).isSound) }
        }
        #expect(resumed > 5, "resumed \(resumed) of \(change)")
    }

    @Test("a run that is told to stop is gone on with, commit for commit")
    func stops() throws {
        let source = try DeriveSource.random(seed: 5, steps: 240)
        let whole = MemoryStorage()
        _ = try derive(source, whole, RunningTotal())
        let target = MemoryStorage()
        var runs = 0
        while true {
            var steps = 0
            let report = try derive(source, target, RunningTotal()) { _ in
                steps += 1
                return steps > 1 ? .stop : .goOn
            }
            runs += 1
            if report.outcome == .caughtUp { break }
            #expect(report.outcome == .stopped && report.sequence > report.resumedAt)
            #expect(try Store.open(target).sequence == report.sequence)
        }
        #expect(runs > 2)
        #expect(try StoreDump.content(target) == StoreDump.content(whole))
    }

    @Test("a target of another derivation, version or source is refused, and so is one that is none")
    func refusals() throws {
        let source = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...3) }
        let other = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...3) }
        func target(_ derivation: some Derivation) throws -> MemoryStorage {
            let target = MemoryStorage(path: "target")
            _ = try derive(source, target, derivation)
            return target
        }
        func reason(_ from: SimulatedDisk, _ target: any Storage, _ derivation: some Derivation) -> String {
            switch failure({ () throws(StoreError) in _ = try derive(from, target, derivation) }) {
            case .otherDerivation("target", let reason): return reason
            case let error: return "\(String(describing: error))"
            }
        }
        let selection = ModelSelection(drop: ["utxo"])
        #expect(reason(source, try target(selection), ModelSelection(drop: ["balance"])).contains("drop \"utxo\""))
        #expect(reason(source, try target(selection), RunningTotal()).contains("derivation `select` version 1"))
        #expect(reason(source, try target(RunningTotal()), RunningTotal(version: 2)).contains("version 1, not"))
        #expect(reason(other, try target(selection), selection).contains("derived from store"))
        let ordinary = MemoryStorage(path: "target")
        try Writer.open(ordinary, options: options()).close()
        #expect(reason(source, ordinary, selection).contains("no derivation began"))
        let appended = try target(selection)
        var writer = try Writer.open(appended, options: options())
        try writer.append(4...4)
        try writer.close()
        #expect(reason(source, appended, selection).contains("ends at 4"))
        var ahead = try Writer.open(source, options: options())
        try ahead.append(4...4)
        try ahead.close()
        #expect(reason(source, appended, selection).contains("commit 5 is not that of the source"))
    }

    @Test("a target that is being derived already is refused, and a damaged note is damage")
    func states() throws {
        let source = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...3) }
        let target = SimulatedDisk(seed: 1, path: "target")
        _ = try derive(source, target)
        do {
            let writer = try Writer.open(target, options: options())
            let error = failure { () throws(StoreError) in _ = try derive(source, target) }
            guard case .inUse("target", _) = error else { throw Unexpected(error: error) }
            try writer.close()
        }
        var note = try #require(target[DerivationNote.fileName])
        note[30] ^= 1
        target[DerivationNote.fileName] = note
        let error = failure { () throws(StoreError) in _ = try derive(source, target) }
        guard case .corrupt(let corruption) = error else { throw Unexpected(error: error) }
        #expect(corruption.file == "derivation")
    }

    @Test("a note that was cut off before the store existed, and one without a store, are no obstacle")
    func beginnings() throws {
        let source = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...3) }
        let target = SimulatedDisk(seed: 1)
        target["derivation.tmp"] = [1, 2, 3]
        target["lock"] = []
        _ = try derive(source, target)
        let second = SimulatedDisk(seed: 2)
        second["derivation"] = target["derivation"]
        #expect(try derive(source, second).sequence == 4)
        #expect(try StoreDump.content(second) == StoreDump.content(source))
        let third = SimulatedDisk(seed: 3)
        third["holiday.jpeg"] = [1]
        let error = failure { () throws(StoreError) in _ = try derive(source, third) }
        #expect("\(String(describing: error))".contains("other files"))
        #expect(third.fileNames.filter { $0 != "lock" } == ["holiday.jpeg"])
    }

    struct Unexpected: Error { var error: StoreError? }
}
