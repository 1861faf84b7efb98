import Ashlar
import AshlarTestSupport
import Foundation
import Glibc
import Testing

/// Backups beside a writer at work, and killed ones.
@Suite("backup and restore beside others, and killed")
struct BackupProcessTests {
    @Test("beside a writer that appends, forks and prunes, every backup is a prefix of the log")
    func besideWriter() throws {
        let directory = TemporaryDirectory()
        let path = try BackupCommandTests.store(in: directory)
        let backup = directory.path + "/backup"
        var writer = try Writer.open(at: path, options: BackupCommandTests.rules)
        let (started, stopped) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        nonisolated(unsafe) var statuses: [Int32] = []
        // One run after the other in processes of their own, while this one writes.
        Thread.detachNewThread {
            started.signal()
            for _ in 0..<6 { statuses.append((try? Tool.run("backup", path, backup))?.status ?? -1) }
            stopped.signal()
        }
        started.wait()
        var height: Int64 = 60
        var branch: Character = "a"
        var log: [UInt64: StoredCommit] = [:]
        // Bounded: it ends when the runs have, and long before a minute anyway.
        for round in 0..<3_000 {
            let parent = branch
            if round % 7 == 3 { (height, branch) = (height - 2, branch == "a" ? "b" : "a") }
            try writer.append(
                Samples.block(height, branch, on: parent), events: Samples.events(height, branch))
            height += 1
            if round % 3 == 0 { try writer.sync() }
            if round % 50 == 49 {
                for commit in writer.store.commits() {
                    let commit = try commit.get()
                    log[commit.sequence] = commit
                }
                var asked = PruneOptions(belowHeight: height - 30)
                asked.modelsWithoutState = ["headers", "utxo"]
                _ = try writer.prune(asked)
            }
            if stopped.wait(timeout: .now() + .milliseconds(2)) == .success {
                stopped.signal()
                break
            }
        }
        for commit in writer.store.commits() {
            let commit = try commit.get()
            log[commit.sequence] = commit
        }
        try writer.close()
        stopped.wait()
        #expect(statuses == [0, 0, 0, 0, 0, 0])
        #expect(try Backup.verify(.directory(backup)).isSound)
        for generation in try Backup.generations(at: backup) {
            let target = directory.path + "/restored\(generation.number)"
            _ = try Backup.restore(.directory(backup, generation: generation.number), to: target)
            let report = try StoreVerification.run(at: target)
            #expect(report.isSound && report.durableSequence == generation.sequence)
            for commit in try BackupCommandTests.commits(target) where log[commit.sequence] != nil {
                #expect(log[commit.sequence] == commit)
            }
        }
    }

    /// Runs the tool, kills it after a while, and tells whether it was at work then.
    private static func kill(_ arguments: [String], after microseconds: Int) throws -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Tool.path)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        usleep(UInt32(microseconds))
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        return process.terminationReason == .uncaughtSignal
    }

    @Test("killed at random moments, a backup leaves the generations from before, and a restore nothing or all")
    func killed() throws {
        let directory = TemporaryDirectory()
        let path = try BackupCommandTests.store(in: directory, blocks: 1_500)
        let (backup, target) = (directory.path + "/backup", directory.path + "/restored")
        _ = try Store.open(at: path).backup(to: backup)
        var random = SplitMix64(seed: 4)
        var (midway, height) = (0, Int64(1_500))
        for round in 0..<CrashRounds.count {
            try BackupCommandTests.extend(path, by: 100)
            height += 100
            let known = try Backup.generations(at: backup).map(\.number)
            let arguments =
                ["backup", path, backup] + (round % 2 == 0 ? ["--copy"] : []) + (round % 3 == 0 ? ["--keep", "2"] : [])
            midway += try Self.kill(arguments, after: 3_000 + random.below(250_000)) ? 1 : 0
            let found = try Backup.verify(.directory(backup))
            #expect(found.isSound && !found.generations.isEmpty)
            #expect(found.generations.contains { known.contains($0.number) || $0.sequence == UInt64(height) })
            midway += try Self.kill(["restore", backup, target], after: 3_000 + random.below(250_000)) ? 1 : 0
            if access(target, F_OK) == 0 {
                #expect(try StoreVerification.run(at: target).isSound)
                #expect(try Store.open(at: target).sequence == found.generations.last?.sequence)
                shell("rm -r '\(target)'")
            }
        }
        #expect(midway > CrashRounds.count / 2)
        #expect(try Tool.run("backup", path, backup, "--keep", "1").status == 0)
        #expect(try Tool.run("restore", backup, target).status == 0)
        #expect(try BackupCommandTests.commits(target) == BackupCommandTests.commits(path))
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(!names.contains("restored.restoring"))
        #expect(try !FileManager.default.contentsOfDirectory(atPath: backup).contains { $0.hasSuffix(".tmp") })
    }
}
