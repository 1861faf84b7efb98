import Ashlar
import AshlarTestSupport
import Foundation
import Glibc
import Testing

/// `ashlar tail` in a process of its own, which the test ends.
final class TailProcess {
    let process = Process()
    private let directory: String
    private let output: FileHandle
    private let error: FileHandle

    init(_ arguments: [String], in directory: borrowing TemporaryDirectory) throws {
        self.directory = directory.path
        output = try FileHandle(forWritingTo: URL(fileURLWithPath: directory.file("out", [])))
        error = try FileHandle(forWritingTo: URL(fileURLWithPath: directory.file("err", [])))
        process.executableURL = URL(fileURLWithPath: Tool.path)
        process.arguments = ["tail"] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = error
        try process.run()
    }

    /// Whole lines so far.
    var lines: [String] {
        let text = String(decoding: contents(of: directory + "/out"), as: UTF8.self)
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    var errors: String { String(decoding: contents(of: directory + "/err"), as: UTF8.self) }

    /// Waits until it has written a line about this commit, a minute at most.
    func wait(forSequence sequence: UInt64) {
        for _ in 0..<6_000 {
            if let last = lines.last, Tool.object(last)["sequence"] as? Int ?? 0 >= Int(sequence) { return }
            usleep(10_000)
        }
        Issue.record("it did not come to sequence \(sequence): \(errors)")
    }

    /// Sends a signal and waits for the end; gives the exit status.
    func end(by signal: Int32) -> Int32 {
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    }
}

@Suite("tail and consumers")
struct TailCommandTests {
    private func store(in directory: borrowing TemporaryDirectory) throws -> String {
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        return path
    }

