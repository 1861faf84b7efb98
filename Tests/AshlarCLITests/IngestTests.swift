import Ashlar
import AshlarCLI
import AshlarFormat
import Testing

@Suite("Ingest: blocks, forks, floating events, rollbacks")
struct IngestTests {
    @Test("a new store is made, and its blocks, events, request ids and payload bytes are those of the input")
    func takesBlocks() throws {
        let directory = TemporaryDirectory()
        let payload = #"{ "a" : [1.0e5,"\u00e9"],"b":null }"#
        let line =
            #"{"height":0,"hash":"aa","parent":"00","timestamp":5,"requestId":"r0","extra":{"x":[1]},"events":[{"model":"m","type":"t","payload":\#(payload)},{"model":"m","type":"u","payload":7,"timestamp":9,"requestId":"r1"}]}"#
        let input = directory.lines("in.jsonl", [line, ""])
        let outcome = try ingest(directory.store, [input]).get()
        #expect(outcome.exitCode == 0 && outcome.numbers("blocks", "events") == [1, 2])
        #expect(outcome.summary.tip?.height == 0 && outcome.summary.tip?.hash == "aa")
        let store = try Store.open(at: directory.store)
        let events = try store.view().events()
        #expect(events.map { String(decoding: $0.payload, as: UTF8.self) } == [payload, "7"])
        #expect(events.map(\.timestamp.microseconds) == [5_000_000, 9_000_000])
        #expect(events.map(\.requestID) == [Array("r0".utf8), Array("r1".utf8)])
        #expect(try store.view().tip()?.block.requestID == Array("r0".utf8))
    }

    @Test("a gzip file gives what the plain file gives, and notation is that of the first block")
    func takesFixtures() throws {
        let directory = TemporaryDirectory()
        let fixtures = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(
            separator: "/")
        let input = fixtures + "/Fixtures/mainnet-17686110-17686120.events.jsonl.gz"
        shell("gzip -dc '\(input)' > '\(directory.path)/plain.jsonl'")
        let first = try ingest(directory.path + "/one", [input]).get()
        let second = try ingest(directory.path + "/two", [directory.path + "/plain.jsonl"]).get()
        #expect(first.numbers("blocks", "events") == [11, 6_884])
        #expect(first.summary.tip == second.summary.tip && first.summary.tip?.hash.hasPrefix("0x") == true)
        #expect(try dump(directory.path + "/one") == dump(directory.path + "/two"))
    }

    @Test("newest: each linked block becomes the tip; undone blocks on the way are taken up again")
    func newest() throws {
        let directory = TemporaryDirectory()
        let lines =
            Lines.chain(0...3) + [
                Lines.block(2, "b2", on: "a1"), Lines.block(4, "a4", on: "a3"), Lines.block(3, "b3", on: "b2"),
            ]
            + [Lines.block(3, "a3", on: "a2"), Lines.block(3, "a3", on: "a2")]
        let outcome = try ingest(directory.store, [directory.lines("in", lines)]).get()
        // b2 undoes a2 a3; a4 undoes b2 and takes up a2 a3; b3 undoes a2 a3 a4 and takes up b2; a3 undoes b2 b3 and takes up a2 a3.
        #expect(outcome.numbers("blocks", "rollbacks", "deepest", "undone", "readopted") == [7, 4, 3, 8, 5])
        #expect(outcome.numbers("duplicates", "side", "unlinked") == [1, 0, 0])
        #expect(try canonicalNames(directory.store) == ["a0", "a1", "a2", "a3"])
        // Seven blocks, a rollback marker, and the mark behind the last line, which was a duplicate and has no commit to ride in.
        #expect(try Store.open(at: directory.store).sequence == 9)
    }

    @Test("after a rollback the same input has nothing to do, and from its start brings the undone blocks back")
    func fromStart() throws {
        let directory = TemporaryDirectory()
        let input = directory.lines("in", Lines.chain(0...5))
        _ = try ingest(directory.store, [input]).get()
        var writer = try Writer.open(at: directory.store)
        try writer.rollback(toHeight: 2)
        try writer.close()
        #expect(try ingest(directory.store, [input]).get().summary.tip?.height == 2)
        let outcome = try ingest(directory.store, [input]) { $0.startsOver = true }.get()
        #expect(outcome.summary.tip?.height == 5)
        #expect(outcome.numbers("readopted", "duplicates") == [3, 3])
    }

