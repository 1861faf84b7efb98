import AshlarCLI
import AshlarFormat
import Testing

/// What a reader should find in a recorded chain under one rule.
struct ChainSummary: Hashable {
    var lines = 0
    var events = 0
    var rollbacks = 0
    var deepest: Int64 = 0
    var undone: Int64 = 0
    var takenUpAgain = 0
    var sideBlocks = 0
    var canonical: Int64 = 0
    var tip = ""
}

@Suite(
    "Recorded chains",
    .enabled(if: SharedData.directory != nil, "the recorded chains are not at hand; set ASHLAR_SHARED_DATA"))
struct RecordedChainTests {
    static let expected: [(String, ForkChoice.Rule, ChainSummary)] = [
        row("btc/mainnet-forks-822528-824999", .newest, 2478, 60311, (9, 1), 9, 3, 0, 2472, "5014ac808800d6f6"),
        row("btc/mainnet-forks-822528-824999", .longest, 2478, 60311, (3, 1), 3, 0, 6, 2472, "5014ac808800d6f6"),
        row("btc/mainnet-tips-777617-799999", .newest, 22390, 119_620, (7, 1), 7, 0, 0, 22383, "a23e6b96bd9fbb55"),
        row("btc/mainnet-tips-777617-799999", .longest, 22390, 119_620, (7, 1), 7, 0, 7, 22383, "a23e6b96bd9fbb55"),
        row("btc/reorg-btcd-8.events", .newest, 8, 31, (1, 2), 2, 0, 0, 6, "1a38f71ed79f044e"),
        row("btc/reorg-btcd-8.events", .longest, 8, 31, (1, 2), 2, 0, 2, 6, "1a38f71ed79f044e"),
        row("eth/mainnet-forks-0-4199", .newest, 5163, 10326, (1123, 1), 1123, 160, 0, 4200, "8788cfdba8a73485"),
        row("eth/mainnet-forks-0-4199", .longest, 5163, 10326, (726, 1), 726, 0, 963, 4200, "8788cfdba8a73485"),
    ]

    @Test("a recorded chain gives the numbers that are known of it", arguments: expected)
    func findsWhatIsThere(_ file: String, _ rule: ForkChoice.Rule, _ expected: ChainSummary) throws {
        #expect(try summarise(file, rule) == expected)
    }

    @Test("dropping what is 20 blocks deep changes nothing", arguments: expected)
    func dropsWhatIsDeep(_ file: String, _ rule: ForkChoice.Rule, _ expected: ChainSummary) throws {
        #expect(try summarise(file, rule, finality: 20) == expected)
    }

    @Test(
        "every recorded line is read, whatever its chain's notation",
        arguments: [
            ("btc/mainnet-0-4312.events", 4313, 8957, HashNotation.hex),
            ("btc/mainnet-831328-831331.events", 4, 64698, .hex),
            ("btc/mainnet-singles-363703-574200.events", 6, 54344, .hex),
            ("eth/evm-singles-dev.events", 7, 3026, .prefixedHex),
            ("eth/mainnet-17686110-17686120.events", 11, 6884, .prefixedHex),
            ("other/cosmos-singles-dev.events", 34, 3004, .upperHex),
            ("other/polkadot-singles.events", 22, 286, .prefixedHex),
            ("other/solana-254170887.events", 1, 8098, .base58),
        ])
    func readsEveryLine(_ file: String, _ lines: Int, _ events: Int, _ notation: HashNotation) throws {
        var parser = LineParser()
        var found = ChainSummary()
        try SharedData.read(file + ".jsonl.zst") { (reader) throws(InputError) in
            while try reader.advance() {
                let line = reader.line
                guard case .block = try parser.parse(line.bytes, lineNumber: line.number) else { continue }
                found.lines += 1
                found.events += parser.events.count
            }
        }
        let settled = parser.notation
        #expect(found.lines == lines)
        #expect(found.events == events)
        #expect(settled == notation)
    }

    private static func row(
        _ file: String, _ rule: ForkChoice.Rule, _ lines: Int, _ events: Int, _ rollbacks: (Int, Int64),
        _ undone: Int64,
        _ takenUpAgain: Int, _ sideBlocks: Int, _ canonical: Int64, _ tip: String
    ) -> (String, ForkChoice.Rule, ChainSummary) {
        let summary = ChainSummary(
            lines: lines, events: events, rollbacks: rollbacks.0, deepest: rollbacks.1, undone: undone,
            takenUpAgain: takenUpAgain, sideBlocks: sideBlocks, canonical: canonical, tip: tip)
        return (file, rule, summary)
    }

    private func summarise(
        _ file: String, _ rule: ForkChoice.Rule, finality: Int64? = nil
    ) throws(InputError) -> ChainSummary {
        try SharedData.read(file + ".jsonl.zst") { (reader) throws(InputError) in
            var follower = ChainFollower(rule: rule)
            while try reader.advance() { try follower.follow(reader.line, finality: finality) }
            return follower.finish()
        }
    }
}

/// Follows a recorded chain as a command would, and counts.
struct ChainFollower: ~Copyable {
    private var parser = LineParser()
    private var choice: ForkChoice
    private var side = SideStore()
    private var summary = ChainSummary()

    init(rule: ForkChoice.Rule) { choice = ForkChoice(rule: rule) }

    mutating func follow(_ line: InputTextLine, finality: Int64?) throws(InputError) {
        guard case .block(let block) = try parser.parse(line.bytes, lineNumber: line.number) else { return }
        summary.lines += 1
        summary.events += parser.events.count
        let tipHeight = choice.tip?.height ?? -1
        let action = try choice.action(for: block.header, line: line.number)
        switch action {
        case .extend: summary.canonical += 1
        case .keepAside:
            summary.sideBlocks += 1
            try side.keep(line, of: block.header)
        case .switchTo(let ancestor, let path): count(path, undone: tipHeight - ancestor)
        case .duplicate, .unlinked, .belowFinal: Issue.record("line \(line.number): \(action)")
        }
        choice.apply(action, of: block.header)
        if let finality, let tip = choice.tip {
            for hash in choice.drop(atOrBelow: tip.height - finality) { side.remove(hash) }
            side.drop(atOrBelow: choice.finalHeight)
        }
    }

    private mutating func count(_ path: [PathBlock], undone: Int64) {
        if undone > 0 { summary.rollbacks += 1 }
        summary.deepest = max(summary.deepest, undone)
        summary.undone += undone
        summary.canonical += Int64(path.count) - undone
        for block in path {
            switch block.source {
            case .undone: summary.takenUpAgain += 1
            case .aside:
                #expect(side[block.hash]?.height == block.height)
                side.remove(block.hash)
            case .line: #expect(block == path.last)
            }
        }
    }

    mutating func finish() -> ChainSummary {
        if let tip = choice.tip, let notation = parser.notation {
            summary.tip = String(HashText.encode(tip.hash, as: notation).suffix(16))
        }
        return summary
    }
}
