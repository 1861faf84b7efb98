import Ashlar
import AshlarFormat
import Foundation
import Testing

@testable import AshlarCLI

@Suite("Ingest: its parts")
struct IngestPartTests {
    private static let mark = IngestMark(
        head: InputHead(crc: 0xFFFF_FFFF, length: 3), rule: .longest, firstSequence: .max,
        place: InputPlace(line: 7, start: 1 << 40, end: (1 << 40) + 9, crc: 5),
        side: IngestMark.SideStart(line: 2, offset: 300), unlinked: [3, 4, 900],
        previous: IngestMark.Previous(sequence: 12, end: 0))

    @Test("a mark comes back from its bytes, and takes few of them")
    func mark() {
        var small = Self.mark
        (small.side, small.previous, small.unlinked, small.rule) = (nil, nil, [], .newest)
        for mark in [Self.mark, small] { #expect(IngestMark(decoding: mark.encoded) == mark) }
        #expect(Self.mark.encoded.count < 64)
        var many = Self.mark
        many.unlinked = Array(1...10_000)
        #expect(IngestMark(decoding: many.encoded)?.unlinked == Array(many.unlinked.suffix(IngestMark.maximumUnlinked)))
    }

    @Test("the mark of somebody else, or a damaged one, is none, and never ends the program")
    func foreignMarks() {
        let bytes = Self.mark.encoded
        for count in 0..<bytes.count { #expect(IngestMark(decoding: Array(bytes[..<count])) == nil) }
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<20_000 {
            var damaged = bytes
            for _ in 0...2 {
                damaged[Int.random(in: 3..<damaged.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            _ = IngestMark(decoding: damaged)
        }
        #expect(IngestMark(decoding: Array("cursor 17".utf8)) == nil)
    }

    @Test("a foreign mark in the log means that the input is new")
    func foreignMarkInTheLog() throws {
        let directory = TemporaryDirectory()
        let input = directory.lines("in", Lines.chain(0...3))
        _ = try ingest(directory.store, [input]).get()
        var writer = try Writer.open(at: directory.store)
        try writer.note(mark: Array("mine".utf8))
        try writer.close()
        let outcome = try ingest(directory.store, [input]).get()
        #expect(outcome.numbers("blocks", "duplicates") == [0, 4] && outcome.summary.resumedAt == nil)
        #expect(try Store.open(at: directory.store).sequence == 5)
    }

    @Test("names are found by their bytes, however many there are")
    func names() {
        var table = NameTable<Int>()
        for round in 0..<2 {
            for number in 0..<3_000 {
                let name = Array("name \(number * 7)".utf8)
                let found = table.find(name.span.bytes)
                #expect(found == (round == 0 ? nil : number))
                if found == nil { table.insert(name.span.bytes, number) }
            }
        }
        let longer = Array("name 70".utf8)
        #expect(table.find(longer.span.bytes) == 10)
    }

    @Test("the summary as JSON and as a table")
    func summary() {
        var summary = IngestSummary()
        summary.blocks = 1_234_567
        summary.events = 5
        summary.tip = RunCounts.Tip(height: 9, hash: "0xab")
        summary.seconds = 0.0625
        summary.resumedAt = IngestSummary.ResumePoint(input: "a\"b", line: 3, offset: 40)
        let object = Tool.object(summary.json(notes: ["x\ny"]))
        #expect(object["blocks"] as? Int == 1_234_567 && object["seconds"] as? Double == 0.063)
        #expect((object["tip"] as? [String: Any])?["hash"] as? String == "0xab")
        #expect((object["resumedAt"] as? [String: Any])?["input"] as? String == "a\"b")
        #expect(object["notes"] as? [String] == ["x\ny"])
        #expect(summary.table.contains("1,234,567") && summary.table.contains("0.063 (80 events/s)"))
        #expect(Tool.object(IngestSummary().json())["tip"] is NSNull)
    }

    @Test("progress tells of speed and of the time that is left")
    func progress() {
        var summary = IngestSummary()
        (summary.blocks, summary.events) = (100, 20_000)
        let line = IngestProgress.line(summary, tip: 7, seconds: 2, offset: 5_000_000)
        #expect(line == "height 7  50 blocks/s  10,000 events/s  5.0 MB read")
        #expect(NumberText.rest(seconds: 2, from: 0, to: 10, of: 40).contains("25%  0 min 6 s left"))
        #expect(NumberText.rest(seconds: 7_200, from: 10, to: 20, of: 30).contains("2 h 0 min 0 s left"))
        #expect(NumberText.rest(seconds: 1, from: 10, to: 10, of: 30).isEmpty)
    }

    @Test("durability as the command line says it")
    func durability() {
        #expect(DurabilityArgument(argument: "block")?.durability == .everyBlock)
        #expect(DurabilityArgument(argument: "manual")?.durability == .manual)
        #expect(DurabilityArgument(argument: "interval")?.durability == .standard)
        #expect(DurabilityArgument(argument: "interval:5")?.durability == .interval(milliseconds: 5, bytes: 16 << 20))
        #expect(DurabilityArgument(argument: "interval:5,100")?.durability == .interval(milliseconds: 5, bytes: 100))
        for text in ["", "interval:", "interval:0", "interval:5,", "interval:5,0", "interval:5,1,2", "always"] {
            #expect(DurabilityArgument(argument: text) == nil)
        }
    }
}
