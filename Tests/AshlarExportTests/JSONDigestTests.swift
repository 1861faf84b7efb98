import AshlarExport
import AshlarTestSupport
import Testing

@Suite("Digest of JSON") struct JSONDigestTests {
    private static func digest(_ text: String) -> UInt64? {
        let bytes = Array(text.utf8)
        return canonicalDigest(json: bytes.span.bytes)
    }

    @Test(
        "spellings of one value have one digest",
        arguments: [
            ["100", "1e2", "1E+2", "100.0", "10e1", "1000e-1", "0.1e3", "1.00e2", " 100 "],
            ["1.5", "1.50", "15e-1", "0.15e1", "150e-2"], ["0", "0.0", "0e9", "0.000e-3", "0e99999999999999999999"],
            ["0.001", "1e-3", "0.0010", "10e-4"], ["1020.30", "1.0203e3", "10203e-1", "102030e-2"],
            ["-0", "-0.0"], ["-1e1", "-10"],
            ["\"Aé水😀/\"", "\"\\u0041\\u00e9\\u6C34\\ud83d\\ude00\\/\"", " \"A\\u00E9水\\uD83D\\uDE00/\" "],
            ["\"12345678\"", "\"1234567\\u0038\"", "\"\\u00312345678\""],
            ["{\"a\":1,\"b\":[2]}", " { \"b\" : [ 2.0 ] , \"\\u0061\" : 1 } "], ["[]", "[ ]"], ["{}", "{\n}"],
        ])
    func ignoresSpelling(_ texts: [String]) {
        let digests = Set(texts.map(Self.digest))
        #expect(digests.count == 1 && digests.first != .some(nil), "\(texts)")
    }

    @Test("values that differ have digests that differ")
    func seesDifferences() {
        let texts = [
            "0", "-0", "1", "-1", "10", "100", "1e99", "1e-1", "0.01", "11", "101", "1.1", "\"\"", "\"0\"", "\"1\"",
            "null",
            "true", "false", "[]", "{}", "[[]]", "[{}]", "{\"\":{}}", "{\"\":[]}", "[0]", "[0,0]", "[1,2]", "[2,1]",
            "[[1],2]", "[[1,2]]", "[null]", "{\"a\":1}", "{\"a\":\"1\"}", "{\"b\":1}", "{\"a\":2}", "{\"a\":1,\"b\":2}",
            "{\"a\":2,\"b\":1}", "{\"a\":1,\"a\":1}", "{\"a\":{\"b\":1}}", "{\"b\":{\"a\":1}}", "\"a\"", "\"\\u0000\"",
            "\"\\u0000\\u0000\"", "\"aaaaaaa\"", "\"aaaaaaaa\"", "\"aaaaaaaa\\u0000\"", "\"aaaaaaab\"",
            "\"abcdefgh12\"",
            "\"abcdefgh21\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800a\"", "\"null\"", "9007199254740993",
            "9007199254740992", "115792089237316195423570985008687907853269984665640564039457584007913129639935",
            "115792089237316195423570985008687907853269984665640564039457584007913129639936", "1e400", "1e401",
        ]
        let digests = texts.map(Self.digest)
        #expect(!digests.contains(nil))
        #expect(Set(digests).count == texts.count)
    }

