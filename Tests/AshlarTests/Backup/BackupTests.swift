import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

/// Backups in a directory: what goes in, what is shared among generations, what is refused; `format-spec/backup.md`.
@Suite("Backup")
struct BackupTests {
    @Test("what is restored is the log, commit for commit, with an unsealed tail ([BAK-1])")
    func roundTrip() throws {
        let disk = try BackupSamples.disk()
        let target = SimulatedDisk(seed: 2)
        let report = try Store.backup(disk, to: target)
        let wanted = try LogContents(disk)
        #expect(report.sequence == wanted.state.sequence && report.tipHeight == 40 && report.generation == 1)
        #expect(report.newFiles == report.files && report.files == disk.segments.count && report.linkedFiles == 0)
        let found = try LogContents(backup: target)
        #expect(found.commits == wanted.commits && found.canonical == wanted.canonical && found.state == wanted.state)
        #expect(found.segmentCount == wanted.segmentCount && !found.isSealed)
        #expect(try Backup.verify(target).isSound)
        #expect(target.fileNames.filter { !BackupDirectory.isOwn($0) }.isEmpty)
    }

    @Test("beside a writer only what is durable goes in, though more is in the file, also right behind a seal")
    func onlyDurable() throws {
        let disk = SimulatedDisk(seed: 1)
        var writer = try Writer.open(disk, options: BackupSamples.rules)
        for round in 0..<12 as Range<Int64> {
            let first = round * 5
            try writer.append(first...first + 3)
            try writer.sync()
            try writer.append(first + 4...first + 4)
            try writer.flush()
            let target = SimulatedDisk(seed: 2)
            let report = try Store.backup(disk, to: target)
            // Where the last block began a new segment, sealing the one before made nothing of it durable.
            #expect(report.sequence == writer.durableSequence && report.sequence == UInt64(first + 4))
            #expect(try LogContents(backup: target).commits == LogContents(disk, horizon: .durable).commits)
        }
    }

    @Test("an empty store can be backed up, and one whose last segment is sealed")
    func edges() throws {
        let empty = try SimulatedDisk.store { _ in }
        let target = SimulatedDisk(seed: 2)
        #expect(try Store.backup(empty, to: target).sequence == 0)
        #expect(try LogContents(backup: target).commits.isEmpty)
        let disk = try BackupSamples.disk()
        let writer = try Writer.open(disk, options: BackupSamples.rules)
        try writer.core.monitor.withLock { (log) throws(StoreError) in try log.seal() }
        let sealed = SimulatedDisk(seed: 2)
        _ = try Store.backup(disk, to: sealed)
        #expect(try LogContents(backup: sealed).commits == LogContents(disk).commits)
        try writer.close()
    }

    @Test("again to the same place only what is new is written, and old generations are given up as asked")
    func incremental() throws {
        let disk = try BackupSamples.disk()
        let target = SimulatedDisk(seed: 2)
        _ = try Store.backup(disk, to: target)
        let again = try Store.backup(disk, to: target)
        #expect(again.generation == 2 && again.newFiles == 0 && again.newBytes == 0)
        let first = try LogContents(backup: target, generation: 1)
        try BackupSamples.extend(disk, by: 20)
        let more = try Store.backup(disk, to: target)
        #expect(more.newFiles > 1 && more.newFiles < more.files && more.removedGenerations.isEmpty)
        #expect(try LogContents(backup: target).commits == LogContents(disk).commits)
        #expect(try LogContents(backup: target, generation: 1).commits == first.commits)

        var options = BackupOptions()
        options.keptGenerations = 2
        let before = target.parts.count
        let kept = try Store.backup(disk, to: target, options: options)
        #expect(kept.removedGenerations == [1, 2] && kept.removedBytes > 0 && target.parts.count == before - 1)
        #expect(target.manifests == ["0000000003.manifest", "0000000004.manifest"])
        #expect(try Backup.verify(target).isSound)
        #expect(try LogContents(backup: target, generation: 3).commits == LogContents(disk).commits)
        #expect(backupFailure { () throws(BackupError) in _ = try Backup.verify(target, generation: 1) } != nil)
    }

    @Test("a log that was restored and went another way shares no file by mistake ([BAK-5])")
    func otherTail() throws {
        let disk = try BackupSamples.disk()
        let target = SimulatedDisk(seed: 2)
        _ = try Store.backup(disk, to: target)
        let other = SimulatedDisk(seed: 3)
        _ = try Backup.restore(target, into: other, endingAt: .sequence(20))
        var writer = try Writer.open(other, options: BackupSamples.rules)
        let tip = writer.state.tipHeight
        try writer.append(tip + 1...tip + 24)
        try writer.close()
        let report = try Store.backup(other, to: target)
        #expect(report.newFiles > 1 && report.newFiles < report.files)
        #expect(try LogContents(backup: target).commits == LogContents(other).commits)
        #expect(try LogContents(backup: target, generation: 1).commits == LogContents(disk).commits)
    }

