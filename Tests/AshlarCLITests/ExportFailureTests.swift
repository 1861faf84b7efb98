import Ashlar
import AshlarTestSupport
import Foundation
import Glibc
import Testing

/// What may be refused to the exporter into SQLite: each time a clear error and an untouched log, and on it goes once that is mended.
@Suite("export sqlite: trouble with the file")
struct ExportFailureTests {
    /// Whether this user may mount file systems that only one process sees: full and read-only ones are made of them.
    private static let canMount: Bool = {
        guard let pipe = popen("unshare -rm mount -t tmpfs tmpfs /mnt 2>&1", "r") else { return false }
        return pclose(pipe) == 0
    }()

    /// Runs commands in a shell with mounts of its own; the runs of `exporter …` among them, which is `ashlar export …`, are given.
    private func run(_ commands: String, in directory: borrowing TemporaryDirectory) throws -> [ToolRun] {
        let prelude = """
            set -eu
            cd '\(directory.path)'
            count=0
            exporter() {
                count=$((count + 1))
                status=0
                '\(Tool.path)' export "$@" --json >$count.out 2>$count.err || status=$?
                echo $status >$count.status
            }
            mkdir -p disk

            """
        let script = directory.file("script", Array((prelude + commands).utf8))
        shell("unshare -rm sh '\(script)'")
        return (1...9).map { "\(directory.path)/\($0)" }.filter { access($0 + ".status", R_OK) == 0 }.map { run in
            func text(_ suffix: String) -> String { String(decoding: contents(of: run + suffix), as: UTF8.self) }
            return ToolRun(
                status: Int32(text(".status").filter(\.isNumber)) ?? -1, output: contents(of: run + ".out"),
                error: text(".err"))
        }
    }

    /// The files of a store, but for what consumers note, with what is in them.
    private func log(of store: String) throws -> [String: [UInt8]] {
        let names = try FileManager.default.contentsOfDirectory(atPath: store)
        return Dictionary(
            uniqueKeysWithValues: names.filter { $0.hasSuffix(".segment") }.map { ($0, contents(of: "\(store)/\($0)")) }
        )
    }

    private func makeStore(at path: String, steps: Int = 1_000) throws {
        var writer = try Writer.open(at: path, options: Samples.options())
        var storm = StormChain(seed: 61)
        for _ in 0..<steps { try storm.step(&writer) }
        try writer.close()
    }

    @Test("a full disk", .enabled(if: canMount, "this user may not mount file systems"))
    func fullDisk() throws {
        let directory = TemporaryDirectory()
        try makeStore(at: directory.store)
        let before = try log(of: directory.store)
        let runs = try run(
            """
            mount -t tmpfs -o size=600k tmpfs disk
            exporter sqlite store disk/out.db --batch-events 40
            exporter check store disk/out.db || true
            mount -o remount,size=64m disk
            exporter sqlite store disk/out.db --batch-events 40
            exporter check store disk/out.db
            """, in: directory)
        try #require(runs.count == 4)
        #expect(runs[0].status == 4 && runs[0].errorObject["code"] as? String == "databaseFull", "\(runs[0].error)")
        #expect(runs[0].error.contains("make room on the disk and run it again"))
        #expect(runs[0].error.components(separatedBy: "out.db").count == 2, "\(runs[0].error)")
        // Some batches had found room.
        let resumed = try #require(runs[2].objects.first)
        #expect(runs[2].status == 0 && resumed["firstSequence"] as? Int ?? 0 > 0, "\(runs[2].text) \(runs[2].error)")
        #expect(runs[3].status == 0 && runs[3].objects.first?["sound"] as? Bool == true, "\(runs[3].text)")
        #expect(try log(of: directory.store) == before)
    }

    @Test("a read-only file system", .enabled(if: canMount, "this user may not mount file systems"))
    func readOnly() throws {
        let directory = TemporaryDirectory()
        try makeStore(at: directory.store)
        let before = try log(of: directory.store)
        let runs = try run(
            """
            mount -t tmpfs tmpfs disk
            mkdir disk/new
            exporter sqlite store disk/out.db --heights 0..50
            mount -o remount,ro disk
            exporter sqlite store disk/out.db --heights 0..50
            exporter sqlite store disk/new/out.db
            mount -o remount,rw disk
            exporter sqlite store disk/out.db --heights 0..50
            exporter check store disk/out.db --heights 0..50
            exporter sqlite store disk/new/out.db
            """, in: directory)
        try #require(runs.count == 6)
        for refused in runs[1...2] {
            #expect(refused.status == 4, "\(refused.error)")
            #expect(refused.errorObject["code"] as? String == "databaseReadOnly", "\(refused.error)")
            #expect(refused.error.contains("make the database writable and run it again"), "\(refused.error)")
        }
        for run in runs[3...5] + runs[..<1] { #expect(run.status == 0, "\(run.error)") }
        #expect(try log(of: directory.store) == before)
    }

    @Test(
        "dropped tables and changed columns",
        arguments: [
            ("DROP TABLE undone_blocks", "no such table"), ("DROP TABLE tip", "no such table"),
            ("ALTER TABLE events RENAME COLUMN payload TO content", "payload"),
            ("ALTER TABLE rollbacks DROP COLUMN to_height", "to_height"),
            ("DROP TABLE models", "no such table"),
        ])
    func changed(_ damage: String, _ word: String) throws {
        let directory = TemporaryDirectory()
        let (store, file) = (directory.store, directory.path + "/out.db")
        try makeStore(at: store, steps: 200)
        #expect(try Tool.run("export", "sqlite", store, file).status == 0)
        var writer = try Writer.open(at: store, options: Samples.options())
        // A fork, and a name that is new: rows for every table.
        let tip = try #require(try writer.store.view().tip()).block
        let event = Event(model: "new", type: "new", payload: Array("{}".utf8))
        for name in "xyz" {
            let block = Block(
                height: tip.height + 1, hash: Samples.hash(tip.height + 1, name), parent: tip.hash,
                timestamp: tip.timestamp)
            try writer.append(block, events: [event])
        }
        try writer.close()
        let before = try log(of: store)
        shell("cp '\(file)' '\(file).whole'")
        _ = try shell(file, damage)
        let run = try Tool.run("export", "sqlite", store, file, "--json")
        #expect(run.status == 4 && run.errorObject["code"] as? String == "databaseSchema", "\(run.error)")
        #expect(
            run.error.contains(word) && run.error.contains("put them back as `--print-schema` shows"), "\(run.error)")
        shell("mv '\(file).whole' '\(file)' && rm -f '\(file)-wal' '\(file)-shm'")
        #expect(try Tool.run("export", "sqlite", store, file).status == 0)
        #expect(try Tool.run("export", "check", store, file).status == 0)
        #expect(try log(of: store) == before)
    }
}