    @Test("what is not JSON has none", arguments: ["", "nul", "1 2", "[1", "{\"a\":1,}", "\"\u{1}\"", "01"])
    func refusesOtherText(_ text: String) { #expect(Self.digest(text) == nil) }

    @Test("random values keep their digest however they are spelled, and change it with any part")
    func holdsForRandomValues() {
        var random = SplitMix64(seed: 7)
        var classifier = PayloadClassifier(.postgres)
        for _ in 0..<500 {
            let value = JSONSample.random(&random, depth: 4)
            let expected = Self.digest(value.spelled(&random))
            let again = value.spelled(&random)
            #expect(Self.digest(again) == expected)
            let bytes = Array(again.utf8)
            let isJSON = classifier.isJSON(bytes.span.bytes)
            #expect(isJSON, "\(again)")
            var leaf = random.below(value.leafCount)
            let changed = value.changing(&leaf)
            #expect(Self.digest(changed.spelled(&random)) != expected)
        }
    }
}

/// A JSON value that is spelled in a new way each time.
indirect enum JSONSample {
    case word(String)
    case number(negative: Bool, digits: Int, exponent: Int)
    case string([Unicode.Scalar])
    case array([JSONSample])
    case object([(name: [Unicode.Scalar], value: JSONSample)])

    static func random(_ random: inout SplitMix64, depth: Int) -> JSONSample {
        switch random.below(depth > 0 ? 7 : 4) {
        case 0: return .word(["true", "false", "null"][random.below(3)])
        case 1:
            let digits = random.chance(20) ? 0 : random.below(1_000_000)
            return .number(negative: digits > 0 && random.chance(30), digits: digits, exponent: random.below(30) - 15)
        case 2, 3: return .string(text(&random))
        case 4: return .array((0..<random.below(5)).map { _ in .random(&random, depth: depth - 1) })
        default:
            return .object(
                (0..<random.below(20)).map { index in
                    let name = Array("\(index)".unicodeScalars) + text(&random)
                    return (name, .random(&random, depth: random.chance(70) ? 0 : depth - 1))
                })
        }
    }

    private static func text(_ random: inout SplitMix64) -> [Unicode.Scalar] {
        let scalars: [Unicode.Scalar] = [
            "a", "Z", "\"", "\\", "/", "\n", "\u{1}", "\u{7F}", "é", "水", "😀", "\u{10FFFF}",
        ]
        return (0..<random.below(20)).map { _ in scalars[random.below(random.chance(70) ? 2 : scalars.count)] }
    }

    /// Number of values in it that are no array or object, or an empty one.
    var leafCount: Int {
        switch self {
        case .word, .number, .string: 1
        case .array(let elements): max(1, elements.reduce(0) { $0 + $1.leafCount })
        case .object(let members): max(1, members.reduce(0) { $0 + $1.value.leafCount })
        }
    }

    /// The same with one of its leaves changed.
    func changing(_ leaf: inout Int) -> JSONSample {
        defer { leaf -= 1 }
        switch self {
        case .array(let elements) where !elements.isEmpty:
            defer { leaf += 1 }
            return .array(elements.map { $0.changing(&leaf) })
        case .object(let members) where !members.isEmpty:
            defer { leaf += 1 }
            return .object(members.map { ($0.name, $0.value.changing(&leaf)) })
        default:
            guard leaf == 0 else { return self }
            switch self {
            case .word(let word): return .word(word == "null" ? "true" : "null")
            case .number(let negative, let digits, let exponent):
                return .number(negative: negative, digits: digits + 1, exponent: exponent)
            case .string(let text): return .string(text + ["x"])
            case .array: return .object([])
            case .object: return .array([])
            }
        }
    }

    func spelled(_ random: inout SplitMix64) -> String {
        func space() -> String { ["", "", " ", "\n", "\t \r"][random.below(5)] }
        switch self {
        case .word(let word): return space() + word + space()
        case .number(let negative, let digits, let exponent):
            return space() + (negative ? "-" : "") + Self.number(digits, exponent, &random) + space()
        case .string(let text): return space() + Self.quoted(text, &random) + space()
        case .array(let elements):
            return space() + "[" + space() + elements.map { $0.spelled(&random) }.joined(separator: ",") + "]" + space()
        case .object(let members):
            let texts = members.shuffled(using: &random).map { name, value in
                space() + Self.quoted(name, &random) + space() + ":" + value.spelled(&random)
            }
            return space() + "{" + texts.joined(separator: ",") + space() + "}" + space()
        }
    }

    private static func number(_ digits: Int, _ exponent: Int, _ random: inout SplitMix64) -> String {
        var (text, power) = ("\(digits)", exponent)
        for _ in 0..<random.below(4) where digits > 0 {
            text += "0"
            power -= 1
        }
        if text.count > 1, random.chance(50) {
            let shift = 1 + random.below(text.count - 1)
            text.insert(".", at: text.index(text.endIndex, offsetBy: -shift))
            power += shift
        }
        return power == 0 && random.chance(50) ? text : text + ["e", "E"][random.below(2)] + "\(power)"
    }

    private static func quoted(_ text: [Unicode.Scalar], _ random: inout SplitMix64) -> String {
        var result = "\""
        for scalar in text {
            let mustEscape = scalar == "\"" || scalar == "\\" || scalar.value < 0x20
            if mustEscape || random.chance(30) {
                for unit in String(scalar).utf16 {
                    let hex = String(unit, radix: 16, uppercase: random.chance(50))
                    result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                }
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
