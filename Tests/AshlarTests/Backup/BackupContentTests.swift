import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

/// What stands beside the log in a backup: snapshots, consumers; pruned logs; and a store that changes meanwhile.
@Suite("Backup: beside the log")
struct BackupContentTests {
    @Test("snapshots that count go in, read in full; damaged and void ones do not")
    func snapshots() throws {
        let disk = try BackupSamples.withSnapshots()
        let target = SimulatedDisk(seed: 2)
        _ = try Store.backup(disk, to: target)
        let restored = SimulatedDisk(seed: 3)
        _ = try Backup.restore(target, into: restored)
        #expect(restored.snapshots == disk.snapshots && disk.snapshots.count > 2)
        for name in disk.snapshots { #expect(restored[name] == disk[name]) }

        // A flipped bit in a chunk: header and trailer are right.
        let name = disk.snapshots[1]
        let sound = try #require(disk[name])
        var bytes = sound
        bytes[540] ^= 1
        disk[name] = bytes
        var writer = try Writer.open(disk, options: BackupSamples.rules)
        try writer.rollback(toHeight: 57)
        try writer.close()
        let fresh = SimulatedDisk(seed: 2)
        let report = try Store.backup(disk, to: fresh)
        #expect(report.notices.contains { $0.contains(name) })
        let again = SimulatedDisk(seed: 3)
        _ = try Backup.restore(fresh, into: again)
        // The one at height 60 is of a block that was undone.
        #expect(again.snapshots == disk.snapshots.filter { $0 != name && !$0.contains("-0000000000000000060-") })
        // The earlier backup has the good one: it is the same file, and is not read again.
        _ = try Store.backup(disk, to: target)
        let known = SimulatedDisk(seed: 3)
        _ = try Backup.restore(target, into: known)
        #expect(known.snapshots == (again.snapshots + [name]).sorted() && known[name] == sound)
    }

    @Test("a pruned log is restored with what it starts from, twice, also where one copy had rotted")
    func pruned() throws {
        let disk = try BackupSamples.withSnapshots()
        var writer = try Writer.open(disk, options: BackupSamples.rules)
        var asked = PruneOptions(belowHeight: 30)
        asked.modelsWithoutState = ["utxo", "balance"]
        guard case .pruned(let summary) = try writer.prune(asked) else {
            Issue.record("nothing was pruned")
            return
        }
        try writer.close()
        let copies = disk.snapshots.filter { $0.hasSuffix("-copy.snapshot") }
        #expect(copies.count == 1)
        for rots in [false, true] {
            if rots, var bytes = disk[copies[0]] {
                bytes[540] ^= 1
                disk[copies[0]] = bytes
            }
            let target = SimulatedDisk(seed: 2)
            _ = try Store.backup(disk, to: target)
            #expect(target.parts.filter { $0.hasSuffix(".copy") }.count == 1)
            let restored = SimulatedDisk(seed: 3)
            _ = try Backup.restore(target, into: restored)
            #expect(restored.snapshots == disk.snapshots)
            #expect(restored[copies[0]] == restored[copies[0].replacing("-copy", with: "")])
            let contents = try LogContents(backup: target)
            #expect(contents.base.sequence == summary.sequence)
            #expect(contents.commits == (try LogContents(disk).commits))
        }
        // It cannot end before the commit that records the prune: names and the beginning hang on it ([BAK-11]).
        let target = SimulatedDisk(seed: 2)
        _ = try Store.backup(disk, to: target)
        let record = try #require(try LogContents(disk).commits.last { $0.meta.control?.pruned != nil }).header.sequence
        for sequence in [record - 1, summary.sequence, 3] {
            guard
                case .notReached = backupFailure({ () throws(BackupError) in
                    _ = try Backup.restore(target, into: SimulatedDisk(seed: 3), endingAt: .sequence(sequence))
                })
            else {
                Issue.record("\(sequence) was restored")
                return
            }
        }
        let last = try LogContents(backup: target, endingAt: .sequence(record))
        #expect(last.state.sequence == record && last.base.sequence == summary.sequence)
    }

    @Test("consumers come along; one that has seen more than is left is told, and its cursor is never taken")
    func consumers() throws {
        let disk = try BackupSamples.disk()
        let store = try Store.open(disk)
        let (early, late) = (try store.cursor(at: .sequence(10)), try store.cursor(at: .sequence(30)))
        try store.consumer("early").ack(early)
        try store.consumer("Late/EU").ack(late)
        let target = SimulatedDisk(seed: 2)
        _ = try Store.backup(disk, to: target)
        let whole = SimulatedDisk(seed: 3)
        #expect(try Backup.restore(target, into: whole).notices.isEmpty)
        #expect(try Store.open(whole).consumer("Late/EU").position() == late)

        let restored = SimulatedDisk(seed: 3)
        let report = try Backup.restore(target, into: restored, endingAt: .sequence(20))
        #expect(report.cutCommits == 24 && report.notices.count == 1 && report.notices[0].contains("Late/EU"))
        var cut = try Store.open(restored)
        try cut.check(early)
        #expect(
            failure { () throws(StoreError) in try cut.check(late) }
                == .cursorNotFound(.beyondEnd(sequence: 30, last: 20)))
        // The log goes on in a new epoch: the same blocks under the same sequences are other commits.
        var writer = try Writer.open(restored, options: BackupSamples.rules)
        try writer.append(20...40)
        try writer.close()
        cut = try Store.open(restored)
        #expect(try cut.sequence == 41 && cut.block(at: 30) == store.block(at: 30))
        #expect(failure { () throws(StoreError) in try cut.check(late) } == .cursorNotFound(.otherCommit(sequence: 30)))
        let consumers = try cut.consumers()
        #expect(consumers.map(\.name) == ["Late/EU", "early"])
        #expect(consumers.map { $0.problem == nil } == [false, true])
        let position = try cut.consumer("Late/EU").position()
        #expect(failure { () throws(StoreError) in _ = try cut.follow(from: position) } != nil)
    }

