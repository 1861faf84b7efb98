import Ashlar
import AshlarTestSupport
import Foundation
import Testing

@Suite("ashlar salvage, and --degraded")
struct SalvageCommandTests {
    /// The sample store with a damaged header in commit 3 (height 2), and damaged events in commit 8 (height 5 of branch b).
    private func withDamage(_ body: (_ path: String, _ folder: String) throws -> Void) throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        let file = URL(fileURLWithPath: path + "/0000000001-0000.segment")
        var bytes = [UInt8](try Data(contentsOf: file))
        var offsets = [512]
        while offsets.count < 10 {
            let length = bytes.withUnsafeBytes {
                $0.loadUnaligned(fromByteOffset: (offsets.last ?? 0) + 80, as: UInt64.self)
            }
            offsets.append((offsets.last ?? 0) + Int(length))
        }
        bytes[offsets[2] + 9] ^= 1
        bytes[offsets[8] - 12] ^= 1
        try Data(bytes).write(to: file)
        for name in try FileManager.default.contentsOfDirectory(atPath: path) where name.hasSuffix(".index") {
            try FileManager.default.removeItem(atPath: path + "/" + name)
        }
        try body(path, directory.path)
    }

    @Test("saves what it can, tells what it cannot, and exits with 1")
    func salvage() throws {
        try withDamage { path, folder in
            #expect(try Tool.run("stats", path).status == 1)
            // The first part is saved last: where another cannot be, there is none.
            let leftover = folder + "/new.2.salvage"
            try FileManager.default.createDirectory(atPath: leftover, withIntermediateDirectories: true)
            #expect(try Tool.run("salvage", path, "--to", folder + "/new").status == 2)
            #expect(!FileManager.default.fileExists(atPath: folder + "/new"))
            try FileManager.default.removeItem(atPath: leftover)
            let run = try Tool.run("salvage", path, "--to", folder + "/new", "--json")
            #expect(run.status == 1 && run.errorObject["code"] as? String == "damaged", "\(run.error)")
            let report = try #require(run.objects.first)
            #expect(report["whole"] as? Bool == false)
            let parts = try #require(report["parts"] as? [[String: Any]])
            #expect(parts.compactMap { $0["path"] as? String } == [folder + "/new", folder + "/new.2"])
            #expect(parts.compactMap { $0["commits"] as? Int } == [2, 6])
            let lost = try #require(report["lost"] as? [[String: Any]])
            #expect(lost.count == 1 && (lost[0]["sequences"] as? [String: Int]) == ["first": 3, "last": 3])
            #expect((lost[0]["heights"] as? [String: Int]) == ["first": 2, "last": 2])
            #expect((report["emptied"] as? [[String: Any]])?.compactMap { $0["sequence"] as? Int } == [8])
            for part in ["/new", "/new.2"] { #expect(try Tool.run("verify", folder + part).status == 0) }
            #expect(try Tool.run("stats", folder + "/new.2", "--json").text.contains("\"prunedHeight\":2"))
            let again = try Tool.run("salvage", path, "--to", folder + "/new")
            #expect(again.status == 2 && again.isOneLineError && again.error.contains("already"))
        }
    }

    @Test("a whole store is saved whole, with exit code 0")
    func whole() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        let run = try Tool.run("salvage", path, "--to", directory.path + "/new")
        #expect(run.status == 0 && run.error.isEmpty && run.lines.count == 1, "\(run.text)\(run.error)")
        for command in ["events", "log"] {
            let old = try Tool.run(command, path, "--json")
            #expect(try Tool.run(command, directory.path + "/new", "--json").output == old.output)
            let degraded = try Tool.run(command, path, "--json", "--degraded")
            #expect(degraded.status == 0 && degraded.output == old.output)
        }
    }

    @Test("a store that a writer has open is refused, with exit code 3")
    func liveWriter() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        let writer = try Writer.open(at: path)
        let run = try Tool.run("salvage", path, "--to", directory.path + "/new")
        #expect(run.status == 3 && run.isOneLineError && run.error.contains("stop that process"), "\(run.error)")
        try writer.close()
        #expect(try Tool.run("salvage", path, "--to", directory.path + "/new").status == 0)
    }

    @Test("reads what is healthy, and names what is not")
    func degraded() throws {
        try withDamage { path, _ in
            func heights(_ run: ToolRun) -> [Int] {
                #expect(
                    run.status == 1 && run.error.contains("sequences 3–3") && run.error.contains("commit 8"),
                    "\(run.error)")
                var found: [Int] = []
                for object in run.objects {
                    if let height = object["height"] as? Int, found.last != height { found.append(height) }
                }
                return found
            }
            #expect(heights(try Tool.run("events", path, "--degraded")) == [0, 1, 3, 4])
            #expect(heights(try Tool.run("events", path, "--degraded", "--descending")) == [4, 3, 1, 0])
            #expect(heights(try Tool.run("events", path, "--degraded", "--heights", "1..3")) == [1, 3])
            #expect(heights(try Tool.run("blocks", path, "--degraded", "--json")) == [0, 1, 3, 4, 5])
            #expect(heights(try Tool.run("blocks", path, "--degraded", "--json", "--heights", "0..1")) == [0, 1])
            let log = try Tool.run("log", path, "--degraded", "--json")
            #expect(log.objects.compactMap { $0["sequence"] as? Int }.filter { $0 != 3 } == [1, 2, 4, 5, 6, 7, 8, 9])
            #expect(try Tool.run("stats", path, "--degraded", "--json").objects.count == 2)
            #expect(try Tool.run("events", path, "--degraded", "--page", "--limit", "1").status == 64)
        }
    }
}
