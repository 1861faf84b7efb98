import Ashlar
import AshlarCLI
import Foundation
import Testing

@Suite("Output")
struct OutputTests {
    /// What `body` writes, by way of a file.
    private func written(_ body: (inout Output) -> Void) throws -> String {
        let directory = TemporaryDirectory()
        let file = directory.file("out", [])
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
        do {
            var output = Output(descriptor: handle.fileDescriptor)
            body(&output)
        }
        try handle.close()
        return String(decoding: contents(of: file), as: UTF8.self)
    }

    @Test("integers are written in full, the smallest and the largest too")
    func integers() throws {
        let text = try written { output in
            for value in [0, -1, 9, 10, -100, Int64.min, Int64.max] {
                output.write(value)
                output.write(" ")
            }
            output.write(UInt64.max)
        }
        #expect(text == "0 -1 9 10 -100 -9223372036854775808 9223372036854775807 18446744073709551615")
    }

    @Test(
        "a string becomes JSON that gives it back",
        arguments: ["", "plain", "\"\\\n\r\t\u{0}\u{1f}\u{7f}", "é🧱\u{2028}"])
    func strings(text: String) throws {
        let quoted = JSONText.quoted(text.utf8)
        let back = try JSONSerialization.jsonObject(with: Data(quoted), options: .fragmentsAllowed) as? String
        #expect(back == text)
        #expect(quoted.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
    }

    @Test("base64 is that of everyone else", arguments: 0..<40)
    func base64(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + 200) }
        #expect(String(decoding: Base64.encode(bytes), as: UTF8.self) == Data(bytes).base64EncodedString())
    }

    @Test("what is beyond the buffer arrives whole and in order")
    func large() throws {
        let text = try written { output in
            for value in 0..<50_000 { output.write(value) }
            output.write([UInt8](repeating: 0x61, count: 200_000))
        }
        #expect(text == (0..<50_000).map { "\($0)" }.joined() + String(repeating: "a", count: 200_000))
    }

    @Test("a table's columns are as wide as their first rows; control characters are replaced")
    func table() throws {
        let text = try written { output in
            var table = TextTable([.text("name"), .number("count")], sampleSize: 2)
            table.add(["a", "1"], to: &output)
            table.add(["b\u{1B}[31m", "200"], to: &output)
            table.add(["a name that is longer", "3"], to: &output)
            table.finish(&output)
        }
        #expect(text == "name    count\na           1\nb\u{FFFD}[31m    200\na name that is longer      3\n")
    }

    @Test("times go to text and back")
    func times() {
        let known: [(Int64, String)] = [
            (0, "1970-01-01T00:00:00Z"), (1_231_006_505_000_000, "2009-01-03T18:15:05Z"),
            (-1, "1969-12-31T23:59:59.999999Z"), (951_782_400_500_000, "2000-02-29T00:00:00.5Z"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00Z"),
        ]
        for (microseconds, text) in known {
            #expect(TimeText.format(Timestamp(microseconds: microseconds)) == text)
            #expect(TimeText.parse(text[...])?.lowerBound.microseconds == microseconds)
        }
        #expect(TimeText.format(Timestamp(microseconds: .max)) == "294247-01-10T04:00:54.775807Z")
        #expect(TimeText.format(Timestamp(microseconds: .min)) == "-290308-12-21T19:59:05.224192Z")
    }

    @Test("a time covers what it names")
    func precision() {
        let day: Int64 = 86_400_000_000
        let known: [(String, ClosedRange<Int64>)] = [
            ("1970-01-02", day...2 * day - 1), ("1970-01-01T00:01", 60_000_000...119_999_999),
            ("1970-01-01T00:00:01", 1_000_000...1_999_999), ("1970-01-01 00:00:01.25Z", 1_250_000...1_259_999),
            ("1970-01-01T02:00+02:00", 0...59_999_999), ("1969-12-31T23:00:00-0100", 0...999_999), ("-17", -17...(-17)),
        ]
        for (text, range) in known {
            let found = TimeText.parse(text[...])
            #expect(found.map { $0.lowerBound.microseconds...$0.upperBound.microseconds } == range, "\(text)")
        }
        for text in [
            "", "1970", "x", "1970-13-01", "1970-02-29", "1970-01-01T24:00", "1970-01-01T00:00:00.",
            "1970-01-01T00:00Zx",
            "1970-01-01T1:00", "1970-01-01T00:00:00.1234567", "1970-01-01x",
        ] where Int64(text) == nil {
            #expect(TimeText.parse(text[...]) == nil, "\(text)")
        }
    }

    @Test("ranges have both ends, one, or are a single value; others are refused")
    func ranges() throws {
        #expect(try RangeArgument.heights("3..5") == 3...5)
        #expect(try RangeArgument.heights("3...5") == 3...5)
        #expect(try RangeArgument.heights("7") == 7...7)
        #expect(try RangeArgument.heights("7..") == 7...(.max - 1))
        #expect(try RangeArgument.numbers("..7") == 0...7)
        #expect(try RangeArgument.numbers("1..18446744073709551615") == 1...(.max))
        #expect(try RangeArgument.times("1970-01-01T00:00:00.5..5000000").lowerBound.microseconds == 500_000)
        for text in ["", "..", "5..3", "-1..3", "a..b", "1-3", "1..2..3", "9223372036854775807"] {
            #expect(throws: (any Error).self, "\(text)") { _ = try RangeArgument.heights(text) }
        }
    }
}