    @Test("files that a prune takes away meanwhile are no failure: the backup is of the log after it")
    func prunedMeanwhile() throws {
        for archive in [false, true] {
            let disk = try BackupSamples.disk()
            let wanted = try LogContents(disk)
            var writer = Optional(try Writer.open(disk, options: BackupSamples.rules))
            var asked = PruneOptions(belowHeight: 30)
            asked.modelsWithoutState = ["utxo", "balance"]
            var calls = 0
            let target = SimulatedDisk(seed: 2)
            let stream = MemoryStream()
            let progress = { (_: BackupProgress) -> BackupStep in
                calls += 1
                if calls == 3 { _ = try? writer?.prune(asked) }
                return .goOn
            }
            let report =
                archive
                ? try Store.backup(disk, to: stream, progress: progress)
                : try Store.backup(disk, to: target, progress: progress)
            #expect(calls > 3)
            let found = archive ? try LogContents(archive: stream.bytes) : try LogContents(backup: target)
            #expect(found.base.sequence > 5 && report.sequence == found.state.sequence)
            let kept = Array(wanted.commits.dropFirst(Int(found.base.sequence)))
            #expect(Array(found.commits.prefix(kept.count)) == kept && found.commits.count == kept.count + 1)
            #expect(target.parts.count == (archive ? 0 : report.files))
            try writer.take()?.close()
        }
    }

    @Test("a snapshot that is retired meanwhile is left out")
    func retiredMeanwhile() throws {
        let disk = try BackupSamples.withSnapshots()
        var isDone = false
        let target = SimulatedDisk(seed: 2)
        _ = try Store.backup(disk, to: target) { _ in
            if !isDone { _ = try? Store.open(disk).removeSnapshots(heights: 0...60) }
            isDone = true
            return .goOn
        }
        let restored = SimulatedDisk(seed: 3)
        _ = try Backup.restore(target, into: restored)
        #expect(restored.snapshots.isEmpty)
        #expect(try LogContents(restored).commits == LogContents(disk).commits)
    }

    @Test("who says stop gets no generation")
    func stopped() throws {
        let disk = try BackupSamples.disk()
        let target = SimulatedDisk(seed: 2)
        for limit in 0..<4 {
            var calls = 0
            let error = backupFailure { () throws(BackupError) in
                _ = try Store.backup(disk, to: target) { _ in
                    calls += 1
                    return calls > limit ? .stop : .goOn
                }
            }
            #expect(error == .stopped && target.manifests.isEmpty)
        }
        _ = try Store.backup(disk, to: target)
        #expect(try LogContents(backup: target).commits == LogContents(disk).commits)
    }
}

extension Store {
    /// The block of a commit.
    fileprivate func block(at sequence: UInt64) throws -> Block? {
        for commit in commits(sequence...sequence) {
            if case .block(let block, _) = try commit.get().content { return block.block }
        }
        return nil
    }
}
