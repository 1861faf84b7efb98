import Ashlar
import AshlarTestSupport
import Foundation
import Glibc
import Testing

@Suite("backup and restore")
struct BackupCommandTests {
    /// A store of `blocks` blocks in small segments, and its path.
    static func store(in directory: borrowing TemporaryDirectory, blocks: Int64 = 60) throws -> String {
        let path = directory.path + "/store"
        var writer = try Writer.create(at: path, options: rules)
        for height in 0..<blocks { try writer.append(Samples.block(height), events: Samples.events(height)) }
        try writer.close()
        return path
    }

    static let rules = Samples.options {
        $0.segmentBytes = 8_192
        $0.finalityDepth = 10
    }

    static func extend(_ path: String, by count: Int64) throws {
        var writer = try Writer.open(at: path, options: rules)
        let tip = try writer.store.view().tipHeight ?? -1
        for height in tip + 1...tip + count {
            try writer.append(Samples.block(height), events: Samples.events(height))
        }
        try writer.close()
    }

    /// All commits of a store, each in full but for its events, which its chain value vouches for.
    static func commits(_ path: String) throws -> [StoredCommit] {
        try Store.open(at: path).commits().map { try $0.get() }
    }

    @Test("generations in a directory: made, listed, verified, restored, given up")
    func generations() throws {
        let directory = TemporaryDirectory()
        let path = try Self.store(in: directory)
        let backup = directory.path + "/backup"
        let first = try #require(try Tool.run("backup", path, backup, "--json").objects.first)
        #expect(first["generation"] as? Int == 1 && first["sequence"] as? Int == 60)
        #expect(first["newFiles"] as? Int == first["files"] as? Int)
        try Self.extend(path, by: 20)
        let text = try Tool.run("backup", path, backup)
        #expect(text.status == 0 && text.text.contains("generation 2: up to sequence 80, height 79"))
        let list = try Tool.run("backup", "list", backup, "--json").objects
        #expect(list.map { $0["sequence"] as? Int } == [60, 80])
        let old = directory.path + "/old"
        let run = try Tool.run("restore", backup, old, "--generation", "1", "--json")
        #expect(run.status == 0 && run.objects.first?["tipHeight"] as? Int == 59, "\(run.error)")
        #expect(try Self.commits(old) == Array(Self.commits(path).prefix(60)))

        let kept = try #require(try Tool.run("backup", path, backup, "--keep", "1", "--json").objects.first)
        #expect(kept["removedGenerations"] as? [Int] == [1, 2] && kept["newFiles"] as? Int == 0)
        let sound = try #require(try Tool.run("backup", "verify", backup, "--json").objects.first)
        #expect(sound["sound"] as? Bool == true && (sound["generations"] as? [Any])?.count == 1)
        for (option, value, sequence) in [("--to-height", "30", 31), ("--to-sequence", "44", 44)] {
            let target = directory.path + "/restored" + option
            let run = try Tool.run("restore", backup, target, option, value)
            #expect(run.status == 0 && run.text.contains("\(80 - sequence) commits of the backup were left out"))
            #expect(try Store.open(at: target).sequence == UInt64(sequence))
            #expect(try Tool.run("verify", target).status == 0)
        }
        #expect(try Tool.run("restore", backup, directory.path + "/now", "--to-time", "2100-01-01").status == 0)
        #expect(try Self.commits(directory.path + "/now") == Self.commits(path))
    }