    @Test("longest: only a higher branch wins, with all its blocks in one atomic group")
    func longest() throws {
        let directory = TemporaryDirectory()
        let lines =
            Lines.chain(0...3) + Lines.chain(2...3, "b", on: "a1") + [Lines.block(3, "b3", on: "b2")]
            + [Lines.block(4, "b4", on: "b3"), Lines.block(4, "a4", on: "a3"), Lines.block(5, "a5", on: "a4")]
        let outcome = try ingest(directory.store, [directory.lines("in", lines)]) { $0.rule = .longest }.get()
        #expect(outcome.numbers("blocks", "rollbacks", "deepest", "undone", "readopted") == [9, 2, 3, 5, 2])
        #expect(outcome.numbers("duplicates", "side", "unlinked") == [1, 3, 0])
        #expect(try canonicalNames(directory.store) == ["a0", "a1", "a2", "a3", "a4", "a5"])
        let groups = try Store.open(at: directory.store).commits().map { try $0.get().continues }
        #expect(groups == [false, false, false, false, true, true, false, true, false])
    }

    @Test("floating batches and rollbacks are taken where they stand; a repeated key is a duplicate")
    func floatingAndRollback() throws {
        let directory = TemporaryDirectory()
        let lines =
            Lines.chain(0...3) + [Lines.floating("x", key: "k"), Lines.floating("y"), Lines.floating("x", key: "k")]
            + [Lines.rollback(to: 1), Lines.rollback(to: 1)] + Lines.chain(2...2, "c", on: "a1")
        let outcome = try ingest(directory.store, [directory.lines("in", lines)]).get()
        #expect(outcome.numbers("blocks", "floating", "rollbacks", "undone", "duplicates") == [5, 2, 1, 2, 1])
        #expect(try canonicalNames(directory.store) == ["a0", "a1", "c2"])
        #expect(try dump(directory.store).count == 8)
    }

    @Test("all blocks can be undone and another chain begun; the first one then comes back", arguments: [1, 2])
    func anotherChain(first: Int64) throws {
        let directory = TemporaryDirectory()
        let lines =
            Lines.chain(0...1) + [Lines.rollback(to: -1)] + Lines.chain(first...2, "c", on: "z")
            + [Lines.block(2, "a2", on: "a1")]
        let outcome = try ingest(directory.store, [directory.lines("in", lines)]) { $0.allowsHeightGaps = true }.get()
        #expect(outcome.failure == nil)
        #expect(try canonicalNames(directory.store) == ["a0", "a1", "a2"])
    }

    @Test("unlinked lines fail the run, or are counted and passed over")
    func unlinked() throws {
        let directory = TemporaryDirectory()
        let lines = Lines.chain(0...1) + [Lines.block(3, "x3", on: "x2")] + Lines.chain(2...2, "a")
        let input = directory.lines("in", lines)
        let failed = try ingest(directory.path + "/one", [input]).get()
        #expect(failed.exitCode == 2 && failed.numbers("blocks") == [2])
        let message = failed.failure.map { "\($0)" } ?? ""
        #expect(message.hasPrefix("\(input): line 3: block 3 ") && message.contains(Lines.text("x2")))
        #expect(message.contains("--on-unlinked skip"))
        let skipped = try ingest(directory.path + "/two", [input]) { $0.onUnlinked = .skip }.get()
        #expect(skipped.exitCode == 0 && skipped.numbers("blocks", "unlinked") == [3, 1])
    }

    @Test("what would change the final part of the chain is unlinked, and what the log has already is a duplicate")
    func finality() throws {
        let directory = TemporaryDirectory()
        let lines = Lines.chain(0...9) + Lines.chain(3...3, "b", on: "a2") + Lines.chain(0...9, "a")
        for rule in ForkChoice.Rule.allCases {
            let path = directory.path + "/\(rule)"
            let outcome = try ingest(path, [directory.lines("in", lines)]) {
                $0.rule = rule
                $0.onUnlinked = .skip
                $0.writer.finalityDepth = 3
            }.get()
            #expect(outcome.numbers("blocks", "unlinked", "duplicates", "rollbacks") == [10, 1, 10, 0])
        }
    }

    @Test("several inputs are taken one after the other; a branch may be in another file than its fork")
    func severalInputs() throws {
        for rule in ForkChoice.Rule.allCases {
            let directory = TemporaryDirectory()
            let inputs = [
                directory.lines("1", Lines.chain(0...2) + Lines.chain(1...1, "b", on: "a0")),
                directory.lines("2", []), directory.lines("3", Lines.chain(2...4, "b")),
            ]
            let outcome = try ingest(directory.store, inputs) { $0.rule = rule }.get()
            #expect(outcome.failure == nil && outcome.numbers("blocks") == [7])
            #expect(try canonicalNames(directory.store) == ["a0", "b1", "b2", "b3", "b4"])
            let before = try dump(directory.store)
            let again = try ingest(directory.store, inputs) { $0.rule = rule }.get()
            #expect(again.numbers("blocks", "rollbacks", "readopted") == [0, 0, 0])
            #expect(try dump(directory.store) == before)
        }
    }
}
