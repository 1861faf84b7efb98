import AshlarStorage
import AshlarTestSupport
import Foundation
import Testing

@testable import Ashlar
@testable import AshlarFormat

/// The golden archive: a backup of the golden store `pruned`; see `format-spec/vectors/README.md`.
@Suite("Golden backup")
struct BackupVectorTests {
    private static let archive = Vectors.folder.appendingPathComponent("backup/archive.tar")
    private static let store = Vectors.folder.appendingPathComponent("pruned")

    /// Only on request, and never over what is there.
    @Test(
        "a missing archive is made on request",
        .enabled(if: ProcessInfo.processInfo.environment["ASHLAR_WRITE_VECTORS"] != nil))
    func write() throws {
        guard !FileManager.default.fileExists(atPath: Self.archive.path) else { return }
        let stream = MemoryStream()
        _ = try Store.backup(try FileStorage(path: Self.store.appendingPathComponent("store").path), to: stream)
        try FileManager.default.createDirectory(
            at: Self.archive.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(stream.bytes).write(to: Self.archive)
    }

    @Test("restores to the store that it is of, whose bytes it has")
    func restores() throws {
        let bytes = [UInt8](try Data(contentsOf: Self.archive))
        let restored = SimulatedDisk(seed: 1)
        let report = try Backup.restore(MemoryStream(bytes), into: restored)
        #expect(report.sequence == 26 && report.notices.isEmpty)
        var dump = StoreDump(restored)
        let found = try JSONSerialization.data(withJSONObject: try dump.run(), options: [.sortedKeys])
        let expected = try JSONSerialization.jsonObject(
            with: Data(contentsOf: Self.store.appendingPathComponent("expected.json")))
        let wanted = try JSONSerialization.data(withJSONObject: expected, options: [.sortedKeys])
        #expect(String(decoding: found, as: UTF8.self) == String(decoding: wanted, as: UTF8.self))
        let golden = try FileStorage(path: Self.store.appendingPathComponent("store").path)
        for name in restored.segments {
            let file = try golden.open(name, .read)
            #expect(restored[name] == (try file.read(at: 0, count: file.size())))
        }
    }

    @Test("what it consists of can be read and checked by others: with Python's tarfile and hashlib")
    func others() throws {
        let script = """
            import hashlib, sys, tarfile
            with tarfile.open(sys.argv[1]) as archive:
                members = {m.name: archive.extractfile(m).read() for m in archive if m.isfile()}
            name, manifest = list(members.items())[-1]
            assert name == "0000000001.manifest"
            *lines, last = manifest.decode().splitlines(keepends=True)
            assert last == "sha256 " + hashlib.sha256("".join(lines).encode()).hexdigest() + "\\n"
            files = [line.split() for line in lines if len(line.split()[0]) == 64]
            assert "files %d\\n" % len(files) in lines
            for digest, size, _, name in files:
                stored = members[digest + (".copy" if name.endswith("-copy.snapshot") else ".part")]
                assert len(stored) == int(size) and hashlib.sha256(stored).hexdigest() == digest
            print(len(files))
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script, Self.archive.path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0 && Int(text.dropLast()) ?? 0 > 1)
    }
}
