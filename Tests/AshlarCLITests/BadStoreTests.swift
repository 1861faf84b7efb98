import Ashlar
import AshlarFormat
import AshlarTestSupport
import Foundation
import Testing

@Suite("Stores that cannot be read or written")
struct BadStoreTests {
    private static let readers = ["stats", "blocks", "events", "log", "verify"]
    private static let segment = "/0000000001-0000.segment"

    /// Changes bytes of a file in place.
    private func patch(_ path: String, _ change: (inout [UInt8]) -> Void) throws {
        var bytes = contents(of: path)
        change(&bytes)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    private func expectFailure(_ arguments: [String], _ status: Int32, _ code: String, _ text: String) throws {
        let run = try Tool.run(arguments)
        #expect(run.status == status && run.isOneLineError, "\(arguments): \(run.status) \(run.error)")
        #expect(run.error.contains(text), "\(arguments): \(run.error)")
        let json = try Tool.run(arguments + ["--json"])
        #expect(json.status == status && json.errorObject["code"] as? String == code, "\(arguments): \(json.error)")
    }

    @Test("what is no store is said to be none", arguments: readers + ["rollback"])
    func notAStore(command: String) throws {
        let directory = TemporaryDirectory()
        let more = command == "rollback" ? ["--to-height", "0"] : []
        for path in [directory.path + "/nothing", directory.path, directory.file("file", [1, 2, 3])] {
            try expectFailure([command, path] + more, 2, "notAStore", "ashlar init")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["file"])
    }

    @Test("init leaves a directory alone that holds other files")
    func foreignDirectory() throws {
        let directory = TemporaryDirectory()
        _ = directory.file("letter.txt", [1])
        try expectFailure(["init", directory.path], 2, "invalidArgument", "other files")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["letter.txt"])
        let file = directory.file("file", [])
        try expectFailure(["init", file], 2, "notAStore", "no Ashlar store")
    }

    @Test("a store of a newer format is refused as such", arguments: readers + ["rollback"])
    func newerFormat(command: String) throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        try patch(path + Self.segment) { bytes in
            bytes[8] = 2
            let crc = bytes[..<508].withUnsafeBytes { Checksum.crc($0) }
            for index in 0..<4 { bytes[508 + index] = UInt8(truncatingIfNeeded: crc >> (8 * UInt32(index))) }
        }
        let more = command == "rollback" ? ["--to-height", "0"] : []
        try expectFailure([command, path] + more, 2, "unsupported", "Use a newer Ashlar")
    }

    @Test(
        "durable damage ends every command with exit code 1, naming file and offset", arguments: readers + ["rollback"])
    func corrupt(command: String) throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        // In the header of the commit of block 1, which opening walks over.
        try patch(path + Self.segment) { $0[512 + 664 + 8] ^= 1 }
        try? FileManager.default.removeItem(atPath: path + "/0000000001-0000.index")
        let before = contents(of: path + Self.segment)
        let more = command == "rollback" ? ["--to-height", "0"] : []
        let code = command == "verify" ? "damaged" : "corrupt"
        let run = try Tool.run([command, path] + more)
        #expect(run.status == 1 && run.isOneLineError)
        #expect((run.text + run.error).contains("0000000001-0000.segment at offset 1176"), "\(run.text)\(run.error)")
        let json = try Tool.run([command, path, "--json"] + more)
        #expect(json.status == 1 && json.errorObject["code"] as? String == code)
        #expect(contents(of: path + Self.segment) == before)
    }

    @Test("a damaged payload stops events behind what is sound, and verify says where it is")
    func damagedPayload() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        let bytes = contents(of: path + Self.segment)
        let wanted = Array(#"{"height":3,"branch":"a","ordinal":2}"#.utf8)
        let offset = try #require(
            (0..<bytes.count - wanted.count).first { bytes[$0..<$0 + wanted.count].elementsEqual(wanted) })
        try patch(path + Self.segment) { $0[offset + 10] ^= 4 }
        let events = try Tool.run("events", path)
        #expect(events.status == 1 && events.isOneLineError)
        #expect(events.lines.count == 17 && events.objects.allSatisfy { $0["payload"] != nil })
        #expect(events.error.contains("heights 3–3"))
        let verify = try Tool.run("verify", path, "--json")
        #expect(verify.status == 1 && verify.errorObject["code"] as? String == "damaged")
        let report = try #require(verify.objects.first)
        #expect(report["sound"] as? Bool == false)
        let problem = try #require((report["problems"] as? [[String: Any]])?.first)
        #expect(problem["file"] as? String == "0000000001-0000.segment" && problem["offset"] as? Int ?? 0 > 512)
        #expect((problem["heights"] as? [String: Int]) == ["first": 3, "last": 3])
        #expect((problem["reason"] as? String)?.isEmpty == false)
        let text = try Tool.run("verify", path)
        #expect(text.status == 1 && text.text.hasPrefix("damaged: 0000000001-0000.segment at offset "))
    }

    @Test("verify calls a sound store sound")
    func sound() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        let run = try Tool.run("verify", path, "--json")
        #expect(run.status == 0 && run.error.isEmpty)
        let report = try #require(run.objects.first)
        #expect(report["sound"] as? Bool == true && report["events"] as? Int == 38 && report["commits"] as? Int == 9)
        #expect(report["durableSequence"] as? Int == 9 && (report["problems"] as? [Any])?.isEmpty == true)
        #expect(try Tool.run("verify", path).text.contains(": sound (1 segments, 9 commits, 38 events"))
    }
}
