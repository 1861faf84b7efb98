import Ashlar
import AshlarTestSupport
import Foundation
import Testing

@Suite("events")
struct EventCommandTests {
    /// Payloads of every sort, and whether they are JSON that can stand in a line.
    private static let payloads: [(bytes: [UInt8], isJSON: Bool)] = [
        (Array(#"{"a":1, "b" : [true,null,-1.50e+3] }"#.utf8), true),
        (Array("  \"blanks around\"\t".utf8), true),
        (Array(#""escapes \u00e9 \" \\ é 🧱""#.utf8), true),
        (Array("123456789012345678901234567890.10".utf8), true),
        (Array(#"{"twice":1,"twice":2}"#.utf8), true),
        (Array("{\n}".utf8), false),
        (Array("{\"cut\":".utf8), false),
        (Array("1 2".utf8), false),
        (Array("\"\u{1}\"".utf8), false),
        ([0x22, 0xFF, 0x22], false),
        ([0, 1, 2, 253, 254, 255, 10, 13, 34, 44], false),
        ([], false),
    ]

    private func make(at path: String) throws {
        var writer = try Writer.create(at: path, options: Samples.options())
        var events = Self.payloads.map { Event(model: "m,\"x\"\n", type: "tab\there", payload: $0.bytes) }
        events[0].timestamp = Timestamp(microseconds: -1)
        events[0].requestID = [0xFF, 0x00]
        _ = try writer.append(Samples.block(0), events: events)
        try writer.close()
    }

    @Test("a payload comes out byte for byte: as JSON where it is a line of JSON, else in base64")
    func payloads() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try make(at: path)
        let run = try Tool.run("events", path)
        #expect(run.status == 0 && run.lines.count == Self.payloads.count && run.error.isEmpty)
        for (index, payload) in Self.payloads.enumerated() {
            let object = run.objects[index]
            #expect(object["model"] as? String == "m,\"x\"\n" && object["type"] as? String == "tab\there")
            if payload.isJSON {
                #expect(run.lines[index].hasSuffix(",\"payload\":\(String(decoding: payload.bytes, as: UTF8.self))}"))
                #expect(object["payloadBase64"] == nil)
            } else {
                #expect(object["payload"] == nil)
                #expect(object["payloadBase64"] as? String == Data(payload.bytes).base64EncodedString())
            }
        }
        #expect(run.objects[0]["timestamp"] as? Int == -1 && run.objects[0]["requestIdBase64"] as? String == "/wA=")
        #expect(run.objects[1]["requestId"] is NSNull)
    }

    @Test("CSV gives the same, quoted so that a reader of RFC 4180 gets every byte")
    func csv() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try make(at: path)
        let run = try Tool.run("events", path, "--csv")
        let rows = CSV.parse(run.output)
        #expect(rows.count == Self.payloads.count + 1 && rows.allSatisfy { $0.count == 12 })
        #expect(rows[0].joined(separator: ",").hasPrefix("sequence,ordinal,height,hash,model,type,version,timestamp"))
        for (index, payload) in Self.payloads.enumerated() {
            let row = rows[index + 1]
            #expect(row[1] == "\(index)" && row[4] == "m,\"x\"\n" && row[3] == "\(Samples.hash(0))")
            let bytes = row[11].isEmpty ? Array(row[10].utf8) : Data(base64Encoded: row[11]).map { Array($0) }
            #expect(bytes == payload.bytes)
        }
        #expect(rows[1][8].isEmpty && rows[1][9] == "/wA=")
    }

    @Test("a table shows nothing that a terminal would act on")
    func table() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try make(at: path)
        let run = try Tool.run("events", path, "--table")
        #expect(run.lines.count == Self.payloads.count + 1 && run.lines[0].hasPrefix("sequence  height  model"))
        #expect(!run.text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    }

    @Test("every filter and order gives what the same query gives in the library", arguments: Filter.all)
    func filters(filter: Filter) throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        var query = EventQuery()
        filter.change(&query)
        let store = try Store.open(at: path)
        let expected = try store.view(asOf: filter.asOf ?? store.sequence).events(query)
        let run = try Tool.run(["events", path] + filter.arguments)
        #expect(run.status == 0 && run.error.isEmpty)
        #expect(!expected.isEmpty)
        #expect(run.objects.map { $0["sequence"] as? UInt64 } == expected.map(\.sequence))
        #expect(run.objects.map { $0["ordinal"] as? Int } == expected.map(\.ordinal))
        #expect(run.objects.map { $0["height"] as? Int64 } == expected.map(\.height))
        #expect(run.objects.map { $0["hash"] as? String } == expected.map { $0.hash.map { "\($0)" } })
        #expect(run.objects.map { $0["model"] as? String } == expected.map(\.model))
        #expect(run.objects.map { $0["type"] as? String } == expected.map(\.type))
        #expect(run.objects.map { $0["version"] as? UInt64 } == expected.map(\.version))
        #expect(run.objects.map { $0["timestamp"] as? Int64 } == expected.map(\.timestamp.microseconds))
    }

    @Test("pages put together give the whole, and the last says that there is no more", arguments: [3, 9, 27, 100])
    func pages(limit: Int) throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        let whole = try Tool.run("events", path).lines
        var lines: [String] = []
        var after: [String] = []
        var pages = 0
        while true {
            let run = try Tool.run(["events", path, "--limit", "\(limit)", "--page"] + after)
            let last = try #require(run.objects.last)
            lines += run.lines.dropLast()
            pages += 1
            guard let token = last["next"] as? String else {
                #expect(last["next"] is NSNull)
                break
            }
            #expect(run.lines.count == limit + 1)
            after = ["--after", token]
        }
        #expect(lines == whole)
        #expect(pages == (whole.count + limit - 1) / limit)
    }

    @Test("a page token that is none, or of another query, is refused")
    func tokens() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        let csv = try Tool.run("events", path, "--limit", "1", "--page", "--csv")
        let token = try #require(csv.error.split(separator: " ").last).trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(csv.error == "next: \(token)\n" && csv.lines.count == 2)
        #expect(try Tool.run("events", path, "--after", token).lines.count == 26)
        for arguments in [["--after", "p1.x"], ["--after", token, "--model", "utxo"]] {
            let run = try Tool.run(["events", path, "--json"] + arguments)
            #expect(run.status == 2 && run.errorObject["code"] as? String == "invalidPageToken" && run.output.isEmpty)
        }
        let beyond = try Tool.run("events", path, "--as-of", "10")
        #expect(beyond.status == 2 && beyond.isOneLineError && beyond.error.contains("the last is 9"))
    }
}

/// Arguments of `events` and the query that they stand for.
struct Filter: Sendable, CustomTestStringConvertible {
    var arguments: [String]
    var asOf: UInt64?
    var change: @Sendable (inout EventQuery) -> Void

