import Ashlar
import AshlarCLI
import AshlarFormat
import Glibc
import Testing

/// What ingesting a recorded chain must give.
struct RecordedIngest: Sendable, CustomStringConvertible {
    var file: String
    var rule: ForkChoice.Rule
    var lines: Int
    var events: Int
    /// Rollbacks, the deepest, blocks undone, taken up again, lines kept aside, unlinked lines.
    var numbers: [Int]
    var canonical: Int
    var tip: String?

    var description: String { "\(file) \(rule)" }

    init(
        _ file: String, _ rule: ForkChoice.Rule, _ lines: Int, _ events: Int, _ numbers: [Int], _ canonical: Int,
        _ tip: String? = nil
    ) {
        self.file = file
        self.rule = rule
        self.lines = lines
        self.events = events
        self.numbers = numbers
        self.canonical = canonical
        self.tip = tip
    }

    /// A chain without a fork: the same under both rules. In `singles` no line links to another.
    static func plain(_ file: String, _ lines: Int, _ events: Int, unlinked: Int = 0) -> [RecordedIngest] {
        ForkChoice.Rule.allCases.map { rule in
            RecordedIngest(file, rule, lines, events, [0, 0, 0, 0, 0, unlinked], lines - unlinked)
        }
    }
}

@Suite("Ingest: recorded chains give what is known of them, and come out byte for byte")
struct IngestDataTests {
    private static let fixtures = [
        RecordedIngest("reorg-btcd-8.events.jsonl", .newest, 8, 31, [1, 2, 2, 0, 0, 0], 6, "1a38f71ed79f044e"),
        RecordedIngest("reorg-btcd-8.events.jsonl", .longest, 8, 31, [1, 2, 2, 0, 2, 0], 6, "1a38f71ed79f044e"),
        RecordedIngest(
            "mainnet-forks-822528-824999.jsonl.gz", .newest, 2_478, 60_311, [9, 1, 9, 3, 0, 0], 2_472,
            "5014ac808800d6f6"),
        RecordedIngest(
            "mainnet-forks-822528-824999.jsonl.gz", .longest, 2_478, 60_311, [3, 1, 3, 0, 6, 0], 2_472,
            "5014ac808800d6f6"),
        RecordedIngest("mainnet-0-4312.events.jsonl.gz", .newest, 4_313, 8_957, [0, 0, 0, 0, 0, 0], 4_313),
    ]

    private static let shared =
        [
            RecordedIngest(
                "btc/mainnet-tips-777617-799999", .newest, 22_390, 119_620, [7, 1, 7, 0, 0, 0], 22_383,
                "a23e6b96bd9fbb55"),
            RecordedIngest(
                "btc/mainnet-tips-777617-799999", .longest, 22_390, 119_620, [7, 1, 7, 0, 7, 0], 22_383,
                "a23e6b96bd9fbb55"),
            RecordedIngest(
                "btc/mainnet-forks-822528-824999", .newest, 2_478, 60_311, [9, 1, 9, 3, 0, 0], 2_472, "5014ac808800d6f6"
            ),
            RecordedIngest(
                "btc/mainnet-forks-822528-824999", .longest, 2_478, 60_311, [3, 1, 3, 0, 6, 0], 2_472,
                "5014ac808800d6f6"),
            RecordedIngest("btc/reorg-btcd-8.events", .newest, 8, 31, [1, 2, 2, 0, 0, 0], 6, "1a38f71ed79f044e"),
            RecordedIngest("btc/reorg-btcd-8.events", .longest, 8, 31, [1, 2, 2, 0, 2, 0], 6, "1a38f71ed79f044e"),
            RecordedIngest(
                "eth/mainnet-forks-0-4199", .newest, 5_163, 10_326, [1_123, 1, 1_123, 160, 0, 0], 4_200,
                "8788cfdba8a73485"),
            RecordedIngest(
                "eth/mainnet-forks-0-4199", .longest, 5_163, 10_326, [726, 1, 726, 0, 963, 0], 4_200, "8788cfdba8a73485"
            ),
        ]
        + RecordedIngest.plain("btc/mainnet-0-4312.events", 4_313, 8_957)
        + RecordedIngest.plain("btc/mainnet-831328-831331.events", 4, 64_698)
        + RecordedIngest.plain("btc/mainnet-singles-363703-574200.events", 6, 54_344, unlinked: 5)
        + RecordedIngest.plain("btc/stale-branch-656477-656478.events", 2, 30_008)
        + RecordedIngest.plain("eth/evm-singles-dev.events", 7, 3_026, unlinked: 6)
        + RecordedIngest.plain("eth/mainnet-17686110-17686120.events", 11, 6_884)
        + RecordedIngest.plain("other/cosmos-singles-dev.events", 34, 3_004, unlinked: 33)
        + RecordedIngest.plain("other/polkadot-singles.events", 22, 286, unlinked: 21)
        + RecordedIngest.plain("other/solana-254170887.events", 1, 8_098)

    @Test("the fixtures", arguments: fixtures)
    func fixture(_ expected: RecordedIngest) throws {
        let directory = TemporaryDirectory()
        let tests = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")
        let path = "\(tests)/Fixtures/\(expected.file)"
        let plain = directory.path + "/plain.jsonl"
        shell(path.hasSuffix(".gz") ? "gzip -dc '\(path)' > '\(plain)'" : "cp '\(path)' '\(plain)'")
        try check(expected, input: path, plain: plain, directory.store)
    }

