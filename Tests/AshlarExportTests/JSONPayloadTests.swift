import AshlarExport
import AshlarTestSupport
import Foundation
import Testing

@Suite("Payloads that are JSON") struct JSONPayloadTests {
    private static func isJSON(_ text: some Sequence<UInt8>, _ dialect: SQLDialect) -> Bool {
        var classifier = PayloadClassifier(dialect)
        let bytes = Array(text)
        return classifier.isJSON(bytes.span.bytes)
    }

    @Test(
        "both databases keep plain JSON",
        arguments: [
            "null", "true", " false ", "0", "-1", "1.50", "1e2", "-0.5E-3", "\"\"", "\"a\\n\\u00e9\\/\"", "[]", "{}",
            "\"\\uD83D\\uDE00\"", "\"\u{7F}é水😀\"", " [1, {\"a\": [], \"b\": {\"a\": 2}}, {\"a\": 1}]\r\n", "1e400",
            "1e-400", "123456789012345678901234567890", "0e5", "0.000", "{\"\":0}", "{\"a\":0,\"A\":0}", "-0.001",
            "\"\\\\u0000\"", "{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}}", "\"\u{FFFF}\\uFFFE\"",
        ])
    func keepsPlainJSON(_ text: String) {
        #expect(Self.isJSON(text.utf8, .sqlite))
        #expect(Self.isJSON(text.utf8, .postgres))
    }

    @Test(
        "what jsonb refuses or changes is kept as text alone",
        arguments: [
            "\"\\u0000\"", "{\"\\u0000\":1}", "\"\\uD800\"", "\"\\uDC00\\uD800\"", "\"\\uD83Dx\"", "{\"\\uDFFF\":1}",
            "{\"a\":1,\"a\":1}", "{\"a\":1,\"b\":2,\"\\u0061\":3}", "[{\"é\":1,\"\\u00E9\":2}]", "{\"\":1,\"\":1}",
            "-0", "-0.0", "-0e7", "[-0]", "1e401", "1E-401", "1e99999999999999999999999", "0e131072",
            "{\"x\":{\"a\":1,\"b\":{\"c\":1},\"a\":2}}",
        ])
    func keepsOutOfJSONB(_ text: String) {
        #expect(Self.isJSON(text.utf8, .sqlite))
        #expect(!Self.isJSON(text.utf8, .postgres))
    }

    @Test(
        "what is not strict JSON is bytes",
        arguments: [
            "", " ", "nul", "NULL", "truefalse", "1 2", "01", "+1", ".5", "1.", "1e", "0x10", "NaN", "Infinity", "'a'",
            "{a:1}", "{\"a\":1,}", "[1,]", "[,]", "{\"a\"}", "[1}", "{\"a\":1]", "\"a\nb\"", "\"\\x\"", "\"\\u12G4\"",
            "// c\n1", "\u{FEFF}1", "1\u{0}", "\"\u{0}\"", "\u{0C}1", "\u{A0}1", "\"a", "[", "{\"a\":",
        ])
    func refusesOtherText(_ text: String) {
        #expect(!Self.isJSON(text.utf8, .sqlite))
        #expect(!Self.isJSON(text.utf8, .postgres))
    }

    @Test("bytes that are not UTF-8 are bytes")
    func refusesInvalidUTF8() {
        for bad in [[0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF]] as [[UInt8]] {
            let text = [0x22] + bad + [0x22]
            #expect(!Self.isJSON(text, .sqlite) && !Self.isJSON(text, .postgres))
        }
    }