    var testDescription: String { arguments.joined(separator: " ") }

    init(_ arguments: String, asOf: UInt64? = nil, _ change: @escaping @Sendable (inout EventQuery) -> Void) {
        self.arguments = arguments.split(separator: " ").map(String.init)
        self.asOf = asOf
        self.change = change
    }

    static let all: [Filter] = [
        Filter("") { _ in },
        Filter("--model utxo") { $0.models = ["utxo"] },
        Filter("--model utxo --model headers --type type.0") {
            $0.models = ["utxo", "headers"]
            $0.types = ["type.0"]
        },
        Filter("--type type.1 --type type.2") { $0.types = ["type.1", "type.2"] },
        Filter("--heights 2..4") { $0.heights = 2...4 },
        Filter("--heights 2...4") { $0.heights = 2...4 },
        Filter("--heights 3") { $0.heights = 3...3 },
        Filter("--heights 4..") { $0.heights = 4...(.max - 1) },
        Filter("--heights ..1") { $0.heights = 0...1 },
        Filter("--from-height 3 --to-height 4") { $0.heights = 3...4 },
        Filter("--to-height 1") { $0.heights = 0...1 },
        Filter("--model utxo --versions 5..12") {
            $0.models = ["utxo"]
            $0.versions = 5...12
        },
        Filter("--sequences 2..3") { $0.sequences = 2...3 },
        Filter("--scope log --sequences 5..7") {
            $0.scope = .log
            $0.sequences = 5...7
        },
        Filter("--times 2023-11-14T22:33:20Z..2023-11-14T22:43:20Z") {
            $0.times = Timestamp(seconds: 1_700_001_200)...Timestamp(seconds: 1_700_001_800)
        },
        Filter("--times 1700001200000000..1700001800000000 --descending") {
            $0.times = Timestamp(seconds: 1_700_001_200)...Timestamp(seconds: 1_700_001_800)
            $0.descending = true
        },
        Filter("--scope all --request-id r1") {
            $0.scope = .canonicalAndFloating
            $0.requestID = Array("r1".utf8)
        },
        Filter("--scope floating") { $0.scope = .floating },
        Filter("--scope log") { $0.scope = .log },
        Filter("--order version --model utxo --model headers") {
            $0.order = .version
            $0.models = ["utxo", "headers"]
        },
        Filter("--order timestamp --descending --limit 4") {
            $0.order = .timestamp
            $0.descending = true
            $0.limit = 4
        },
        Filter("--order sequence --descending --offset 3 --limit 5") {
            $0.order = .sequence
            $0.descending = true
            $0.offset = 3
            $0.limit = 5
        },
        Filter("--limit-per-model 2") { $0.limitPerModel = 2 },
        Filter("--as-of 6 --heights 4..5", asOf: 6) { $0.heights = 4...5 },
        Filter("--as-of 2 --order sequence", asOf: 2) { $0.order = .sequence },
    ]
}

/// A plain reader of RFC 4180.
enum CSV {
    static func parse(_ bytes: [UInt8]) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            let next = index + 1 < bytes.count ? bytes[index + 1] : 0
            switch (isQuoted, byte) {
            case (true, UInt8(ascii: "\"")) where next == byte:
                field.append(byte)
                index += 1
            case (_, UInt8(ascii: "\"")): isQuoted.toggle()
            case (false, UInt8(ascii: ",")), (false, UInt8(ascii: "\n")):
                row.append(String(decoding: field, as: UTF8.self))
                field = []
                if byte == UInt8(ascii: "\n") {
                    rows.append(row)
                    row = []
                }
            default: field.append(byte)
            }
            index += 1
        }
        return rows
    }
}
