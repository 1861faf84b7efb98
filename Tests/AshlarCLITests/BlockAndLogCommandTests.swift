import Ashlar
import AshlarTestSupport
import Foundation
import Testing

@Suite("blocks and log")
struct BlockAndLogCommandTests {
    @Test("blocks gives the canonical chain, or the one that was")
    func blocks() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        let all = try Tool.run("blocks", path)
        #expect(all.status == 0 && all.objects.map { $0["height"] as? Int } == [0, 1, 2, 3, 4, 5])
        #expect(all.objects.map { $0["sequence"] as? Int } == [1, 2, 3, 4, 7, 8])
        #expect(all.objects[5]["hash"] as? String == "\(Samples.hash(5, "b"))")
        #expect(all.objects[5]["parent"] as? String == "\(Samples.hash(4, "b"))")
        #expect(all.objects[5]["timestamp"] as? Int == 1_700_003_000_000_000 && all.objects[5]["events"] as? Int == 2)
        let before = try Tool.run("blocks", path, "--as-of", "6", "--heights", "4..", "--json")
        #expect(before.objects.map { $0["sequence"] as? Int } == [5, 6])
        let last = try Tool.run("blocks", path, "--descending", "--limit", "2", "--csv")
        #expect(CSV.parse(last.output).map { $0[0] } == ["height", "5", "4"])
        let table = try Tool.run("blocks", path, "--table", "--heights", "..1")
        #expect(table.lines.count == 3 && table.lines[0].hasPrefix("height  hash"))
    }

    @Test("blocks finds a block by its hash, undone or canonical, and says which")
    func hashes() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        let undone = try Tool.run("blocks", path, "--hash", "\(Samples.hash(5, "a"))").objects
        #expect(undone.count == 1 && undone[0]["canonical"] as? Bool == false && undone[0]["sequence"] as? Int == 6)
        let then = try Tool.run("blocks", path, "--hash", "\(Samples.hash(5, "a"))", "--as-of", "6").objects
        #expect(then.count == 1 && then[0]["canonical"] as? Bool == true)
        let canonical = try Tool.run("blocks", path, "--hash", "\(Samples.hash(5, "b"))").objects
        #expect(canonical.count == 1 && canonical[0]["canonical"] as? Bool == true)
        #expect(try Tool.run("blocks", path, "--hash", "\(Samples.hash(5, "b"))", "--as-of", "6").output.isEmpty)
        let none = try Tool.run("blocks", path, "--hash", "ff")
        #expect(none.status == 0 && none.output.isEmpty)
        let wrong = try Tool.run("blocks", path, "--json", "--hash", "0xff")
        #expect(wrong.status == 2 && wrong.errorObject["code"] as? String == "badHash")
    }

    @Test("log gives every commit, and with a fork what it undid")
    func log() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        let run = try Tool.run("log", path)
        #expect(run.status == 0 && run.objects.map { $0["sequence"] as? Int } == Array(1...9))
        #expect(
            run.objects.map { $0["canonical"] as? Bool } == [true, true, true, true, false, false, true, true, nil])
        #expect(run.objects[8]["kind"] as? String == "floating" && run.objects[8]["height"] is NSNull)
        let rollback = try #require(run.objects[6]["rollback"] as? [String: Any])
        #expect(rollback["toHeight"] as? Int == 3 && rollback["undoneBlocks"] as? Int == 2)
        let undone = try #require(rollback["undone"] as? [[String: Any]])
        #expect(undone.map { $0["sequence"] as? Int } == [6, 5])
        #expect(undone.map { $0["hash"] as? String } == ["\(Samples.hash(5))", "\(Samples.hash(4))"])
        let part = try Tool.run("log", path, "--sequences", "7", "--csv")
        let row = CSV.parse(part.output)[1]
        #expect(row[0] == "7" && row[1] == "block" && row[10] == "3" && row[13] == "6 5")
        let last = try Tool.run("log", path, "--descending", "--limit", "3")
        #expect(last.objects.map { $0["sequence"] as? Int } == [9, 8, 7])
        #expect(last.lines[2] == run.lines[6])
    }

    @Test("the view for people marks what was undone and lists it under the fork that undid it")
    func view() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        let lines = try Tool.run("log", path, "--table").lines
        #expect(lines.count == 12)
        #expect(lines.filter { $0.hasPrefix("✗") }.count == 2 && lines[5].hasSuffix("block, undone since"))
        #expect(lines[7].hasSuffix("block, after undoing 2 blocks (10 events) above height 3"))
        #expect(lines[8].hasSuffix("└ undone: commit 6") && lines[9].hasSuffix("└ undone: commit 5"))
        #expect(lines[11].hasSuffix("floating events"))
    }

    @Test("rollbacks of their own, branches taken up again and control commits are told apart")
    func others() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        var writer = try Writer.open(at: path)
        try writer.rollback(toHeight: 3, mark: [1, 2, 3])
        try writer.adopt(branch: [.known(sequence: 5), .known(sequence: 6), .new(Samples.block(6), [])])
        try writer.adopt(branch: [.known(sequence: 7)])
        try writer.declare(models: ["later"])
        try writer.close()
        let objects = try Tool.run("log", path, "--sequences", "10..").objects
        #expect(objects.map { $0["kind"] as? String } == ["rollback", "block", "rollback", "control"])
        let rollbacks = objects.map { $0["rollback"] as? [String: Any] }
        func sequences(_ index: Int, _ name: String) -> [Int]? {
            (rollbacks[index]?[name] as? [[String: Any]])?.compactMap { $0["sequence"] as? Int }
        }
        #expect(sequences(0, "undone") == [8, 7] && objects[0]["mark"] as? String == "AQID")
        #expect(sequences(1, "undone") == [] && sequences(1, "readopted") == [5, 6])
        #expect(sequences(2, "undone") == [11, 6, 5] && sequences(2, "readopted") == [7])
        let whole = try Tool.run("log", path).lines
        #expect(try Tool.run("log", path, "--descending").lines == whole.reversed())
        let table = try Tool.run("log", path, "--table").text
        #expect(table.contains("rollback, undoing 3 blocks (10 events) above height 3 and taking up 1 again"))
        #expect(table.contains("└ taken up again: commit 7") && table.contains("control"))
    }
}