    @Test(
        "the shared recordings",
        .enabled(if: SharedData.directory != nil, "the recorded chains are not at hand; set ASHLAR_SHARED_DATA"),
        arguments: shared)
    func recording(_ expected: RecordedIngest) throws {
        let directory = TemporaryDirectory()
        let plain = directory.path + "/plain.jsonl"
        shell("zstd -dcq '\(SharedData.directory ?? "")/\(expected.file).jsonl.zst' > '\(plain)'")
        try check(expected, input: plain, plain: plain, directory.store)
    }

    @Test(
        "every shared recording is among them",
        .enabled(if: SharedData.directory != nil, "the recorded chains are not at hand; set ASHLAR_SHARED_DATA"))
    func allRecordings() {
        let directory = TemporaryDirectory()
        shell("cd '\(SharedData.directory ?? "")' && ls */*.jsonl.zst > '\(directory.path)/list'")
        let found = String(decoding: contents(of: directory.path + "/list"), as: UTF8.self).split(separator: "\n")
        #expect(Set(found.map { String($0.dropLast(10)) }) == Set(Self.shared.map(\.file)))
    }

    private func check(_ expected: RecordedIngest, input: String, plain: String, _ path: String) throws {
        let outcome = try ingest(path, [input]) {
            $0.rule = expected.rule
            $0.onUnlinked = .skip
        }.get()
        let numbers = outcome.numbers("rollbacks", "deepest", "undone", "readopted", "side", "unlinked")
        #expect(outcome.failure == nil && numbers == expected.numbers)
        let blocks = outcome.summary.blocks
        #expect(blocks + outcome.summary.readopted - outcome.summary.undoneBlocks == expected.canonical)
        if expected.rule == .newest { #expect(blocks + outcome.summary.unlinked == expected.lines) }
        if expected.rule == .newest, outcome.summary.unlinked == 0 {
            #expect(outcome.summary.events == expected.events)
        }
        if let tip = expected.tip { #expect(outcome.summary.tip?.hash.hasSuffix(tip) == true) }
        let store = try Store.open(at: path)
        let statistics = try store.statistics()
        #expect(
            Int(statistics.canonicalBlocks) == expected.canonical && Int(statistics.events) == outcome.summary.events)
        #expect(Int(statistics.rollbacks) == expected.numbers[0] && Int(statistics.undoneBlocks) == expected.numbers[2])
        let compared = try RecordedLines(contents(of: plain)).compare(store)
        #expect(compared.blocks == blocks && compared.differing.isEmpty, "\(compared.differing.prefix(3))")
    }
}

/// The lines of a recorded chain by the text of their hash, to compare a store with, without a parser.
struct RecordedLines {
    private let bytes: [UInt8]
    private var lines: [String: Range<Int>] = [:]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var start = 0
        while start < bytes.count {
            let end = find(Array("\n".utf8), from: start) ?? bytes.count
            if let name = find(Array(#""hash":""#.utf8), from: start), let close = find([0x22], from: name + 8),
                close < end
            {
                lines[String(decoding: bytes[(name + 8)..<close], as: UTF8.self)] = start..<end
            }
            start = end + 1
        }
    }

    private func find(_ text: [UInt8], from start: Int) -> Int? {
        bytes.withUnsafeBytes { all -> Int? in
            guard let base = all.baseAddress else { return nil }
            var position = start
            while position + text.count <= all.count {
                guard let hit = memchr(base + position, Int32(text[0]), all.count - position) else { return nil }
                position = UnsafeRawPointer(hit) - base
                if isEqual(text, at: position) { return position }
                position += 1
            }
            return nil
        }
    }

    private func isEqual(_ text: [UInt8], at position: Int) -> Bool {
        bytes.withUnsafeBytes { all in
            guard let base = all.baseAddress, position + text.count <= all.count else { return false }
            return memcmp(base + position, text, text.count) == 0
        }
    }

    /// Writes the events of each block of the log as the recordings do, and compares with the block's line.
    func compare(_ store: Store) throws -> (blocks: Int, differing: [String]) {
        var query = EventQuery()
        query.scope = .log
        var cursor = try store.view().cursor(query)
        var written: [UInt8] = []
        var current: (sequence: UInt64, hash: String)?
        var blocks = 0
        var differing: [String] = []
        func finish() {
            guard let current else { return }
            blocks += 1
            if !isWritten(Array(#""events":["#.utf8) + written.dropFirst() + [0x5D], in: current.hash) {
                differing.append(current.hash)
            }
        }
        while try cursor.next() {
            if current?.sequence != cursor.sequence {
                finish()
                let hash = HashText.encode(cursor.hash?.bytes ?? [], as: store.hashNotation)
                (current, written) = ((cursor.sequence, hash), [])
            }
            written += #",{"model":""#.utf8
            written += cursor.model.utf8
            written += #"","type":""#.utf8
            written += cursor.type.utf8
            written += #"","payload":"#.utf8
            cursor.payload.withUnsafeBytes { written.append(contentsOf: $0) }
            written.append(0x7D)
        }
        finish()
        return (blocks, differing)
    }

    private func isWritten(_ text: [UInt8], in hash: String) -> Bool {
        guard let line = lines[hash], let start = find(Array(#""events":["#.utf8), from: line.lowerBound) else {
            return false
        }
        return start + text.count <= line.upperBound && isEqual(text, at: start)
    }
}
