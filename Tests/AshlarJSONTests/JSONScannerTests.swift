import AshlarJSON
import Testing

@Suite("JSON scanner")
struct JSONScannerTests {
    @Test(
        "valid JSON passes, whatever it is",
        arguments: [
            "null", "true", "false", "0", "-0", "1", "-1", "10", "0.5", "-0.5e+10", "1E400", "1e-2",
            "123456789012345678901",
            "\"\"", "\"a\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0000\\uD83D\\uDE00\"", "\"\\uD800\"",
            "\"\u{7F}é水😀\"",
            "[]", "[ ]", "{}", "{ }", "[1,[2,[3]],{}]", "{\"a\":{\"b\":[null]},\"a\":1}", " \t\r\n[ 1 , 2 ]\n",
            "\"1234567\"", "\"12345678\"", "\"1234567é12345678\"", "\"\\u00e9 and a long tail behind the escape\"",
        ])
    func accepts(_ text: String) {
        #expect(scanError(text) == nil)
    }

    @Test(
        "what is not JSON is refused at the byte where it goes wrong",
        arguments: [
            ("01", 1, JSONProblem.leadingZero), ("-012", 2, .leadingZero), ("1.", nil, nil), ("1.e3", 3, .missingDigit),
            ("-a", 2, .missingDigit), ("1e", nil, nil), ("1e+]", 4, .missingDigit), ("-", nil, nil),
            ("+1", 1, .expected("a value", found: UInt8(ascii: "+"))),
            (".5", 1, .expected("a value", found: UInt8(ascii: "."))),
            ("NaN", 1, .expected("a value", found: UInt8(ascii: "N"))),
            ("[1,]", 4, .expected("a value after `,`", found: UInt8(ascii: "]"))),
            ("[,1]", 2, .expected("a value", found: UInt8(ascii: ","))),
            ("[1 2]", 4, .expected("`,` or `]`", found: UInt8(ascii: "2"))),
            ("[1}", 3, .expected("`,` or `]`", found: UInt8(ascii: "}"))),
            ("{\"a\" 1}", 6, .expected("`:`", found: UInt8(ascii: "1"))),
            ("{\"a\":}", 6, .expected("a value", found: UInt8(ascii: "}"))),
            ("{\"a\":1,}", 8, .expected("a value after `,`", found: UInt8(ascii: "}"))),
            ("{a:1}", 2, .expected("a member's name in quotation marks", found: UInt8(ascii: "a"))),
            ("{1:1}", 2, .expected("a member's name in quotation marks", found: UInt8(ascii: "1"))),
            ("trve", 3, .expected("`true`", found: UInt8(ascii: "v"))), ("tru", nil, nil), ("nul", nil, nil),
            ("1 2", 3, .trailingBytes), ("[]]", 3, .trailingBytes), ("{}x", 3, .trailingBytes),
            ("truex", 5, .trailingBytes),
            ("\"a\u{01}\"", 3, .controlCharacter(1)), ("\"123456789\n\"", 11, .controlCharacter(10)),
            ("\"\\x\"", 2, .badEscape), ("\"\\u12G4\"", 2, .badEscape), ("\"\\u12", nil, nil), ("\"\\", nil, nil),
            ("\"abc", nil, nil), ("", nil, nil), ("  ", nil, nil), ("[", nil, nil), ("{\"a\":", nil, nil),
        ] as [(String, Int?, JSONProblem?)])
    func refuses(_ text: String, _ column: Int?, _ problem: JSONProblem?) {
        let expected: JSONError =
            if let column, let problem {
                .malformed(at: column - 1, problem)
            } else {
                .cutOff(at: text.utf8.count)
            }
        #expect(scanError(text) == expected)
    }

    @Test(
        "bytes that are not UTF-8 are refused",
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3, 0x28], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xE2, 0x82, 0x22],
        ] as [[UInt8]])
    func refusesInvalidUTF8(_ bytes: [UInt8]) {
        for padding in 0..<10 {
            let text = Array("\"".utf8) + Array(repeating: 0x61, count: padding) + bytes + Array("\"]]]]".utf8)
            #expect(
                scanError(text) == .malformed(at: padding + 1, .invalidUTF8), "\(padding)")
        }
    }

    @Test("nesting is allowed up to the limit and not beyond")
    func limitsNesting() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(scanError(nested(512)) == nil)
        #expect(scanError(nested(513)) == .malformed(at: 512, .tooDeep(limit: 512)))
        let hostile = String(repeating: "{\"a\":[", count: 1 << 20)
        #expect(scanError(hostile) == .malformed(at: 6 * 256, .tooDeep(limit: 512)))
    }

    @Test("a value's range is exactly its bytes, without the white space around it")
    func givesExactRanges() throws {
        for value in ["{ \"a\" : [ 1 , 2 ] }", "-1.5e7", "\"x \\\" y\"", "null", "[ ]", "false"] {
            let text = Array(" \t\(value) \r\n".utf8)
            var scanner = JSONScanner(text.span.bytes)
            let range = try scanner.skipValue()
            try scanner.finish()
            #expect(String(decoding: text[range], as: UTF8.self) == value)
        }
    }

    @Test(
        "escapes decode to the characters they stand for",
        arguments: [
            ("plain", "plain"), ("\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\u{08}\u{0C}\n\r\t"),
            ("\\u0041\\u00e9\\u6C34", "Aé水"),
            ("\\uD83D\\uDE00!", "😀!"), ("é\\u0000é", "é\u{0}é"), ("", ""),
        ])
    func decodesEscapes(_ escaped: String, _ expected: String) throws {
        let text = Array("\"\(escaped)\"".utf8)
        var scanner = JSONScanner(text.span.bytes)
        let string = try scanner.string("text")
        #expect(try scanner.text(string) == expected)
        #expect(string.isEscaped == escaped.contains("\\"))
    }

    @Test(
        "half a surrogate pair cannot be decoded",
        arguments: ["\\uD800", "\\uDC00", "\\uD83Dx", "\\uD83D\\n", "\\uD83D\\uD83D", "\\uDE00\\uD83D"])
    func refusesLoneSurrogates(_ escaped: String) {
        let text = Array("\"\(escaped)\"".utf8)
        var scanner = JSONScanner(text.span.bytes)
        do {
            let string = try scanner.string("text")
            _ = try scanner.text(string)
            Issue.record("decoded")
        } catch {
            #expect(error == .malformed(at: 1, .loneSurrogate))
        }
    }

    @Test(
        "integers are read exactly or refused",
        arguments: [
            ("0", 0), ("-0", 0), ("9223372036854775807", .max), ("-9223372036854775808", .min), ("42", 42),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("99999999999999999999999", nil),
            ("1.0", nil), ("1e3", nil), ("\"1\"", nil), ("null", nil), ("01", nil), ("[1]", nil),
        ] as [(String, Int64?)])
    func readsIntegers(_ text: String, _ expected: Int64?) {
        let bytes = Array(text.utf8)
        var scanner = JSONScanner(bytes.span.bytes)
        do {
            let value = try scanner.integer("number", in: .min ... .max)
            #expect(value == expected)
        } catch {
            #expect(expected == nil, "\(error)")
        }
    }

    private func scanError(_ text: String) -> JSONError? { scanError(Array(text.utf8)) }

    private func scanError(_ text: [UInt8]) -> JSONError? {
        var scanner = JSONScanner(text.span.bytes)
        do {
            _ = try scanner.skipValue()
            try scanner.finish()
            return nil
        } catch {
            return error
        }
    }
}