    @Test("the steps come as lines, with everything about blocks, undone blocks and events")
    func lines() throws {
        let directory = TemporaryDirectory()
        let path = try store(in: directory)
        let run = try Tool.run("tail", path)
        #expect(run.status == 0 && run.error.isEmpty)
        let steps = run.objects.map { $0["step"] as? String }
        #expect(steps == Array(repeating: "applied", count: 6) + ["undone", "applied", "applied", "floating"])
        let undone = run.objects[6]
        #expect(undone["toHeight"] as? Int == 3 && undone["sequence"] as? Int == 7 && undone["count"] as? Int == 2)
        let blocks = try #require(undone["blocks"] as? [[String: Any]])
        #expect(blocks.map { $0["height"] as? Int } == [5, 4] && blocks.map { $0["blockSequence"] as? Int } == [6, 5])
        #expect(blocks[0]["hash"] as? String == run.objects[5]["hash"] as? String)
        let applied = run.objects[5]
        #expect(applied["height"] as? Int == 5 && applied["readopted"] as? Bool == false)
        #expect(applied["first"] as? Bool == true && applied["last"] as? Bool == true)
        #expect(applied["parent"] as? String == run.objects[4]["hash"] as? String)
        let events = try #require(applied["events"] as? [[String: Any]])
        let inEvents = try Tool.run("events", path, "--scope", "log", "--sequences", "6").objects
        #expect(events.count == 5 && inEvents.count == 5)
        for (event, other) in zip(events, inEvents) {
            for member in ["ordinal", "version", "timestamp"] {
                #expect(event[member] as? Int == other[member] as? Int)
            }
            for member in ["model", "type"] { #expect(event[member] as? String == other[member] as? String) }
            #expect((event["payload"] as? [String: Any])?["ordinal"] as? Int == event["ordinal"] as? Int)
            let id = try #require(event["id"] as? String)
            #expect(id.hasPrefix(blocks[0]["chainValue"] as? String ?? "-"))
        }
        let floating = run.objects[9]
        #expect((floating["events"] as? [[String: Any]])?.first?["requestId"] as? String == "r1")
        #expect(Set(run.objects.compactMap { $0["id"] as? String }).count == 10)
    }

    @Test("from the cursor of any line on, exactly the rest comes; parts of a step too", arguments: ["4096", "1", "2"])
    func resumes(batch: String) throws {
        let directory = TemporaryDirectory()
        let path = try store(in: directory)
        let all = try Tool.run("tail", path, "--batch-events", batch)
        for index in stride(from: 0, to: all.lines.count, by: max(1, all.lines.count / 9)) {
            let cursor = try #require(all.objects[index]["cursor"] as? String)
            let rest = try Tool.run("tail", path, "--batch-events", batch, "--from", cursor)
            // Where a step is cut into parts depends on where the run began; what is in them does not.
            let isSame = Self.ids(rest.objects) == Self.ids(Array(all.objects[(index + 1)...]))
            #expect(isSame, "\(rest.error)")
        }
        #expect(Set(Self.ids(all.objects)).count == Self.ids(all.objects).count)
        #expect(try Tool.run("tail", path, "--from", "end").lines.isEmpty)
        #expect(try Tool.run("tail", path, "--from", "start", "--batch-events", batch).lines == all.lines)
    }

    /// What lines deliver, however they are cut: ids of steps with those of their events or undone blocks.
    private static func ids(_ lines: [[String: Any]]) -> [String] {
        lines.flatMap { line -> [String] in
            let step = line["id"] as? String ?? "-"
            let events = (line["events"] as? [[String: Any]] ?? []).map { "\(step) \($0["id"] as? String ?? "-")" }
            let blocks = (line["blocks"] as? [[String: Any]] ?? []).map { "\(step) \($0["hash"] as? String ?? "-")" }
            return events + blocks
        }
    }

    @Test("a filter leaves the steps and takes the events")
    func filter() throws {
        let directory = TemporaryDirectory()
        let path = try store(in: directory)
        let run = try Tool.run("tail", path, "--model", "headers", "--model", "mempool")
        let all = try Tool.run("tail", path)
        #expect(run.objects.map { $0["id"] as? String } == all.objects.map { $0["id"] as? String })
        let models = run.objects.flatMap { ($0["events"] as? [[String: Any]] ?? []).map { $0["model"] as? String } }
        #expect(Set(models) == ["headers", "mempool"])
    }

    @Test("cursors that do not fit are refused with exit code 2 and a word for it")
    func refusals() throws {
        let directory = TemporaryDirectory()
        let path = try store(in: directory)
        try SampleStore.make(at: directory.path + "/other")
        let cursor = try #require(try Tool.run("tail", directory.path + "/other").objects[3]["cursor"] as? String)
        let foreign = try Tool.run("tail", path, "--from", cursor, "--json")
        #expect(foreign.status == 2 && foreign.errorObject["code"] as? String == "cursorNotFound")
        let none = try Tool.run("tail", path, "--from", "c1.x", "--json")
        #expect(none.status == 2 && none.errorObject["code"] as? String == "invalidCursor")
        #expect(try Tool.run("tail", path, "--from", "c1.x").isOneLineError)
        for wrong in [["--ack"], ["--from", "end", "--consumer", "x"], ["--batch-events", "0"]] {
            #expect(try Tool.run(["tail", path] + wrong).status == 64)
        }
    }

    @Test("a consumer goes on where it acknowledged; without --ack it stays")
    func consumer() throws {
        let directory = TemporaryDirectory()
        let path = try store(in: directory)
        let all = try Tool.run("tail", path).lines
        #expect(try Tool.run("tail", path, "--consumer", "x").lines == all)
        #expect(try Tool.run("tail", path, "--consumer", "x", "--ack").lines == all)
        #expect(try Tool.run("tail", path, "--consumer", "x", "--ack").lines.isEmpty)
        var writer = try Writer.open(at: path)
        _ = try writer.append(Samples.block(6, "b"), events: Samples.events(6, "b"))
        try writer.sync()
        // Beside the writer.
        #expect(try Tool.run("tail", path, "--consumer", "x").lines.count == 1)
        let listed = try Tool.run("consumers", path, "--json")
        let lag = try #require(listed.objects.first?["lag"] as? [String: Any])
        #expect(lag["commits"] as? Int == 1 && lag["blocks"] as? Int == 1 && lag["bytes"] as? Int ?? 0 > 0)
        #expect(lag["seconds"] as? Double != nil)
        #expect(try Tool.run("tail", path, "--consumer", "x", "--ack").objects.map { $0["height"] as? Int } == [6])
        let after = try Tool.run("consumers", path, "--json").objects.first?["lag"] as? [String: Any]
        #expect(after?["commits"] as? Int == 0 && after?["seconds"] as? Double == 0)
        #expect(try Tool.run("consumers", path).lines.count == 2)
        try writer.close()
    }

    @Test("a consumer is set forward and back, and removed")
    func setting() throws {
        let directory = TemporaryDirectory()
        let path = try store(in: directory)
        let all = try Tool.run("tail", path)
        let cursor = try #require(all.objects[3]["cursor"] as? String)
        for (place, lines) in [("end", 0), ("start", 10), (cursor, 6), ("end", 0)] {
            let set = try Tool.run("consumers", path, "--json", "--set", "x", place)
            #expect(set.status == 0 && set.objects.first?["name"] as? String == "x", "\(set.error)")
            #expect(try Tool.run("tail", path, "--consumer", "x").lines.count == lines)
        }
        #expect(
            try Tool.run("consumers", path, "--remove", "y", "--json").errorObject["code"] as? String
                == "unknownConsumer")
        #expect(try Tool.run("consumers", path, "--remove", "x").status == 0)
        #expect(try Tool.run("consumers", path, "--json").lines.isEmpty)
        #expect(try Tool.run("consumers", path, "--set", "x").status == 64)
    }

