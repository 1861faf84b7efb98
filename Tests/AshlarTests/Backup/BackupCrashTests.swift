import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

/// Power cuts and failures at every change that a backup makes: what was there before is whole, and the next run ends well.
@Suite("Backup: power cuts and failures")
struct BackupCrashTests {
    private struct Rig {
        let store: SimulatedDisk
        let target: SimulatedDisk
        let first: [StoredCommit]
        let second: [StoredCommit]

        /// A backup with one generation, of a store that has grown since.
        init(seed: UInt64) throws {
            store = try BackupSamples.disk()
            target = SimulatedDisk(seed: seed)
            _ = try Store.backup(store, to: target)
            first = try LogContents(store).commits
            try BackupSamples.extend(store, by: 12)
            second = try LogContents(store).commits
        }

        func backUp(keep: Int?, to disk: SimulatedDisk) throws(BackupError) {
            var options = BackupOptions()
            options.keptGenerations = keep
            _ = try Store.backup(store, to: disk, options: options)
        }

        /// Every generation that is there is whole; at least the newest that was told.
        func check(_ disk: SimulatedDisk, told: Bool, keep: Int?, _ comment: String) throws {
            let found = try Backup.verify(disk)
            #expect(found.isSound, "\(comment): \(found.problems)")
            let numbers = found.generations.map(\.number)
            #expect(!told || numbers.last == 2, "\(comment): \(numbers)")
            // The old generation goes only once the new one is there.
            #expect(numbers.contains(1) || (numbers == [2] && keep == 1), "\(comment): \(numbers)")
            if numbers.contains(1) { #expect(try LogContents(backup: disk, generation: 1).commits == first) }
            if numbers.contains(2) { #expect(try LogContents(backup: disk, generation: 2).commits == second) }
            try backUp(keep: keep, to: disk)
            #expect(try Backup.verify(disk).isSound)
            #expect(try LogContents(backup: disk).commits == second)
            #expect(!disk.fileNames.contains { $0.hasSuffix(".tmp") })
            guard keep == 1 else { return }
            // Nothing that no manifest names is left.
            let manifest = try BackupDirectory(disk).manifest(nil)
            #expect(Set(disk.parts) == Set(manifest.files.map(\.storedName)), "\(comment)")
        }
    }

    @Test("a power cut at any change", arguments: [1, nil] as [Int?])
    func powerCut(keep: Int?) throws {
        var outcomes: Set<Bool> = []
        for cut in 1...200 {
            for seed in 1...3 as ClosedRange<UInt64> {
                let rig = try Rig(seed: seed &* 1_000 &+ UInt64(cut))
                rig.target.cutPower(atChange: cut)
                let isTold =
                    backupFailure { () throws(BackupError) in try rig.backUp(keep: keep, to: rig.target) } == nil
                let left = rig.target.powerCut(seed: seed &* 77 &+ UInt64(cut))
                try rig.check(left, told: isTold, keep: keep, "cut \(cut), seed \(seed)")
                outcomes.insert(isTold)
            }
            if outcomes.contains(true) { break }
        }
        #expect(outcomes == [true, false])
    }

    @Test("a power cut while old generations are given up leaves no manifest without its files")
    func givingUp() throws {
        let store = try BackupSamples.disk()
        let target = SimulatedDisk(seed: 1)
        for _ in 0..<4 {
            _ = try Store.backup(store, to: target)
            try BackupSamples.extend(store, by: 1)
        }
        var options = BackupOptions()
        options.keptGenerations = 1
        let whole = target.copy()
        _ = try Store.backup(store, to: whole, options: options)
        #expect(whole.manifests.count == 1)
        let changes = whole.changes
        for cut in changes - 10...changes {
            for seed in 1...4 as ClosedRange<UInt64> {
                let disk = target.copy()
                disk.cutPower(atChange: cut)
                _ = backupFailure { () throws(BackupError) in
                    _ = try Store.backup(store, to: disk, options: options)
                }
                let left = disk.powerCut(seed: seed &* 1_009 &+ UInt64(cut))
                let found = try Backup.verify(left)
                #expect(found.isSound && found.generations.last?.number ?? 0 >= 4, "cut \(cut), seed \(seed)")
            }
        }
    }

    @Test("a first backup that is cut off leaves none, and what it left is taken over")
    func firstBackup() throws {
        let store = try BackupSamples.disk()
        let wanted = try LogContents(store).commits
        for cut in 1...200 {
            let target = SimulatedDisk(seed: UInt64(cut))
            target.cutPower(atChange: cut)
            let isTold = backupFailure { () throws(BackupError) in _ = try Store.backup(store, to: target) } == nil
            let left = target.powerCut(seed: UInt64(cut))
            if isTold || !left.manifests.isEmpty { #expect(try LogContents(backup: left).commits == wanted) }
            _ = try Store.backup(store, to: left)
            #expect(try LogContents(backup: left).commits == wanted)
            if isTold { return }
        }
        Issue.record("it never ended")
    }

    @Test(
        "a call that fails is told, and leaves the generation from before",
        arguments: [SimulatedDisk.Operation.create, .write, .sync, .rename, .remove, .syncDirectory, .list, .read])
    func failedCall(operation: SimulatedDisk.Operation) throws {
        var failures = 0
        for skipping in 0..<40 {
            let rig = try Rig(seed: UInt64(skipping))
            rig.target.fail(operation, skipping: skipping)
            let error = backupFailure { () throws(BackupError) in try rig.backUp(keep: 1, to: rig.target) }
            rig.target.clearFaults()
            if let error {
                failures += 1
                guard case .inputOutput = error else {
                    Issue.record("\(operation) \(skipping): \(error)")
                    return
                }
            }
            let left = skipping % 2 == 0 ? rig.target.powerCut(seed: UInt64(skipping)) : rig.target
            try rig.check(left, told: error == nil, keep: 1, "\(operation) \(skipping)")
            if error == nil { break }
        }
        #expect(failures > 0)
    }

    @Test("a full disk is told, and leaves the generation from before")
    func fullDisk() throws {
        for room in stride(from: 0, to: 12_000, by: 700) {
            let rig = try Rig(seed: UInt64(room))
            rig.target.limit(toBytes: rig.target.usedBytes + room)
            let error = backupFailure { () throws(BackupError) in try rig.backUp(keep: nil, to: rig.target) }
            rig.target.clearFaults()
            if let error {
                guard case .inputOutput(_, _, SystemCalls.noSpace) = error else {
                    Issue.record("\(room): \(error)")
                    return
                }
            }
            try rig.check(rig.target, told: error == nil, keep: nil, "\(room)")
        }
    }

    @Test("a restore is durable when it is told, and no store before it has ended")
    func restore() throws {
        let rig = try Rig(seed: 1)
        try rig.backUp(keep: nil, to: rig.target)
        for point in [RestorePoint.end, .sequence(20)] {
            for cut in 1...200 {
                let disk = SimulatedDisk(seed: UInt64(cut))
                disk.cutPower(atChange: cut)
                let error = backupFailure { () throws(BackupError) in
                    _ = try Backup.restore(rig.target, into: disk, endingAt: point)
                }
                guard error == nil else { continue }
                let left = try LogContents(disk.powerCut(seed: UInt64(cut)), horizon: .durable)
                #expect(left.commits == Array(rig.second.prefix(point == .end ? .max : 20)))
                break
            }
        }
    }
}
