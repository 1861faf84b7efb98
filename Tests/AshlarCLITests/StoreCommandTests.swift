import Ashlar
import AshlarTestSupport
import Foundation
import Testing

@Suite("init, stats, rollback, version")
struct StoreCommandTests {
    @Test("init makes a store with the options given, and does not make it twice")
    func makes() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        let made = try Tool.run("init", path, "--allow-height-gaps", "--hash", "base58", "--json")
        #expect(made.status == 0 && made.error.isEmpty)
        let store = try Store.open(at: path)
        #expect(store.hashNotation == .base58 && store.allowsHeightGaps)
        #expect(made.objects.first?["storeId"] as? String == "\(store.id)")
        let again = try Tool.run("init", path)
        #expect(again.status == 2 && again.isOneLineError && again.output.isEmpty)
        #expect(again.error.contains("there is a store"))
    }

    @Test("stats gives every number of the store as JSON")
    func statistics() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        let run = try Tool.run("stats", path, "--json")
        #expect(run.status == 0 && run.lines.count == 1)
        let object = try #require(run.objects.first)
        #expect(object["formatVersion"] as? String == "1.0")
        let numbers = [
            "sequence": 9, "durableSequence": 9, "canonicalBlocks": 6, "canonicalEvents": 27, "events": 38,
            "floatingEvents": 1, "rollbacks": 1, "undoneBlocks": 2, "segments": 1,
        ]
        for (name, value) in numbers { #expect(object[name] as? Int == value, "\(name)") }
        let tip = try #require(object["tip"] as? [String: Any])
        #expect(tip["height"] as? Int == 5)
        #expect(tip["hash"] as? String == "\(Samples.hash(5, "b"))")
        #expect(tip["timestamp"] as? Int == 1_700_003_000_000_000)
        #expect(object.keys.contains("finalHeight") && object["bytes"] as? Int ?? 0 > 512)
        #expect(object["indexBytes"] as? Int ?? 0 > 0)
        let models = try #require(object["models"] as? [[String: Any]])
        let utxo = try #require(models.first { $0["name"] as? String == "utxo" })
        #expect(utxo["events"] as? Int == 22 && utxo["canonicalEvents"] as? Int == 16 && utxo["version"] as? Int == 16)
        #expect(utxo["firstHeight"] as? Int == 0 && utxo["lastHeight"] as? Int == 5)
        let mempool = try #require(models.first { $0["name"] as? String == "mempool" })
        #expect(mempool["firstHeight"] is NSNull && mempool["events"] as? Int == 1)
        let text = try Tool.run("stats", path)
        #expect(text.status == 0 && text.text.contains("canonical     6 blocks, 27 events"))
    }

    @Test("rollback undoes by height and by hash, durably, and tells what it did")
    func rollsBack() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        let first = try Tool.run("rollback", path, "--to-height", "4", "--json")
        #expect(first.status == 0, "\(first.error)")
        #expect(first.objects.first?["undoneBlocks"] as? Int == 1 && first.objects.first?["sequence"] as? Int == 10)
        let second = try Tool.run("rollback", path, "--to-hash", "\(Samples.hash(2))")
        #expect(second.status == 0 && second.text.hasPrefix("undid 2 blocks in commit 11; the tip is 2 "))
        let third = try Tool.run("rollback", path, "--to-height", "2")
        #expect(third.status == 0 && third.text.hasPrefix("nothing to undo; the tip is 2 "))
        let all = try Tool.run("rollback", path, "--to-height", "-1", "--json")
        #expect(all.status == 0 && all.objects.first?["tip"] is NSNull)
        let store = try Store.open(at: path)
        #expect(store.durableSequence == 12)
        #expect(try store.view().tipHeight == nil)
        #expect(try store.view(asOf: 9).tipHeight == 5)
    }

    @Test("a rollback that cannot be is refused, and nothing changes")
    func refuses() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path, options: Samples.options { $0.finalityDepth = 2 })
        let refused: [(arguments: [String], code: String, text: String)] = [
            (["--to-height", "6"], "aboveTip", "the tip is 5"),
            (["--to-height", "2"], "belowFinality", "--below-finality"),
            (["--to-hash", "0x00"], "badHash", "starts with `0x`"),
            (["--to-hash", "ABCD"], "badHash", "wrong case"),
            (["--to-hash", "abc"], "badHash", "odd number"),
            (["--to-hash", "abcd"], "unknownHash", "abcd"),
            (["--to-hash", "\(Samples.hash(5, "a"))"], "unknownHash", "no canonical block"),
        ]
        for (arguments, code, text) in refused {
            let run = try Tool.run(["rollback", path] + arguments)
            #expect(run.status == 2 && run.isOneLineError && run.output.isEmpty, "\(arguments)")
            #expect(run.error.contains(text), "\(run.error)")
            let json = try Tool.run(["rollback", path, "--json"] + arguments)
            #expect(json.status == 2 && json.errorObject["code"] as? String == code)
            #expect((json.errorObject["message"] as? String)?.contains(text) == true)
        }
        #expect(try Store.open(at: path).sequence == 9)
        let forced = try Tool.run("rollback", path, "--to-height", "2", "--below-finality")
        #expect(forced.status == 0)
        #expect(try Store.open(at: path).view().tipHeight == 2)
    }

    @Test("a command line that is wrong exits with 64, help and version with 0")
    func usage() throws {
        for arguments in [["rollback", "x"], ["events"], ["nothing"], ["events", "x", "--heights", "7..3"]] {
            let run = try Tool.run(arguments)
            #expect(run.status == 64 && run.isOneLineError && run.output.isEmpty, "\(arguments)")
        }
        let json = try Tool.run("blocks", "x", "--json", "--limit", "-1")
        #expect(json.status == 64 && json.errorObject["code"] as? String == "usage")
        let version = try Tool.run("--version")
        #expect(version.status == 0 && version.text.contains("format 1."))
        let help = try Tool.run("--help")
        #expect(help.status == 0 && help.text.contains("EXIT CODES"))
        for command in ["init", "blocks", "events", "log", "rollback", "stats", "verify"] {
            let help = try Tool.run(command, "--help")
            #expect(help.status == 0 && help.text.contains("EXAMPLES") && help.text.contains("--json"), "\(command)")
        }
    }
}
