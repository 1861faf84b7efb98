import Ashlar
import AshlarCLI
import AshlarTestSupport
import Foundation
import Testing

/// `ashlar ingest` in a process of its own, whose input and end the test decides about.
final class IngestProcess {
    let process = Process()
    private let input = Pipe()
    private let output: FileHandle
    private let error: FileHandle
    private let directory: String

    init(_ arguments: [String], in directory: borrowing TemporaryDirectory) throws {
        self.directory = directory.path
        output = try FileHandle(forWritingTo: URL(fileURLWithPath: directory.file("out", [])))
        error = try FileHandle(forWritingTo: URL(fileURLWithPath: directory.file("err", [])))
        process.executableURL = URL(fileURLWithPath: Tool.path)
        process.arguments = ["ingest"] + arguments
        process.standardInput = input
        process.standardOutput = output
        process.standardError = error
        try process.run()
    }

    func send(_ lines: [String]) throws { try input.fileHandleForWriting.write(contentsOf: Data(Lines.bytes(lines))) }

    /// What it has written so far.
    var soFar: String { String(decoding: contents(of: directory + "/out"), as: UTF8.self) }

    /// What was waited for did not come about.
    struct Stuck: Error {}

    /// Waits until something holds, a minute at most; throws `Stuck` then.
    func wait(pollMicroseconds: UInt32 = 10_000, for condition: () throws -> Bool) throws {
        for _ in 0..<60_000_000 / pollMicroseconds {
            if try condition() { return }
            usleep(pollMicroseconds)
        }
        throw Stuck()
    }

    /// Sends a signal and waits for the end.
    func end(by signal: Int32) -> ToolRun {
        kill(process.processIdentifier, signal)
        return end()
    }

    /// Closes the input and waits for the end.
    func finish() throws -> ToolRun {
        try input.fileHandleForWriting.close()
        return end()
    }

    private func end() -> ToolRun {
        process.waitUntilExit()
        return ToolRun(
            status: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
            output: contents(of: directory + "/out"),
            error: String(decoding: contents(of: directory + "/err"), as: UTF8.self))
    }
}

@Suite("Ingest: signals, pipes, and what the system refuses")
struct IngestProcessTests {
    private static let driver =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
        .joined(separator: "/") + "/PipeDriver/driver.py"

