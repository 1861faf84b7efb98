import Ashlar
import AshlarCLI
import Glibc
import Testing

/// Lines of a chain with forks, orphans, repetitions, floating batches and rollbacks, none of which is refused.
struct RandomLines {
    private var generator: SeededGenerator
    private var blocks: [(height: Int64, name: String)] = [(0, "g")]
    private var highest: Int64 = 0
    private(set) var lines = [Lines.block(0, "g", on: "z")]

    init(seed: UInt64, count: Int) {
        generator = SeededGenerator(seed: seed)
        while lines.count < count { add() }
    }

    private mutating func add() {
        let top = blocks.last { [highest] in $0.height == highest } ?? blocks[0]
        switch Int.random(in: 0..<100, using: &generator) {
        case ..<50: addBlock(on: top)
        case ..<75: addBlock(on: recent(4))
        case ..<80: lines.append(lines[Int.random(in: max(0, lines.count - 8)..<lines.count, using: &generator)])
        case ..<86:
            let key = Bool.random(using: &generator) ? "k\(Int.random(in: 0..<20, using: &generator))" : nil
            lines.append(Lines.floating("f\(lines.count)", key: key))
        case ..<90 where highest > 8: lines.append(Lines.rollback(to: highest - 8))
        case ..<95: addOrphan()
        default: addBlock(on: recent(3))
        }
    }

    private mutating func recent(_ depth: Int64) -> (height: Int64, name: String) {
        let low = highest - depth
        return blocks.suffix(40).filter { $0.height >= low }.randomElement(using: &generator) ?? blocks[0]
    }

    private mutating func addBlock(on parent: (height: Int64, name: String)) {
        let name = "n\(blocks.count)"
        append(parent.height + 1, name)
        lines.append(
            Lines.block(parent.height + 1, name, on: parent.name, events: Int.random(in: 0..<4, using: &generator)))
    }

    private mutating func append(_ height: Int64, _ name: String) {
        blocks.append((height, name))
        highest = max(highest, height)
    }

    /// A child before its parent: it links to nothing, although its parent comes later.
    private mutating func addOrphan() {
        let parent = recent(2)
        let first = "n\(blocks.count)"
        let second = "o\(blocks.count)"
        lines.append(Lines.block(parent.height + 2, second, on: first))
        append(parent.height + 1, first)
        lines.append(Lines.block(parent.height + 1, first, on: parent.name))
    }
}

@Suite("Ingest: going on where it was stopped")
struct IngestResumeTests {
    private static func settle(_ settings: inout IngestSettings, _ rule: ForkChoice.Rule) {
        settings.rule = rule
        settings.onUnlinked = .skip
        settings.writer.finalityDepth = 16
        settings.writer.segmentBytes = 20_000
    }

