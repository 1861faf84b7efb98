import Ashlar
import AshlarTestSupport
import Foundation
import Glibc
import Testing

@Suite("Processes beside each other")
struct ProcessTests {
    @Test("a second writer is refused with exit code 3, naming the first; readers are not")
    func secondWriter() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        let writer = try Writer.open(at: path)
        let run = try Tool.run("rollback", path, "--to-height", "1")
        #expect(run.status == 3 && run.isOneLineError && run.error.contains("process \(getpid())"))
        let json = try Tool.run("rollback", path, "--to-height", "1", "--json")
        #expect(json.status == 3 && json.errorObject["code"] as? String == "inUse")
        #expect(try Tool.run("stats", path).status == 0)
        try writer.close()
        #expect(try Tool.run("rollback", path, "--to-height", "1").status == 0)
    }

    @Test("readers see what is durable, and more only when asked", arguments: ["stats", "blocks", "events", "log"])
    func horizon(command: String) throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        var writer = try Writer.create(at: path, options: Samples.options())
        _ = try writer.append(Samples.block(0), events: Samples.events(0))
        try writer.sync()
        let large = Event(model: "large", type: "large", payload: [UInt8](repeating: 0x31, count: 2 << 20))
        _ = try writer.append(Samples.block(1), events: [large])
        let durable = try Tool.run(command, path, "--json")
        let committed = try Tool.run(command, path, "--json", "--committed")
        #expect(durable.status == 0 && committed.status == 0, "\(committed.error)")
        // Beside a live writer there is nothing to note: what is not durable yet is no torn tail.
        #expect(try Tool.run(command, path).error.isEmpty)
        if command == "stats" {
            #expect(durable.objects.first?["sequence"] as? Int == 1)
            #expect(committed.objects.first?["sequence"] as? Int == 2)
            #expect(committed.objects.first?["durableSequence"] as? Int == 1)
        } else {
            #expect(committed.lines.count == durable.lines.count + 1)
        }
        try writer.close()
    }

    @Test("output into a pipe whose reader goes away ends quietly", arguments: ["", "--csv", "--table"])
    func head(form: String) throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        var writer = try Writer.create(at: path, options: Samples.options())
        for height in 0..<100 as Range<Int64> {
            _ = try writer.append(Samples.block(height), events: Samples.events(height, count: 500))
        }
        try writer.close()
        let script = "set -o pipefail; \"$0\" \"$@\" | head -n 1"
        let run = try Tool.run(
            ["events", path] + (form.isEmpty ? [] : [form]), wrapper: ["/bin/bash", "-c", script])
        #expect(run.status == 0 && run.error.isEmpty && run.lines.count == 1)
    }

    @Test("output that cannot be written is a failure of the system", .enabled(if: access("/dev/full", W_OK) == 0))
    func full() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        for command in ["events", "blocks", "log", "stats"] {
            let run = try Tool.run([command, path, "--json"], wrapper: ["/bin/sh", "-c", "\"$0\" \"$@\" >/dev/full"])
            #expect(run.status == 4 && run.errorObject["code"] as? String == "output")
        }
    }

    /// What runs a command without the right to override permissions, which root has; nil if that cannot be had.
    static let withoutOverride: [String]? = {
        if getuid() != 0 { return [] }
        let path = "/usr/bin/setpriv"
        let wrapper = [
            path, "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search",
        ]
        let probe = Process()
        probe.executableURL = URL(fileURLWithPath: path)
        probe.arguments = Array(wrapper.dropFirst()) + ["/bin/true"]
        probe.standardError = FileHandle.nullDevice
        do { try probe.run() } catch { return nil }
        probe.waitUntilExit()
        return probe.terminationStatus == 0 ? wrapper : nil
    }()

    @Test(
        "a read-only directory can be read, and refuses writers with exit code 4", .enabled(if: withoutOverride != nil))
    func readOnly() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        shell("chmod 500 '\(path)' && chmod 400 '\(path)'/*")
        defer { shell("chmod 700 '\(path)'") }
        let wrapper = try #require(Self.withoutOverride)
        for command in ["stats", "blocks", "events", "log", "verify"] {
            let run = try Tool.run([command, path], wrapper: wrapper)
            #expect(run.status == 0 && run.error.isEmpty, "\(command): \(run.error)")
        }
        let arguments = ["rollback", path, "--to-height", "1"]
        let run = try Tool.run(arguments, wrapper: wrapper)
        #expect(run.status == 4 && run.isOneLineError && run.error.contains("permissions"), "\(run.error)")
        let json = try Tool.run(arguments + ["--json"], wrapper: wrapper)
        #expect(json.status == 4 && json.errorObject["code"] as? String == "inputOutput")
        let made = try Tool.run(["init", path + "/inner"], wrapper: wrapper)
        #expect(made.status == 4 && made.isOneLineError)
    }
}
