import Ashlar
import AshlarTestSupport
import Foundation
import Testing

@Suite("state and snapshots")
struct StateCommandTests {
    private func store(in directory: borrowing TemporaryDirectory) throws -> String {
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        return path
    }

    /// How many events a line of `state` counts in all.
    private func events(_ line: [String: Any]) -> Int {
        (line["state"] as? [String: [String: Int]] ?? [:]).values.reduce(0) { $0 + $1.values.reduce(0, +) }
    }

    @Test("the state is shown at the tip, at a height, as of a sequence, and with what is pending")
    func state() throws {
        let directory = TemporaryDirectory()
        let store = try store(in: directory)
        let listed = try Tool.run("state", store).objects
        #expect(listed.count == 1 && listed[0]["model"] as? String == "event-counts")
        func ask(_ arguments: String...) throws -> [String: Any] {
            let run = try Tool.run(["state", store, "event-counts"] + arguments)
            #expect(run.status == 0 && run.objects.count == 1, "\(run.error)")
            return run.objects.first ?? [:]
        }
        let blocks = try Tool.run("events", store, "--heights", "0..5").lines.count
        let now = try ask()
        #expect(now["height"] as? Int == 5 && now["sequence"] as? Int == 9 && events(now) == blocks)
        let then = try ask("--at", "3")
        #expect(then["height"] as? Int == 3)
        #expect(events(then) == (try Tool.run("events", store, "--heights", "0..3").lines.count))
        // As it was believed before the other branch came.
        let believed = try ask("--as-of", "6")
        #expect(believed["height"] as? Int == 5 && believed["sequence"] as? Int == 6)
        #expect(events(believed) == (try Tool.run("events", store, "--as-of", "6", "--heights", "0..5").lines.count))
        let both = try ask("--as-of", "6", "--at", "4")
        #expect(both["height"] as? Int == 4 && both["sequence"] as? Int == 6)
        #expect(events(try ask("--pending")) == blocks + 1)
    }

    @Test("what cannot be told is refused in one line, with a word for it")
    func refusals() throws {
        let directory = TemporaryDirectory()
        let store = try store(in: directory)
        for (arguments, code) in [
            (["event-counts", "--at", "6"], "aboveTip"), (["balances"], "unknownModel"),
            (["event-counts", "--as-of", "99"], "invalidArgument"),
        ] {
            let run = try Tool.run(["state", store] + arguments + ["--json"])
            #expect(run.status == 2 && run.errorObject["code"] as? String == code, "\(run.error)")
            #expect(try Tool.run(["state", store] + arguments).isOneLineError)
        }
        #expect(try Tool.run("state", store, "event-counts", "--pending", "--at", "3").status == 64)
    }

    @Test("snapshots are taken, listed, verified, and pruned by number and by height")
    func snapshots() throws {
        let directory = TemporaryDirectory()
        let store = try store(in: directory)
        let taken = try Tool.run("snapshots", "take", store, "--json").objects
        #expect(taken.count == 1 && taken[0]["height"] as? Int == 5)
        let file = try #require(taken[0]["file"] as? String)
        var writer = try Writer.open(at: store, options: Samples.options())
        _ = try writer.append(Samples.block(6, "b"), events: Samples.events(6, "b"))
        try writer.close()
        let before = try Tool.run("state", store, "event-counts").text
        #expect(try Tool.run("snapshots", "take", store, "event-counts", "--compression", "zlib").status == 0)
        let listed = try Tool.run("snapshots", "list", store, "--json").objects
        #expect(listed.map { $0["height"] as? Int } == [5, 6])
        #expect(listed.map { $0["codec"] as? String } == ["lz4", "zlib"])
        #expect(listed.allSatisfy { $0["usable"] as? Bool == true })
        #expect(try Tool.run("state", store, "event-counts").text == before)
        #expect(try Tool.run("snapshots", "verify", store).status == 0)

        // One is damaged: that is told, and no state depends on it.
        let path = store + "/" + file
        var bytes = contents(of: path)
        bytes[bytes.count / 2] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let verified = try Tool.run("snapshots", "verify", store, "--json")
        #expect(verified.status == 1)
        #expect(verified.objects.map { $0["sound"] as? Bool } == [false, true])
        #expect(try Tool.run("state", store, "event-counts").text == before)
        #expect(try Tool.run("state", store, "event-counts", "--at", "5").status == 0)

        #expect(try Tool.run("snapshots", "prune", store, "--heights", "..4").lines.isEmpty)
        #expect(try Tool.run("snapshots", "prune", store, "--heights", "6", "--model", "other").lines.isEmpty)
        #expect(try Tool.run("snapshots", "prune", store, "--heights", "6", "--dry-run").lines.count == 1)
        #expect(try Tool.run("snapshots", "list", store, "--json").objects.count == 2)
        let pruned = try Tool.run("snapshots", "prune", store, "--heights", "6..", "--json").objects
        #expect(pruned.count == 1 && pruned[0]["removed"] as? Bool == true)
        #expect(try Tool.run("snapshots", "take", store).status == 0)
        #expect(try Tool.run("snapshots", "prune", store, "--min-keep", "1").lines.count <= 1)
        #expect(try Tool.run("snapshots", "list", store, "--json").objects.contains { $0["height"] as? Int == 6 })
        #expect(try Tool.run("state", store, "event-counts").text == before)
    }

    @Test("a snapshot whose block was undone is listed as of no use, and pruned")
    func undone() throws {
        let directory = TemporaryDirectory()
        let store = try store(in: directory)
        #expect(try Tool.run("snapshots", "take", store).status == 0)
        #expect(try Tool.run("rollback", store, "--to-height", "3").status == 0)
        let listed = try Tool.run("snapshots", "list", store, "--json").objects
        #expect(listed.map { $0["usable"] as? Bool } == [false])
        #expect((listed[0]["problem"] as? String)?.contains("undone") == true)
        #expect(try Tool.run("snapshots", "verify", store).status == 0)
        #expect(try Tool.run("snapshots", "prune", store).lines.count == 1)
        #expect(try Tool.run("snapshots", "list", store, "--json").objects.isEmpty)
    }
}
