import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

/// Where a restored log can end ([BAK-10]).
@Suite("Restore points")
struct RestorePointTests {
    /// A log with forks, rollbacks, groups and floating batches, its backup and its commits.
    private struct Rig {
        let target = SimulatedDisk(seed: 2)
        let commits: [StoredCommit]
        /// Height of the tip after each commit.
        let tips: [Int64]

        init() throws {
            let disk = try SimulatedDisk.store(options(segmentBytes: 4_096)) { (writer) throws(StoreError) in
                try writer.append(0...20)
                try writer.append(block(15, 1, on: 0), events: events(15, 1))
                try writer.append(16...22, 1)
                try writer.appendFloating(events(99), timestamp: Timestamp(seconds: 5))
                try writer.adopt(branch: [
                    .new(block(18, 2, on: 1), events(18, 2)), .new(block(19, 2), events(19, 2)),
                    .new(block(20, 2), events(20, 2)),
                ])
                try writer.appendFloating(events(98), timestamp: Timestamp(seconds: 6))
                try writer.rollback(toHeight: 12)
                try writer.append(block(13, 3, on: 0), events: events(13, 3))
                try writer.append(14...30, 3)
            }
            _ = try Store.backup(disk, to: target)
            commits = try LogContents(disk).commits
            var (tip, tips): (Int64, [Int64]) = (-1, [])
            for commit in commits {
                if let rollback = commit.meta.rollback { tip = rollback.tipHeight }
                if let block = commit.meta.block { tip = block.height }
                tips.append(tip)
            }
            self.tips = tips
        }

        /// The last commit for which `isWanted` says so, of those that end a group.
        func last(_ isWanted: (Int) -> Bool) -> Int? {
            commits.indices.last { !commits[$0].header.continues && isWanted($0) }.map { $0 + 1 }
        }

        func restored(_ point: RestorePoint) throws -> [StoredCommit]? {
            do {
                return try LogContents(backup: target, endingAt: point).commits
            } catch let error as BackupError {
                guard case .notReached = error else { throw error }
                return nil
            }
        }
    }

    @Test("at every sequence; a group is not cut in its midst")
    func sequences() throws {
        let rig = try Rig()
        for sequence in 0...rig.commits.count {
            let end = rig.last { $0 < sequence } ?? 0
            #expect(try rig.restored(.sequence(UInt64(sequence))) == Array(rig.commits.prefix(end)), "\(sequence)")
        }
        #expect(rig.commits.contains { $0.header.continues })
        #expect(try rig.restored(.sequence(UInt64(rig.commits.count) + 1)) == nil)
    }

    @Test("at every height: behind the last commit after which the tip stood there")
    func heights() throws {
        let rig = try Rig()
        for height in 0...30 as ClosedRange<Int64> {
            let end = try #require(rig.last { rig.tips[$0] == height })
            #expect(try rig.restored(.height(height)) == Array(rig.commits.prefix(end)), "\(height)")
        }
        #expect(try rig.restored(.height(31)) == nil)
    }

    @Test("at a time: before the first commit that came later")
    func times() throws {
        let rig = try Rig()
        for commit in rig.commits {
            let time = commit.header.appendTime
            let late = rig.commits.firstIndex { $0.header.appendTime > time } ?? rig.commits.count
            let end = rig.last { $0 < late } ?? 0
            #expect(try rig.restored(.time(Timestamp(microseconds: time))) == Array(rig.commits.prefix(end)))
        }
        let first = rig.commits[0].header.appendTime
        #expect(try rig.restored(.time(Timestamp(microseconds: first - 1))) == nil)
        #expect(try rig.restored(.time(Timestamp(microseconds: .max)))?.count == rig.commits.count)
    }

    @Test("where heights are skipped, a height between two blocks is the lower one")
    func gaps() throws {
        let disk = try SimulatedDisk.store(options(gaps: true)) { (writer) throws(StoreError) in
            var parent: Int64 = 0
            for height in [0, 2, 5, 9] as [Int64] {
                var next = block(height)
                next.parent = blockHash(height == 0 ? -1 : parent)
                try writer.append(next, events: events(height))
                parent = height
            }
        }
        let target = SimulatedDisk(seed: 2)
        _ = try Store.backup(disk, to: target)
        let wanted: [Int64: Int] = [0: 1, 1: 1, 2: 2, 3: 2, 4: 2, 5: 3, 8: 3, 9: 4]
        for (height, count) in wanted {
            #expect(try LogContents(backup: target, endingAt: .height(height)).commits.count == count)
        }
        #expect(
            backupFailure { () throws(BackupError) in
                _ = try Backup.restore(target, into: SimulatedDisk(seed: 1), endingAt: .height(10))
            } != nil)
    }

    @Test("snapshots of what was cut off go, those from before stay")
    func snapshots() throws {
        let disk = try BackupSamples.withSnapshots()
        let target = SimulatedDisk(seed: 2)
        _ = try Store.backup(disk, to: target)
        let restored = SimulatedDisk(seed: 3)
        _ = try Backup.restore(target, into: restored, endingAt: .height(45))
        #expect(restored.snapshots == disk.snapshots.filter { SnapshotName(fileName: $0)?.height ?? 99 <= 45 })
        #expect(!restored.snapshots.isEmpty)
        #expect(try Store.open(restored.onlyDurable()).view().tipHeight == 45)
    }
}