    @Test("nesting is bounded")
    func boundsNesting() {
        func nested(_ open: String, _ inner: String, _ close: String, _ depth: Int) -> [UInt8] {
            Array((String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)).utf8)
        }
        for dialect in [SQLDialect.sqlite, .postgres] {
            #expect(Self.isJSON(nested("[", "", "]", 512), dialect))
            #expect(!Self.isJSON(nested("[", "", "]", 513), dialect))
            #expect(Self.isJSON(nested("{\"a\":", "1", "}", 512), dialect))
            #expect(!Self.isJSON(nested("{\"a\":", "1", "}", 1 << 20), dialect))
        }
    }

    @Test("jsonb gets no more than it can print again")
    func boundsSizes() {
        var limits = PayloadClassifier.Limits()
        limits.bytes = 6_000
        limits.items = 1_000
        limits.exponents = 4_000
        func fits(_ text: String, _ dialect: SQLDialect = .postgres) -> Bool {
            var classifier = PayloadClassifier(dialect, limits: limits)
            let bytes = Array(text.utf8)
            return classifier.isJSON(bytes.span.bytes)
        }
        let growing = "[" + String(repeating: "1e-400,", count: 10) + "1]"
        #expect(fits(growing) && !fits("[1e1," + growing.dropFirst()) && fits("[1e1," + growing.dropFirst(), .sqlite))
        let many = "[" + String(repeating: "{\"\":1},", count: 499) + "1,2]"
        #expect(fits(many) && !fits("[1," + many.dropFirst()) && fits("[1," + many.dropFirst(), .sqlite))
        let long = "\"" + String(repeating: "x", count: 5_998) + "\""
        #expect(fits(long) && !fits(long + " ") && fits(long + " ", .sqlite))
        limits = PayloadClassifier.Limits()
        let digits = String(repeating: "7", count: limits.numberBytes)
        #expect(fits(digits) && !fits(digits + "7") && fits(digits + "7", .sqlite))
    }

    @Test("a member named twice is found in objects of every size")
    func findsDuplicates() {
        for count in [1, 2, 15, 16, 17, 18, 40, 1_000, 20_000] {
            let members = (0..<count).map { "\"key\($0)\":{\"key\($0)\":0,\"x\":1}" }
            #expect(Self.isJSON(("{" + members.joined(separator: ",") + "}").utf8, .postgres), "\(count)")
            for twice in [0, count / 2, count - 1] {
                let all = members + ["\"k\\u0065y\(twice)\":1"]
                #expect(!Self.isJSON(("{" + all.joined(separator: ",") + "}").utf8, .postgres), "\(count) \(twice)")
            }
        }
    }

    @Test("one classifier tells payloads apart in any order")
    func forgetsPayloads() {
        var classifier = PayloadClassifier(.postgres)
        for _ in 0..<2 {
            for text in ["{\"a\":{\"b\":", "{\"a\":1,\"a\":1}", "{\"b\":[-0]}"] {
                let bytes = Array(text.utf8)
                let isBadJSON = classifier.isJSON(bytes.span.bytes)
                #expect(!isBadJSON)
                let good = Array("{\"a\":1,\"b\":2}".utf8)
                let isGoodJSON = classifier.isJSON(good.span.bytes)
                #expect(isGoodJSON)
            }
        }
    }

    @Test("no part of an object or array is JSON")
    func refusesTruncations() {
        for text in [
            "{\"hash\":\"0xé\\u00e9😀\",\"n\":-12.5e+3,\"ok\":true,\"list\":[null,{\"a\":[1,2,3]},\"\\ud83d\\ude00\"]}",
            "[{\"a\":1},{\"a\":2},[[],[\"x\"]],false]",
        ] {
            let bytes = Array(text.utf8)
            #expect(Self.isJSON(bytes, .postgres))
            for count in 0..<bytes.count {
                #expect(!Self.isJSON(bytes[..<count], .sqlite) && !Self.isJSON(bytes[..<count], .postgres), "\(count)")
            }
        }
    }

    @Test("random texts are JSON where Foundation says so")
    func agreesWithFoundation() {
        var random = SplitMix64(seed: 41)
        let alphabet = Array("{}[]\",:0159-+.eE tfnrua\\/é".utf8)
        let seeds = [
            "{\"a\":[1,-2.5e3,\"x\\n\"],\"b\":{\"c\":null,\"d\":true}}", "[0,10,\"\\\\\",{}]", "12.5E-7", "\"é\"",
        ]
        for round in 0..<6_000 {
            var text: [UInt8]
            if round.isMultiple(of: 4) {
                text = (0..<random.below(8)).map { _ in alphabet[random.below(alphabet.count)] }
            } else {
                text = Array(seeds[random.below(seeds.count)].utf8)
                for _ in 0..<1 + random.below(2) {
                    let place = random.below(text.count)
                    if random.chance(30) { text.remove(at: place) }
                    if text.isEmpty { continue }
                    text[min(place, text.count - 1)] = alphabet[random.below(alphabet.count)]
                }
            }
            let isJSON = (try? JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed)) != nil
            let shown = String(decoding: text, as: UTF8.self)
            #expect(Self.isJSON(text, .sqlite) == isJSON, "\(shown)")
            if !isJSON { #expect(!Self.isJSON(text, .postgres), "\(shown)") }
        }
    }

    @Test("random bytes are no trouble")
    func survivesRandomBytes() {
        var random = SplitMix64(seed: 42)
        var classifiers = [PayloadClassifier(.sqlite), PayloadClassifier(.postgres)]
        for _ in 0..<6_000 {
            let bytes = random.bytes(random.below(40))
            for index in classifiers.indices {
                let isJSON = classifiers[index].isJSON(bytes.span.bytes)
                #expect(!isJSON || bytes.allSatisfy { $0 != 0 })
            }
            _ = canonicalDigest(json: bytes.span.bytes)
        }
    }
}
