import Ashlar
import AshlarTestSupport
import Foundation
import Testing

@Suite("prune")
struct PruneCommandTests {
    /// A store of 200 blocks in small segments, and its path.
    private static func store(in directory: borrowing TemporaryDirectory) throws -> String {
        let path = directory.path + "/store"
        var writer = try Writer.create(
            at: path,
            options: Samples.options {
                $0.segmentBytes = 8_192
                $0.finalityDepth = 10
            })
        for height in 0..<200 as Range<Int64> {
            try writer.append(Samples.block(height), events: Samples.events(height))
        }
        try writer.close()
        return path
    }

    private static let withoutStates = Set(Samples.events(1).map(\.model)).sorted().flatMap { ["--without-state", $0] }

    @Test("tells what it would remove, removes it, and what is gone is refused by name")
    func prunes() throws {
        let directory = TemporaryDirectory()
        let path = try Self.store(in: directory)
        let arguments = ["prune", path, "--below", "100", "--json"] + Self.withoutStates
        let dry = try Tool.run(arguments + ["--dry-run"])
        #expect(dry.status == 0, "\(dry.error)")
        let promised = try #require(dry.objects.first)
        #expect(promised["pruned"] as? Bool == false && promised["segments"] as? Int ?? 0 > 1)
        #expect(try Store.open(at: path).prunedHeight == nil)
        let done = try #require(try Tool.run(arguments).objects.first)
        let height = try #require(done["prunedHeight"] as? Int)
        #expect(done["pruned"] as? Bool == true && height < 100)
        #expect(done["segments"] as? Int == promised["segments"] as? Int)

        #expect(try Tool.run("verify", path).status == 0)
        let stats = try #require(try Tool.run("stats", path, "--json").objects.first)
        #expect(stats["prunedHeight"] as? Int == height && stats["canonicalBlocks"] as? Int == 200)
        #expect(try Tool.run("stats", path).text.contains("pruned        up to height \(height)"))
        let refused = try Tool.run("events", path, "--heights", "5..7", "--json")
        #expect(refused.status == 2 && refused.errorObject["code"] as? String == "pruned")
        #expect(try Tool.run("tail", path, "--json").status == 2)
        let tail = try Tool.run("tail", path, "--from", "oldest")
        let applied = tail.objects.filter { $0["step"] as? String == "applied" }
        #expect(tail.status == 0 && applied.count == 199 - height)
        #expect(try Tool.run("blocks", path).lines.count >= 199 - height)
    }

    @Test("names what is in the way, and takes other measures of what to keep")
    func namesObstacles() throws {
        let directory = TemporaryDirectory()
        let path = try Self.store(in: directory)
        let held = try Tool.run("prune", path, "--below", "100")
        #expect(
            held.status == 0 && held.text.contains("nothing to remove") && held.text.contains("no snapshot of model"))
        #expect(try Tool.run("consumers", path, "--set", "slow", "start").status == 0)
        let slow = try Tool.run(["prune", path, "--keep-blocks", "50"] + Self.withoutStates)
        #expect(slow.text.contains("consumer `slow` has acknowledged up to sequence 0"))
        let free = try Tool.run(
            ["prune", path, "--keep-days", "0", "--ignore-consumer", "slow", "--json"] + Self.withoutStates)
        let height = try #require(free.objects.first?["prunedHeight"] as? Int)
        #expect(height > 150 && height < 190)
        #expect(try Tool.run("prune", path).status == 64)
        #expect(try Tool.run("prune", path, "--below", "5", "--keep-days", "1").status == 64)
        let behind = try #require(try Tool.run("consumers", path, "--json").objects.first)
        #expect((behind["problem"] as? String)?.contains("was pruned") == true)
    }

    @Test("an export that stood behind what goes goes on; one that would begin with what is left is refused")
    func exports() throws {
        let directory = TemporaryDirectory()
        let path = try Self.store(in: directory)
        let target = directory.path + "/chain.db"
        #expect(try Tool.run("export", "sqlite", path, target).status == 0)
        #expect(try Tool.run(["prune", path, "--below", "100"] + Self.withoutStates).text.contains("removed"))
        do {
            var writer = try Writer.open(at: path)
            try writer.append(Samples.block(200), events: Samples.events(200))
            try writer.close()
        }
        let more = try Tool.run("export", "sqlite", path, target, "--json")
        #expect(more.status == 0 && more.objects.last?["blocks"] as? Int == 1, "\(more.text)\(more.error)")
        for arguments in [
            ["export", "sqlite", path, directory.path + "/fresh.db", "--json"],
            [
                "export", "easylayer", path, "sqlite:" + directory.path + "/back.db", "--network", "none",
                "--no-snapshots", "--json",
            ],
            ["derive", path, directory.path + "/derived", "--json"], ["export", "check", path, target, "--json"],
        ] {
            let refused = try Tool.run(arguments)
            #expect(refused.status == 2 && refused.errorObject["code"] as? String == "pruned", "\(refused.error)")
        }
    }
}