    @Test("what cannot be is refused in one line, and leaves nothing behind")
    func refusals() throws {
        let directory = TemporaryDirectory()
        let path = try Self.store(in: directory)
        let other = directory.path + "/other"
        try SampleStore.make(at: other)
        let backup = directory.path + "/backup"
        #expect(try Tool.run("backup", path, backup).status == 0)
        let fresh = directory.path + "/fresh"
        let refused: [([String], Int32, String)] = [
            (["backup", other, backup], 2, "otherStore"), (["backup", path, other], 2, "occupied"),
            (["backup", path, path + "/inside"], 2, "invalidArgument"),
            (["backup", path, directory.path], 2, "invalidArgument"),
            (["backup", fresh, backup], 2, "notAStore"), (["backup", "verify", other], 2, "notABackup"),
            (["backup", "list", fresh], 2, "notABackup"), (["restore", backup, other], 2, "occupied"),
            (["restore", backup, fresh, "--to-height", "500"], 2, "notReached"),
            (["restore", backup, fresh, "--to-sequence", "61"], 2, "notReached"),
            (["restore", backup, fresh, "--generation", "7"], 2, "notABackup"),
            (["restore", other, fresh], 2, "notABackup"), (["restore", "/dev/null", fresh], 1, "damaged"),
            (["restore", "-", fresh], 1, "damaged"), (["restore", fresh, fresh], 4, "inputOutput"),
        ]
        for (arguments, status, code) in refused {
            let run = try Tool.run(arguments + ["--json"])
            #expect(run.status == status && run.errorObject["code"] as? String == code, "\(arguments): \(run.error)")
            #expect(try Tool.run(arguments).isOneLineError)
        }
        for arguments in [
            ["backup", path, "-", "--keep", "1"], ["backup", path, backup, "--keep", "0"],
            ["restore", backup, fresh, "--to-height", "1", "--to-sequence", "1"],
            ["restore", backup, fresh, "--to-time", "soon"],
        ] {
            #expect(try Tool.run(arguments).status == 64)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        #expect(names.filter { !["err", "out"].contains($0) } == ["backup", "other", "store"])
        // A flipped byte in one of the files.
        let parts = try FileManager.default.contentsOfDirectory(atPath: backup).filter { $0.hasSuffix(".part") }
        let part = backup + "/" + (try #require(parts.first))
        var bytes = contents(of: part)
        bytes[bytes.count / 2] ^= 1
        shell("rm '\(part)'")
        _ = directory.file("backup/\(parts[0])", bytes)
        let damaged = try Tool.run("backup", "verify", backup, "--json")
        let problems = damaged.objects.first?["problems"] as? [[String: Any]]
        #expect(damaged.status == 1 && problems?.first?["file"] as? String == parts[0])
        #expect(try Tool.run("restore", backup, fresh).status == 1)
        #expect(access(fresh, F_OK) != 0 && access(fresh + ".restoring", F_OK) != 0)
    }

    @Test("an archive goes through a pipe, is a tar file, and counts only whole")
    func archive() throws {
        let directory = TemporaryDirectory()
        // More than fits into a pipe that nobody reads.
        let path = try Self.store(in: directory, blocks: 400)
        let (tool, base) = (Tool.path, directory.path)
        func run(_ script: String) throws -> ToolRun {
            try Tool.run([], wrapper: ["/bin/bash", "-c", "set -o pipefail; cd '\(base)'; a='\(tool)'; " + script])
        }
        let piped = try run("$a backup store - | $a restore - piped --json")
        #expect(piped.status == 0 && piped.objects.first?["sequence"] as? Int == 400, "\(piped.error)")
        #expect(try Self.commits(base + "/piped") == Self.commits(path))
        #expect(
            try run("$a backup store - > x.tar && $a backup verify x.tar && $a restore x.tar mid --to-height 9").status
                == 0)
        #expect(try Store.open(at: base + "/mid").view().tipHeight == 9)
        let verbose = try run("$a backup store - --json 2>report >x.tar; cat report")
        #expect(verbose.objects.first?["sequence"] as? Int == 400)
        if access("/usr/bin/tar", X_OK) == 0 || access("/bin/tar", X_OK) == 0 {
            let unpacked = try run(
                "mkdir u && tar xf x.tar -C u && cat x.tar | tar tf - && $a backup verify u && $a restore u v")
            #expect(unpacked.status == 0, "\(unpacked.error)")
            #expect(try Self.commits(base + "/v") == Self.commits(path))
        }
        let cut = try run("head -c 20000 x.tar | $a restore - cut --json")
        #expect(cut.status == 1 && cut.errorObject["code"] as? String == "damaged" && access(base + "/cut", F_OK) != 0)
        #expect(access(base + "/cut.restoring", F_OK) != 0)
        let broken = try run("$a backup store - --json | head -c 1000 >/dev/null")
        #expect(broken.status == 4 && broken.errorObject["code"] as? String == "inputOutput", "\(broken.error)")
        if access("/dev/full", W_OK) == 0 { #expect(try run("$a backup store - >/dev/full").status == 4) }
    }

    @Test("a terminal gets no archive")
    func terminal() throws {
        let directory = TemporaryDirectory()
        let path = try Self.store(in: directory, blocks: 2)
        let script = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
        let run = try Tool.run(["backup", path, "-"], wrapper: ["/usr/bin/env", "python3", "-c", script])
        #expect(run.status == 2 && run.text.contains("is a terminal"), "\(run.text)\(run.error)")
    }

    @Test("files that share their bytes with the store stay what they were, whatever its writers do ([BAK-2])")
    func links() throws {
        let directory = TemporaryDirectory()
        let path = try Self.store(in: directory)
        let backup = directory.path + "/backup"
        let first = try Tool.run("backup", path, backup, "--json")
        let shared =
            (first.objects.first?["linkedFiles"] as? Int ?? 0) + (first.objects.first?["clonedFiles"] as? Int ?? 0)
        let files = try #require(first.objects.first?["files"] as? Int)
        // All but the tail, and the segment before it if nothing behind proves that it is never written again.
        #expect(shared >= files - 2 && shared < files)
        let wanted = try Self.commits(path)
        for round in 0..<6 {
            try Self.extend(path, by: 3)
            if round == 3 {
                var writer = try Writer.open(at: path, options: Self.rules)
                var asked = PruneOptions(belowHeight: 40)
                asked.modelsWithoutState = ["headers", "utxo"]
                guard case .pruned = try writer.prune(asked) else { throw StoreError.invalidArgument("kept") }
                try writer.close()
            }
            #expect(try Backup.verify(.directory(backup)).isSound)
            if round < 3 { _ = try Store.open(at: path).backup(to: backup) }
        }
        let restored = directory.path + "/restored"
        _ = try Backup.restore(.directory(backup, generation: 1), to: restored)
        #expect(try Self.commits(restored) == wanted)
        // Copies take the place of links when they are asked for.
        #expect(
            try Tool.run("backup", path, backup, "--copy", "--keep", "1", "--json").objects.first?["linkedFiles"]
                as? Int == 0)
        for name in try FileManager.default.contentsOfDirectory(atPath: backup) {
            var info = stat()
            #expect(lstat(backup + "/" + name, &info) == 0 && info.st_nlink == 1)
        }
        #expect(try Backup.verify(.directory(backup)).isSound)
    }

    @Test("a sealed segment is copied as long as nothing proves that it is never written again ([BAK-2])")
    func provenSeal() throws {
        let directory = TemporaryDirectory()
        let path = try Self.store(in: directory)
        let backup = directory.path + "/backup"
        var writer = try Writer.open(at: path, options: Self.rules)
        try writer.sync()
        func segments() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".segment") }.sorted()
        }
        func linkCounts() throws -> [Int] {
            try segments().map { name in
                var info = stat()
                guard lstat(path + "/" + name, &info) == 0 else { return -1 }
                return Int(info.st_nlink)
            }
        }
        let before = try segments().count
        var height: Int64 = 60
        while try segments().count == before {
            try writer.append(Samples.block(height), events: Samples.events(height))
            height += 1
        }
        let report = try Store.open(at: path).backup(to: backup)
        #expect(report.sequence == UInt64(height - 1))
        // Where reflinks are to be had there are no links at all.
        guard report.linkedFiles > 0 else { return try writer.close() }
        #expect(try linkCounts() == [Int](repeating: 2, count: before - 1) + [1, 1])
        try writer.sync()
        _ = try Store.open(at: path).backup(to: directory.path + "/other")
        #expect(try linkCounts() == [Int](repeating: 3, count: before - 1) + [2, 1])
        try writer.close()
        #expect(try Backup.verify(.directory(backup)).isSound)
    }
}