    @Test("a backup of another store, of a newer format, and other files are refused and stay as they are")
    func refuses() throws {
        let disk = try BackupSamples.disk()
        let target = SimulatedDisk(seed: 2)
        _ = try Store.backup(disk, to: target)
        let other = try BackupSamples.disk(seed: 4)
        let names = target.fileNames
        guard case .otherStore = backupFailure({ () throws(BackupError) in _ = try Store.backup(other, to: target) })
        else {
            Issue.record("it was mixed with another store's")
            return
        }
        #expect(target.fileNames == names)
        guard case .occupied = backupFailure({ () throws(BackupError) in _ = try Store.backup(disk, to: other) })
        else {
            Issue.record("it was put into a store")
            return
        }
        let text = String(decoding: try #require(target["0000000001.manifest"]), as: UTF8.self)
        let newer = Array(text.replacing("ashlar backup 1", with: "ashlar backup 2").utf8.dropLast(72))
        target["0000000002.manifest"] = newer + Array("sha256 \(SHA256.digest(of: newer))\n".utf8)
        guard case .unsupported = backupFailure({ () throws(BackupError) in _ = try Store.backup(disk, to: target) }),
            case .unsupported = backupFailure({ () throws(BackupError) in _ = try Backup.verify(target) })
        else {
            Issue.record("a newer format was written over")
            return
        }
        let held = try target.lock("lock")
        guard case .inUse = backupFailure({ () throws(BackupError) in _ = try Store.backup(disk, to: target) }) else {
            // The newer manifest is found first; without it the lock is.
            target["0000000002.manifest"] = nil
            guard case .inUse = backupFailure({ () throws(BackupError) in _ = try Store.backup(disk, to: target) })
            else {
                Issue.record("two at a time")
                return
            }
            withExtendedLifetime(held) {}
            return
        }
    }

    @Test("a damaged store gives an error that names the place, and the generations from before stay")
    func damagedStore() throws {
        let disk = try BackupSamples.disk()
        let target = SimulatedDisk(seed: 2)
        _ = try Store.backup(disk, to: target)
        let wanted = try LogContents(disk)
        try BackupSamples.extend(disk, by: 30)
        let segments = disk.segments
        for name in [segments[segments.count - 2], segments[segments.count - 1]] {
            let sound = try #require(disk[name])
            var bytes = sound
            bytes[900] ^= 4
            disk[name] = bytes
            guard
                case .store(.corrupt(let damage)) = backupFailure({ () throws(BackupError) in
                    _ = try Store.backup(disk, to: target)
                })
            else {
                Issue.record("damage was backed up")
                return
            }
            #expect(damage.file == name)
            disk[name] = sound
        }
        #expect(target.manifests.count == 1)
        #expect(try Backup.verify(target).isSound)
        #expect(try LogContents(backup: target).commits == wanted.commits)
        _ = try Store.backup(disk, to: target)
        #expect(try LogContents(backup: target).commits == LogContents(disk).commits)
        #expect(!target.fileNames.contains { $0.hasSuffix(".tmp") })
    }

    @Test("a damaged footer is told and does no harm")
    func damagedFooter() throws {
        let disk = try BackupSamples.disk()
        let name = disk.segments[1]
        var bytes = try #require(disk[name])
        bytes[bytes.count - 200] ^= 1
        disk[name] = bytes
        let target = SimulatedDisk(seed: 2)
        #expect(try Store.backup(disk, to: target).notices.contains { $0.contains("footer of \(name)") })
        let restored = SimulatedDisk(seed: 3)
        _ = try Backup.restore(target, into: restored)
        #expect(try LogContents(restored).commits == LogContents(disk).commits)
    }

    @Test("while a manifest is damaged nothing is removed that it may need, and older generations are there")
    func damagedManifest() throws {
        let disk = try BackupSamples.disk()
        let target = SimulatedDisk(seed: 2)
        _ = try Store.backup(disk, to: target)
        try BackupSamples.extend(disk, by: 1)
        _ = try Store.backup(disk, to: target)
        var bytes = try #require(target["0000000002.manifest"])
        bytes[100] ^= 1
        target["0000000002.manifest"] = bytes
        let found = try Backup.verify(target)
        #expect(found.problems.map(\.file) == ["0000000002.manifest"] && found.generations.map(\.number) == [1])
        try BackupSamples.extend(disk, by: 1)
        let parts = Set(target.parts)
        var options = BackupOptions()
        options.keptGenerations = 1
        let report = try Store.backup(disk, to: target, options: options)
        #expect(report.generation == 3 && report.removedGenerations == [1] && report.notices.count == 1)
        #expect(Set(target.parts).isSuperset(of: parts))
    }

    @Test("a part that is damaged, short or missing is found, and never restored")
    func damagedParts() throws {
        let disk = try BackupSamples.disk()
        let target = SimulatedDisk(seed: 2)
        _ = try Store.backup(disk, to: target)
        for name in target.parts {
            let sound = try #require(target[name])
            for change in 0..<3 {
                var bytes: [UInt8]? = sound
                if change == 0 { bytes?[sound.count / 2] ^= 0x20 }
                if change == 1 { bytes?.removeLast() }
                if change == 2 { bytes = nil }
                target[name] = bytes
                let found = try Backup.verify(target)
                #expect(found.problems.map(\.file) == [name] && found.problems.map(\.generations) == [[1]])
                guard
                    case .damaged(_, name, _) = backupFailure({ () throws(BackupError) in
                        _ = try Backup.restore(target, into: SimulatedDisk(seed: 3))
                    })
                else {
                    Issue.record("\(name) was restored")
                    return
                }
                target[name] = sound
            }
        }
    }
}
