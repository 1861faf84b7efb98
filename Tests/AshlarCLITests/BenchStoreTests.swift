import Ashlar
import AshlarTestSupport
import Foundation
import Testing

@testable import AshlarCLI

/// Everything of a directory that a reader must not change: names, bytes, times of change, and the files' identities.
private struct Fingerprint: Equatable {
    private var files: [String: [UInt8]] = [:]
    private var times: [String: [Int]] = [:]

    init(_ path: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            files[name] = contents(of: path + "/" + name)
            times[name] = Self.times(path + "/" + name)
        }
        times["."] = Self.times(path)
    }

    private static func times(_ path: String) -> [Int] {
        var info = stat()
        guard lstat(path, &info) == 0 else { return [] }
        return [
            Int(info.st_ino), Int(info.st_mode), info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_ctim.tv_sec,
            info.st_ctim.tv_nsec, Int(info.st_size),
        ]
    }
}

@Suite("bench on a store")
struct BenchStoreTests {
    @Test("a user's store is read, and no byte, time or file of it changes")
    func readOnly() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/chain"
        try SampleStore.make(at: path, options: Samples.options { $0.segmentBytes = 4_096 })
        let before = try Fingerprint(path)
        let run = try BenchRun(
            "all", "--store", path, "--rounds", "2", "--lookups", "40", "--threads", "2", "--plot",
            directory.path + "/chain.svg")
        #expect(try Fingerprint(path) == before)
        #expect(run.names == ["scan", "scan 2 threads", "read", "replay", "model", "open clean"])
        let statistics = try Store.open(at: path).statistics()
        for name in ["scan", "scan 2 threads", "replay"] {
            #expect(run[name]["events"] as? Int == Int(statistics.canonicalEvents), "\(name)")
        }
        #expect(run["model"]["events"] as? Int == statistics.models.map { Int($0.canonicalEvents) }.max())
        #expect(run.workload["store"] as? String == path)
        // Nothing is made beside it either, but the picture.
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["chain", "chain.svg"])
    }

    @Test("blocks are found where heights were skipped")
    func heightGaps() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/gaps"
        var options = WriterOptions()
        options.creation = CreationOptions()
        options.creation?.allowsHeightGaps = true
        var writer = try Writer.open(at: path, options: options)
        for step in 0..<20 as Range<Int64> {
            let (hash, parent) = (
                try BlockHash(validating: "b\(step)".utf8), try BlockHash(validating: "b\(step - 1)".utf8)
            )
            let block = Block(
                height: 1_000 + step * 7, hash: hash, parent: parent,
                timestamp: Timestamp(seconds: 1_700_000_000 + step * 10))
            try writer.append(block, events: [Event(model: "m", type: "t", payload: [1, 2, 3])])
        }
        try writer.close()
        let run = try BenchRun("read", "--store", path, "--rounds", "1", "--lookups", "100")
        #expect(run["read"]["events"] as? Int == 100)
    }

    @Test("a store without blocks, a model it does not have, and a picture inside it are refused")
    func refusals() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/chain"
        var options = WriterOptions()
        options.creation = CreationOptions()
        try Writer.open(at: path, options: options).close()
        let empty = try Tool.run("bench", "--store", path, "--json")
        #expect(empty.status == 2 && empty.errorObject["code"] as? String == "emptyStore", "\(empty.error)")
        let full = directory.path + "/full"
        try SampleStore.make(at: full)
        let model = try Tool.run("bench", "model", "--store", full, "--model", "nope")
        #expect(model.status == 2 && model.isOneLineError && model.error.contains("it has: "), "\(model.error)")
        let before = try Fingerprint(full)
        let inside = try Tool.run("bench", "--store", full, "--plot", full + "/x.svg")
        #expect(inside.status == 2 && inside.isOneLineError && inside.error.contains("only read"), "\(inside.error)")
        #expect(try Fingerprint(full) == before)
        let nowhere = try Tool.run("bench", "--store", full, "--plot", directory.path + "/none/x.svg")
        #expect(nowhere.status == 2 && nowhere.isOneLineError, "\(nowhere.error)")
    }

    @Test("the picture is well-formed XML whatever the store is called, stands alone, and has a bar for each number")
    func plot() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/a<b>&\"c'\u{1} ]]>"
        try SampleStore.make(at: path)
        let file = directory.path + "/run.svg"
        let run = try BenchRun("--store", path, "--rounds", "2", "--lookups", "10", "--plot", file)
        let parser = Process()
        parser.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        parser.arguments = [
            "python3", "-c",
            """
            import sys, xml.etree.ElementTree as tree
            root = tree.parse(sys.argv[1]).getroot()
            space = "{http://www.w3.org/2000/svg}"
            assert root.tag == space + "svg", root.tag
            bars = [bar for bar in root.iter(space + "rect") if bar.get("class") == "bar"]
            assert len(bars) == int(sys.argv[2]), len(bars)
            assert all(float(bar.get("width")) >= 1 for bar in bars)
            texts = " ".join(text.text for text in root.iter(space + "text"))
            assert "a<b>&\\"c'" in texts, texts
            style = root.find(space + "style").text
            assert "prefers-color-scheme:dark" in style
            assert not any(":" in name and "xmlns" not in name for node in root.iter() for name in node.attrib)
            """, file, "\(run.rows.count + 1)",
        ]
        try parser.run()
        parser.waitUntilExit()
        #expect(parser.terminationStatus == 0)
        let text = String(decoding: contents(of: file), as: UTF8.self)
        #expect(
            !text.contains("http") || text.components(separatedBy: "http").count == 2, "only the name space is named")
    }
}
