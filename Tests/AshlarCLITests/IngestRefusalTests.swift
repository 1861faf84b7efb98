import Ashlar
import AshlarCLI
import AshlarFormat
import AshlarTestSupport
import Foundation
import Testing

/// A line that is refused, and what the message must say.
struct BadLine: Sendable, CustomStringConvertible {
    var description: String
    var line: String
    var says: [String]

    init(_ description: String, _ line: String, _ says: String...) {
        self.description = description
        self.line = line
        self.says = says
    }
}

@Suite("Ingest: what is refused, and that nothing before it is lost")
struct IngestRefusalTests {
    /// Stands behind blocks a0 to a3 in line 5.
    private static let badLines = [
        BadLine("cut", String(Lines.block(4, "a4", on: "a3").dropLast(9)), "line 5", "cut off"),
        BadLine("not JSON", "height: 4", "line 5, byte 1", "not valid JSON"),
        BadLine("a wrong type", #"{"height":"4"}"#, "line 5, byte 11", "`height` must be an integer"),
        BadLine("a missing field", #"{"height":4,"hash":"aa","timestamp":1,"events":[]}"#, "line 5", "`parent`"),
        BadLine("a missing field of an event", #"{"floating":[{"model":"m","payload":1}]}"#, "line 5", "`type`"),
        BadLine("a duplicate key", #"{"height":4,"height":4}"#, "line 5, byte 13", "`height` stands twice"),
        BadLine("a height that jumps", Lines.block(6, "a6", on: "a3"), "line 5", "height 6", "one more"),
        BadLine("a height too low", Lines.block(2, "a6", on: "a3"), "line 5", "height 2", "parent has 3"),
        BadLine(
            "hex that is none", Lines.block(4, "a4", on: "a3").replacing("\"hash\":\"61", with: "\"hash\":\"6g"),
            "line 5", "`hash`"),
        BadLine(
            "a payload over the limit", Lines.floating(String(repeating: "x", count: 200)), "line 5",
            "`payload` has 202 bytes",
            "at most 100"),
        BadLine(
            "the same block with other events", Lines.block(3, "a3", on: "a2", events: 3), "line 5",
            "block 3 is canonical already",
            "3"),
        BadLine(
            "the same block with another payload", Lines.block(3, "a3", on: "a2").replacing("\"n\":1", with: "\"n\":7"),
            "line 5", "event 1 has another payload"),
        BadLine(
            "the same hash at another height", Lines.block(5, "a3", on: "a2"), "line 5", "another height or parent"),
        BadLine("a block that is its own parent", Lines.block(4, "a4", on: "a4"), "line 5", "parent"),
        BadLine("a rollback above the tip", Lines.rollback(to: 9), "line 5", "height 9", "the tip is 3"),
        BadLine("a rollback below what is final", Lines.rollback(to: 0), "line 5", "final height 1"),
        BadLine("a block below what is final", Lines.block(1, "b1", on: "a0"), "line 5", "final height 1"),
        BadLine("a name with a zero", Lines.floating("x").replacing("pool", with: #"po\u0000l"#), "line 5", "U+0000"),
    ]

    @Test(
        "a bad line ends the run with exit code 2, naming input and line; all before it is kept and durable",
        arguments: badLines)
    func refuses(_ bad: BadLine) throws {
        let directory = TemporaryDirectory()
        let input = directory.lines("in.jsonl", Lines.chain(0...3) + [bad.line, Lines.block(4, "z4", on: "a3")])
        let outcome = try ingest(directory.store, [input]) {
            $0.writer.maxPayloadBytes = 100
            $0.writer.finalityDepth = 2
        }.get()
        #expect(outcome.exitCode == 2 && outcome.numbers("blocks") == [4])
        let message = outcome.failure.map { "\($0)" } ?? ""
        #expect(message.hasPrefix(input + ": "))
        for text in bad.says { #expect(message.contains(text), "\(message)") }
        #expect(try canonicalNames(directory.store) == ["a0", "a1", "a2", "a3"])
        #expect(outcome.summary.durableSequence == 4)
        // With the line put right the same command goes on.
        let mended = directory.lines("in.jsonl", Lines.chain(0...4))
        let again = try ingest(directory.store, [mended]).get()
        #expect(again.exitCode == 0 && again.numbers("blocks", "duplicates") == [1, 0])
    }

    @Test("an undone block that comes back with other events is refused too")
    func undoneWithOtherEvents() throws {
        for rule in ForkChoice.Rule.allCases {
            let directory = TemporaryDirectory()
            let lines =
                Lines.chain(0...2) + Lines.chain(2...3, "b", on: "a1") + [Lines.block(2, "a2", on: "a1", events: 5)]
            let outcome = try ingest(directory.store, [directory.lines("in", lines)]) { $0.rule = rule }.get()
            #expect(outcome.exitCode == 2 && outcome.failure.map { "\($0)".contains("2 events, not 5") } == true)
            #expect(try canonicalNames(directory.store) == ["a0", "a1", "b2", "b3"])
        }
    }

    @Test("a new store is not made from a bad first line, an empty input or one that is not there")
    func nothingIsMade() throws {
        let directory = TemporaryDirectory()
        let inputs: [(String, String, Int32)] = [
            (directory.file("bad", Array("{".utf8)), "cut off", 2), (directory.file("empty", []), "--hash", 2),
            (directory.lines("floating", [Lines.floating("x")]), "--hash", 2),
            (directory.path + "/none", "No such file", 4),
            (directory.file("cut.gz", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1]), "gzip stream", 2),
        ]
        for (input, text, code) in inputs {
            guard case .failure(let failure) = ingest(directory.store, [input]) else {
                Issue.record("\(input) was taken")
                continue
            }
            #expect("\(failure)".contains(text) && failure.exitCode == code, "\(failure)")
            #expect(!FileManager.default.fileExists(atPath: directory.store))
        }
    }

    @Test("a directory with other files, a file, and a store of a newer format are refused and left alone")
    func refusesDirectory() throws {
        let directory = TemporaryDirectory()
        let input = directory.lines("in", Lines.chain(0...1))
        let foreign = directory.path
        guard case .failure(let first) = ingest(foreign, [input]) else { throw StoreError.closed }
        #expect(first.exitCode == 2 && "\(first)".contains("not a store and holds other files"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: foreign) == ["in"])
        guard case .failure(let second) = ingest(input, [input]) else { throw StoreError.closed }
        #expect(second.exitCode == 2)
        _ = try ingest(directory.store, [input]).get()
        let segment = directory.store + "/0000000001-0000.segment"
        var bytes = contents(of: segment)
        bytes[8] = 2
        let sum = bytes[..<508].withUnsafeBytes { Checksum.crc($0) }
        for index in 0..<4 { bytes[508 + index] = UInt8(truncatingIfNeeded: sum >> (8 * UInt32(index))) }
        try Data(bytes).write(to: URL(fileURLWithPath: segment))
        guard case .failure(let third) = ingest(directory.store, [input]) else { throw StoreError.closed }
        #expect(third.exitCode == 2 && "\(third)".contains("format version 2.0"))
        #expect(contents(of: segment) == bytes)
    }

    @Test("a second writer is refused with exit code 3, naming the first")
    func secondWriter() throws {
        let directory = TemporaryDirectory()
        let input = directory.lines("in", Lines.chain(0...1))
        let writer = try Writer.create(at: directory.store, options: Samples.options())
        guard case .failure(let failure) = ingest(directory.store, [input]) else { throw StoreError.closed }
        #expect(failure.exitCode == 3 && "\(failure)".contains("process \(getpid())"))
        try writer.close()
        #expect(try ingest(directory.store, [input]).get().exitCode == 0)
    }

    @Test("blocks kept aside beyond the limit of memory are refused, not forgotten")
    func sideLimit() {
        var side = SideStore(maximumBytes: 10)
        let block = SideBlock(height: 1, line: [UInt8](repeating: 1, count: 11), lineNumber: 3, startOffset: 0)
        do throws(InputError) {
            try side.keep(block, of: [1])
            Issue.record("it was kept")
        } catch {
            #expect("\(error)".contains("line 3") && "\(error)".contains("finality depth"))
        }
    }
}