    @Test(
        "a program drives a store through the pipe: each line is acknowledged without more input, and a kill loses nothing of it",
        arguments: ["step", "pipelined", "killed"])
    func driver(_ scenario: String) throws {
        let directory = TemporaryDirectory()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", Self.driver, Tool.path, directory.store, scenario]
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: directory.file("said", [])))
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(
            process.terminationStatus == 0, "\(String(decoding: contents(of: directory.path + "/said"), as: UTF8.self))"
        )
    }

    @Test(
        "a signal stops a run that waits for input: exit 130, a summary, everything durable",
        arguments: [SIGINT, SIGTERM])
    func signalWhileWaiting(_ signal: Int32) throws {
        let directory = TemporaryDirectory()
        let ingest = try IngestProcess(
            [directory.store, "-", "--json", "--ack", "--durability", "manual"], in: directory)
        try ingest.send(Lines.chain(0...6))
        try ingest.wait { (try? Store.open(at: directory.store, horizon: .committed)) != nil }
        usleep(300_000)
        let run = ingest.end(by: signal)
        #expect(run.status == 130 && run.text.contains("the same command goes on here") && run.error.isEmpty)
        let taken = run.objects.last?["blocks"] as? Int ?? -1
        #expect(try canonicalNames(directory.store).count == taken)
        // Nothing was durable before the end, and then all of it was acknowledged.
        #expect(run.lines.count == taken + 1)
        let again = try IngestProcess([directory.store, "-", "--json"], in: directory)
        try again.send(Lines.chain(0...9))
        let second = try again.finish()
        #expect(second.status == 0 && second.objects.last?["blocks"] as? Int == 10 - taken)
        #expect(second.objects.last?["duplicates"] as? Int == 0)
    }

    @Test(
        "stopped and killed at any moment, the same command ends with the same log",
        arguments: ForkChoice.Rule.allCases, [SIGINT, SIGKILL])
    func stoppedAnywhere(_ rule: ForkChoice.Rule, _ signal: Int32) throws {
        let directory = TemporaryDirectory()
        let input = directory.lines("in.jsonl", RandomLines(seed: 11, count: 3_000).lines)
        let arguments = [
            "--fork-choice", rule.rawValue, "--on-unlinked", "skip", "--json", "--segment-bytes", "100000",
        ]
        let reference = try Tool.run(["ingest", directory.path + "/reference", input] + arguments)
        #expect(reference.status == 0, "\(reference.error)")
        var generator = SeededGenerator(seed: 5)
        var stops = 0
        while true {
            let ingest = try IngestProcess(
                [directory.store, input] + arguments + ["--durability", "interval:5"], in: directory)
            guard stops < 6 else {
                let run = try ingest.finish()
                #expect(run.status == 0, "\(run.error)")
                break
            }
            usleep(UInt32.random(in: 20_000...150_000, using: &generator))
            let run = ingest.end(by: signal)
            if run.status == 0 { break }
            // A signal before the tool could catch it ends it as any program.
            #expect(run.status == 128 + signal || run.status == 130)
            stops += 1
        }
        let expected = try dump(directory.path + "/reference")
        #expect(try dump(directory.store) == expected)
    }

    @Test("a reader of the acknowledgements that goes away ends the run with exit code 4; what was taken is kept")
    func nobodyReads() throws {
        let directory = TemporaryDirectory()
        let input = directory.lines("in", Lines.chain(0...2_000))
        let script = "set -o pipefail; \"$0\" \"$@\" | head -n 1 >/dev/null"
        let run = try Tool.run(["ingest", directory.store, input, "--ack"], wrapper: ["/bin/bash", "-c", script])
        #expect(run.status == 4 && run.error.contains("what was taken is kept"), "\(run.status) \(run.error)")
        #expect(try !canonicalNames(directory.store).isEmpty)
    }

    @Test("an error is one line, or JSON; a summary comes all the same")
    func reports() throws {
        let directory = TemporaryDirectory()
        let input = directory.lines("in", Lines.chain(0...2) + ["{"])
        let run = try Tool.run("ingest", directory.store, input, "--json")
        #expect(run.status == 2 && run.errorObject["code"] as? String == "badInput")
        #expect(run.objects.count == 1 && run.objects[0]["blocks"] as? Int == 3)
        let people = try Tool.run("ingest", directory.store, input)
        #expect(people.status == 2 && people.isOneLineError && people.text.contains("blocks appended"))
        #expect(try Tool.run("ingest", directory.store).status == 64)
        #expect(try Tool.run("ingest", directory.store, input, "--durability", "interval:x").status == 64)
        #expect(try Tool.run("ingest", directory.store, "-", "-").status == 64)
        let help = try Tool.run("ingest", "--help")
        #expect(help.status == 0 && help.text.contains("EXAMPLES") && help.text.contains("longest"))
    }

    @Test("a read-only directory is refused with exit code 4", .enabled(if: ProcessTests.withoutOverride != nil))
    func readOnly() throws {
        let directory = TemporaryDirectory()
        let input = directory.lines("in", Lines.chain(0...4))
        _ = try ingest(directory.store, [directory.lines("first", Lines.chain(0...1))]).get()
        let wrapper = try #require(ProcessTests.withoutOverride)
        shell("chmod 500 '\(directory.store)' && chmod 400 '\(directory.store)'/* && chmod 500 '\(directory.path)'")
        let run = try Tool.run(["ingest", directory.store, input], wrapper: wrapper)
        #expect(run.status == 4 && run.isOneLineError && run.error.contains("permissions"), "\(run.error)")
        let new = try Tool.run(["ingest", directory.path + "/new", input], wrapper: wrapper)
        #expect(new.status == 4 && new.error.contains("permissions"), "\(new.error)")
        shell("chmod 700 '\(directory.path)' '\(directory.store)' && chmod 600 '\(directory.store)'/*")
        #expect(try Tool.run("ingest", directory.store, input).status == 0)
    }

    @Test(
        "a full disk ends the run with exit code 4; the store opens, and with room the same command goes on",
        .enabled(if: SmallDisk.isPossible, "a small file system cannot be mounted here"))
    func fullDisk() throws {
        let directory = TemporaryDirectory()
        let disk = directory.path + "/disk"
        shell("mkdir '\(disk)' && mount -t tmpfs -o size=256k tmpfs '\(disk)'")
        defer { shell("umount '\(disk)'") }
        let input = directory.lines("in", Lines.chain(0...3_000))
        for durability in ["block", "interval:5", "manual"] {
            let run = try Tool.run("ingest", disk + "/store", input, "--durability", durability, "--json")
            #expect(run.status == 4 && "\(run.errorObject["message"] ?? "")".contains("No space left"), "\(run.error)")
            #expect(run.error.contains("make room"))
            let kept = try canonicalNames(disk + "/store")
            #expect(kept == (0..<kept.count).map { "a\($0)" })
            #expect(try Tool.run("verify", disk + "/store").status == 0)
        }
        shell("mount -o remount,size=16m '\(disk)'")
        let run = try Tool.run("ingest", disk + "/store", input, "--json")
        #expect(run.status == 0, "\(run.error)")
        #expect(try canonicalNames(disk + "/store").count == 3_001)
    }
}

/// A file system of a few pages, which only root can have.
enum SmallDisk {
    static let isPossible: Bool = {
        guard getuid() == 0 else { return false }
        let directory = TemporaryDirectory()
        let path = directory.path
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "mount -t tmpfs -o size=64k tmpfs '\(path)' && umount '\(path)'"]
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()
}