    @Test(
        "stopped anywhere, any number of times, the log becomes the same as without a stop",
        arguments: ForkChoice.Rule.allCases, ["file", "gzip", "pipe", "several"])
    func sameLog(_ rule: ForkChoice.Rule, _ kind: String) throws {
        for seed in 1...5 as ClosedRange<UInt64> {
            let directory = TemporaryDirectory()
            let lines = RandomLines(seed: seed, count: 150).lines
            let whole = directory.lines("whole.jsonl", lines)
            let reference = try ingest(directory.path + "/reference", [whole]) { Self.settle(&$0, rule) }.get()
            #expect(reference.failure == nil)
            let expected = try dump(directory.path + "/reference")
            var inputs = [whole]
            if kind == "several" {
                let cuts = [0, 50, 100, lines.count]
                inputs = (0..<3).map { directory.lines("part\($0)", Array(lines[cuts[$0]..<cuts[$0 + 1]])) }
            } else if kind == "gzip" {
                shell("gzip -k '\(whole)'")
                inputs = [whole + ".gz"]
            }
            var generator = SeededGenerator(seed: seed &* 77)
            var runs = 0
            var blocks = 0
            while true {
                let stop = runs == 12 ? nil : Int.random(in: 1...45, using: &generator)
                let outcome = try Self.run(directory.store, inputs, kind, stop, rule)
                #expect(outcome.failure == nil)
                blocks += outcome.summary.blocks
                runs += 1
                if !outcome.wasStopped { break }
                #expect(outcome.exitCode == 130)
                #expect(
                    try dump(directory.store)
                        == Array(expected.prefix(try Store.open(at: directory.store).sequence.asInt)))
            }
            #expect(runs > 2)
            #expect(try dump(directory.store) == expected)
            #expect(blocks == reference.summary.blocks)
            let again = try Self.run(directory.store, inputs, kind, nil, rule)
            #expect(again.numbers("blocks", "rollbacks", "readopted", "floating") == [0, 0, 0, 0])
            #expect(try dump(directory.store) == expected)
        }
    }

    private static func run(
        _ store: String, _ inputs: [String], _ kind: String, _ stop: Int?, _ rule: ForkChoice.Rule
    ) throws -> IngestRun.Outcome {
        guard kind == "pipe" else {
            return try ingest(store, inputs, stopAfter: stop) { settle(&$0, rule) }.get()
        }
        guard let pipe = popen("cat '\(inputs[0])'", "r") else { fatalError("cannot run cat") }
        defer { pclose(pipe) }
        return try ingest(store, ["/dev/fd/\(fileno(pipe))"], stopAfter: stop) { settle(&$0, rule) }.get()
    }

    @Test("an input that has become longer is taken from where it was left, whatever it is called now")
    func grown() throws {
        let directory = TemporaryDirectory()
        let lines = Lines.chain(0...9)
        let cut = Array(Lines.bytes(Array(lines[..<4])).dropLast())
        _ = try ingest(directory.store, [directory.file("one", cut)]).get()
        let outcome = try ingest(directory.store, [directory.lines("two", lines)]).get()
        #expect(outcome.numbers("blocks", "duplicates") == [6, 0])
        #expect(outcome.summary.resumedAt?.line == 4)
        let other = directory.lines("three", lines + [Lines.block(11, "a11", on: "x")])
        #expect(try ingest(directory.store, [other]).get().failure.map { "\($0)".contains("line 11") } == true)
    }

    @Test("an input that has changed is taken from its first other line on")
    func changed() throws {
        for rule in ForkChoice.Rule.allCases {
            let directory = TemporaryDirectory()
            let lines = Lines.chain(0...3) + Lines.chain(2...2, "b", on: "a1") + Lines.chain(4...6)
            _ = try ingest(directory.store, [directory.lines("in", lines)]) { $0.rule = rule }.get()
            let other = Lines.chain(0...3) + Lines.chain(2...2, "b", on: "a1") + Lines.chain(3...9, "b")
            let outcome = try ingest(directory.store, [directory.lines("in", other)]) { $0.rule = rule }.get()
            #expect(outcome.failure == nil && outcome.summary.resumedAt?.line == 5)
            #expect(try canonicalNames(directory.store).last == "b9")
        }
    }

    @Test("an input left for others is found again behind them, and lines that made no commit are not taken twice")
    func leftForOthers() throws {
        let directory = TemporaryDirectory()
        let repeated = Lines.chain(0...3) + Lines.chain(2...3)
        let inputs = [
            directory.lines("1", repeated), directory.lines("2", Lines.chain(3...4, "c", on: "a2")),
            directory.lines("3", Lines.chain(5...6, "c")),
        ]
        for input in inputs { _ = try ingest(directory.store, [input]).get() }
        let before = try dump(directory.store)
        // The repetitions at the end of the first made a commit that only says how far it was taken.
        #expect(before.filter { $0.contains("control") }.count == 1)
        for input in inputs + inputs.reversed() {
            #expect(try ingest(directory.store, [input]).get().summary.blocks == 0)
            #expect(try dump(directory.store) == before)
        }
        let together = TemporaryDirectory()
        _ = try ingest(together.store, inputs).get()
        let whole = try dump(together.store)
        for inputs in [inputs, inputs.reversed(), [inputs[0]], inputs] {
            _ = try ingest(together.store, inputs).get()
            #expect(try dump(together.store) == whole)
        }
    }

    @Test("another fork choice than before is told of")
    func otherRule() throws {
        let directory = TemporaryDirectory()
        let input = directory.lines("in", Lines.chain(0...3))
        _ = try ingest(directory.store, [input]) { $0.rule = .longest }.get()
        let outcome = try ingest(directory.store, [input]).get()
        #expect(outcome.exitCode == 0 && outcome.notes.count == 1 && outcome.notes[0].contains("longest"))
    }
}

extension UInt64 {
    fileprivate var asInt: Int { Int(self) }
}
