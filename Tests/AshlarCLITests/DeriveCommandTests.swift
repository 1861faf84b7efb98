import Ashlar
import AshlarTestSupport
import Foundation
import Testing

@Suite("derive")
struct DeriveCommandTests {
    @Test("it drops, keeps and renames, and tells what it did")
    func derives() throws {
        let directory = TemporaryDirectory()
        let (source, target) = (directory.path + "/chain", directory.path + "/chain.new")
        try SampleStore.make(at: source)
        let run = try Tool.run(
            "derive", source, target, "--drop", "mempool", "--rename-model", "utxo=coins", "--rename-type",
            "type.1=created",
            "--compression", "lz4", "--segment-bytes", "4096", "--json")
        #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
        let object = try #require(run.objects.first)
        #expect(object["outcome"] as? String == "caughtUp" && object["sequence"] as? Int == 9)
        #expect(object["eventsRead"] as? Int == 38 && object["eventsWritten"] as? Int == 37)
        #expect(object["commits"] as? Int == 9 && object["resumedAt"] as? Int == 0)
        let store = try Store.open(at: target)
        #expect(object["storeId"] as? String == "\(store.id)")
        #expect(store.names.models == ["headers", "coins"] && store.names.types.contains("created"))
        #expect(try Tool.run("verify", target).status == 0)
        let again = try Tool.run(
            "derive", source, target, "--drop", "mempool", "--rename-model", "utxo=coins", "--rename-type",
            "type.1=created")
        #expect(again.status == 0 && again.text.contains("went on behind sequence 9"), "\(again.error)")
        #expect(again.text.contains("is at sequence 9"))
    }

    @Test("with --switch the derived store stands at the source's place")
    func switches() throws {
        let directory = TemporaryDirectory()
        let (source, target) = (directory.path + "/chain", directory.path + "/chain.new")
        try SampleStore.make(at: source)
        let old = try Store.open(at: source).id
        do {
            let writer = try Writer.open(at: source)
            let held = try Tool.run("derive", source, target, "--keep", "utxo", "--switch", "--json")
            #expect(held.status == 3 && held.errorObject["code"] as? String == "inUse")
            #expect((held.errorObject["message"] as? String)?.contains("--wait-for-writer") == true)
            try writer.close()
        }
        let run = try Tool.run("derive", source, target, "--keep", "utxo", "--switch", "--wait-for-writer", "1")
        #expect(run.status == 0, "\(run.error)")
        #expect(run.text.contains("stands at \(source) now, the old one at \(target)"), "\(run.text)")
        #expect(try Store.open(at: source).names.models == ["utxo"])
        #expect(try Store.open(at: target).id == old)
        let again = try Tool.run("derive", source, target, "--keep", "utxo", "--switch")
        #expect(again.status == 2 && again.error.contains("no derivation began"), "\(again.error)")
    }

    @Test("what cannot be is refused in one line, and leaves nothing behind")
    func refuses() throws {
        let directory = TemporaryDirectory()
        let (source, target) = (directory.path + "/chain", directory.path + "/new")
        try SampleStore.make(at: source)
        let other = directory.path + "/other"
        try SampleStore.make(at: other)
        let refused: [(arguments: [String], status: Int32, code: String, text: String)] = [
            ([source, target, "--drop", "utxos"], 2, "unknownName", "`headers`, `mempool`, `utxo`"),
            ([source, target, "--rename-type", "x=y"], 2, "unknownName", "no type `x`"),
            ([source, target, "--rename-model", "utxo=headers"], 2, "invalidArgument", "would both become `headers`"),
            ([source, source], 2, "invalidArgument", "same directory"),
            ([source, source + "/new"], 2, "invalidArgument", "inside the source"),
            ([source, other], 2, "otherDerivation", "no derivation began"),
            ([directory.path + "/nothing", target], 2, "notAStore", "no Ashlar store"),
            ([source, target, "--keep", "utxo", "--drop", "utxo"], 64, "usage", "kept and dropped"),
            ([source, target, "--rename-model", "utxo"], 64, "usage", "--rename-model"),
            ([source, target, "--drop", "utxo", "--rename-model", "utxo=a"], 64, "usage", "does not stay"),
            ([source, target, "--wait-for-writer", "3"], 64, "usage", "goes with --switch"),
            ([source, target, "--segment-bytes", "3"], 64, "usage", "--segment-bytes"),
        ]
        for (arguments, status, code, text) in refused {
            let run = try Tool.run(["derive"] + arguments)
            #expect(run.status == status && run.isOneLineError && run.output.isEmpty, "\(arguments): \(run.error)")
            #expect(run.error.contains(text), "\(run.error)")
            let json = try Tool.run(["derive", "--json"] + arguments)
            #expect(json.status == status && json.errorObject["code"] as? String == code, "\(json.error)")
            if code != "invalidArgument" || !text.contains("become") {
                #expect(!FileManager.default.fileExists(atPath: target), "\(arguments)")
            }
            try? FileManager.default.removeItem(atPath: target)
        }
        let allowed = try Tool.run("derive", source, target, "--drop", "later", "--allow-missing")
        #expect(allowed.status == 0, "\(allowed.error)")
        let wrong = try Tool.run("derive", source, target, "--drop", "utxo")
        #expect(wrong.status == 2 && wrong.error.contains("drop \"later\""), "\(wrong.error)")
        let help = try Tool.run("derive", "--help")
        #expect(help.status == 0 && help.text.contains("EXAMPLES") && help.text.contains("--switch"))
    }
}