    @Test(
        "following shows what another process appends, and a signal ends it with exit code 130",
        arguments: [SIGINT, SIGTERM])
    func follow(signal: Int32) throws {
        let directory = TemporaryDirectory()
        let path = try store(in: directory)
        var writer = try Writer.open(at: path)
        let tail = try TailProcess([path, "--follow", "--consumer", "x", "--ack"], in: directory)
        tail.wait(forSequence: 9)
        for height in 6..<30 as Range<Int64> {
            _ = try writer.append(Samples.block(height, "b"), events: Samples.events(height, "b"))
            if height % 4 == 0 { try writer.sync() }
        }
        try writer.sync()
        tail.wait(forSequence: writer.sequence)
        // The name is taken while it runs.
        let second = try Tool.run("tail", path, "--consumer", "x", "--ack", "--json")
        #expect(second.status == 3 && second.errorObject["code"] as? String == "consumerInUse")
        #expect(tail.end(by: signal) == 130 && tail.errors.isEmpty)
        #expect(try tail.lines == Tool.run("tail", path).lines)
        #expect(try Tool.run("tail", path, "--consumer", "x").lines.isEmpty)
        try writer.close()
    }

    @Test("killed at any moment, a consumer hears everything, and nothing before it was acknowledged again")
    func killed() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        var writer = try Writer.create(at: path, options: Samples.options())
        for height in 0..<400 as Range<Int64> {
            _ = try writer.append(Samples.block(height), events: Samples.events(height))
        }
        try writer.close()
        let all = try Tool.run("tail", path, "--batch-events", "5").lines
        var heard: Set<String> = []
        for delay in [20_000, 60_000, 40_000, 90_000] as [UInt32] {
            let tail = try TailProcess([path, "--consumer", "x", "--ack", "--batch-events", "5"], in: directory)
            usleep(delay)
            _ = tail.end(by: SIGKILL)
            heard.formUnion(tail.lines)
            // What was acknowledged had been written out.
            let rest = Set(try Tool.run("tail", path, "--consumer", "x", "--batch-events", "5").lines)
            #expect(Set(all).subtracting(rest).isSubset(of: heard))
        }
        heard.formUnion(try Tool.run("tail", path, "--consumer", "x", "--ack", "--batch-events", "5").lines)
        #expect(heard == Set(all))
    }

    @Test("a reader that goes away ends it quietly, also while it waits, and is not acknowledged for")
    func closedPipe() throws {
        let directory = TemporaryDirectory()
        let path = try store(in: directory)
        let script = "set -o pipefail; \"$0\" \"$@\" | head -n 2"
        let run = try Tool.run(["tail", path, "--follow"], wrapper: ["/bin/bash", "-c", script])
        #expect(run.status == 0 && run.error.isEmpty && run.lines.count == 2)
        let gone = "\"$0\" \"$@\" | exec true"
        _ = try Tool.run(["tail", path, "--follow", "--consumer", "x", "--ack"], wrapper: ["/bin/bash", "-c", gone])
        let position = try Tool.run("consumers", path, "--json").objects.first?["cursor"] as? String
        #expect(position.map { $0.contains(".0.") || $0.contains(".9.") } ?? true)
    }
}
