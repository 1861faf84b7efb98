import AshlarExport
import AshlarTestSupport
import Foundation
import Testing

@Suite("Numbers and times of typed columns") struct MapValueTests {
    private static let largest = "115792089237316195423570985008687907853269984665640564039457584007913129639935"

    private static func one(_ value: String, _ type: String, _ dialect: SQLDialect = .postgres) throws -> SQLValue? {
        try MapTableTests.values("{\"v\":\(value)}", "\"path\":\"$.v\",\"type\":\(type)", dialect: dialect)?[0]
    }

    @Test(
        "integers of 78 digits are exact, the rest does not fit",
        arguments: [
            ("0", "0"), ("-0", "0"), ("\"000\"", "0"), ("\"-00\"", "0"), ("9007199254740993", "9007199254740993"),
            ("\"\(largest)\"", largest), ("-\(largest)", "-\(largest)"), ("\"0042\"", "42"), ("\"-0042\"", "-42"),
            (String(repeating: "9", count: 78), String(repeating: "9", count: 78)),
            ("\"" + String(repeating: "0", count: 500) + "1\"", "1"), (String(repeating: "9", count: 79), nil),
            ("1.5", nil),
            ("1e3", nil), ("\"0x10\"", nil), ("\"\"", nil), ("\"-\"", nil), ("\"--1\"", nil), ("true", nil),
            ("[]", nil), ("\"1 \"", nil),
        ] as [(String, String?)])
    func readsNumerics(_ value: String, _ expected: String?) throws {
        #expect(try Self.one(value, "\"numeric\"") == expected.map { .text($0) })
        let stored = try Self.one(value, "\"numeric\"", .sqlite)
        #expect(stored?.text.map(NumericText.plain) == expected)
    }

    @Test("the text that SQLite gets sorts as the numbers do, and those from 0 on can be read as they are")
    func sortsNumerics() throws {
        let ascending = [
            "-\(Self.largest)", "-1000", "-101", "-100", "-20", "-9", "-1", "0", "1", "9", "10", "99", "100",
            Self.largest,
        ]
        let stored = try ascending.map { try #require(try Self.one($0, "\"numeric\"", .sqlite)?.text) }
        #expect(stored == stored.shuffled().sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
        #expect(stored[10] == String(repeating: "0", count: 76) + "10")
        #expect(stored.allSatisfy { $0.utf8.count == ($0.hasPrefix("-") ? 79 : 78) })
        #expect(NumericText.plain("12") == "12" && NumericText.plain("-12") == "-12")
    }

    @Test(
        "times come from integers and from RFC 3339",
        arguments: [
            ("1689269891", "\"timestamp\"", 1_689_269_891_000_000), ("\"-1\"", "\"timestamp\"", -1_000_000),
            ("1689269891123", "\"timestamp\",\"unit\":\"milliseconds\"", 1_689_269_891_123_000),
            ("1689269891123456", "\"timestamp\",\"unit\":\"microseconds\"", 1_689_269_891_123_456),
            ("\"2023-07-13T17:38:11Z\"", "\"timestamp\"", 1_689_269_891_000_000),
            ("\"2023-07-13t19:38:11.5+02:00\"", "\"timestamp\"", 1_689_269_891_500_000),
            ("\"2023-07-13 12:08:11.123456789-05:30\"", "\"timestamp\"", 1_689_269_891_123_456),
            ("\"1970-01-01T00:00:00Z\"", "\"timestamp\"", 0),
            ("\"0001-01-01T00:00:00Z\"", "\"timestamp\"", -62_135_596_800_000_000),
            ("\"9999-12-31T23:59:59.999999Z\"", "\"timestamp\"", 253_402_300_799_999_999),
            ("\"2016-12-31T23:59:60Z\"", "\"timestamp\"", 1_483_228_800_000_000),
            ("\"2024-02-29T00:00:00Z\"", "\"timestamp\"", 1_709_164_800_000_000),
            ("\"2023-02-29T00:00:00Z\"", "\"timestamp\"", nil),
            ("\"1900-02-29T00:00:00Z\"", "\"timestamp\"", nil), ("\"2023-13-01T00:00:00Z\"", "\"timestamp\"", nil),
            ("\"2023-00-01T00:00:00Z\"", "\"timestamp\"", nil), ("\"2023-01-00T00:00:00Z\"", "\"timestamp\"", nil),
            ("\"2023-01-01T24:00:00Z\"", "\"timestamp\"", nil), ("\"2023-01-01T00:00:00\"", "\"timestamp\"", nil),
            ("\"2023-01-01T00:00:00.Z\"", "\"timestamp\"", nil), ("\"2023-01-01\"", "\"timestamp\"", nil),
            ("\"2023-01-01T00:00:00Zx\"", "\"timestamp\"", nil), ("\"\"", "\"timestamp\"", nil),
            ("1.5", "\"timestamp\"", nil),
            ("9223372036854775807", "\"timestamp\"", nil), ("-210866803201", "\"timestamp\"", nil),
            ("true", "\"timestamp\"", nil),
            ("-210866803200", "\"timestamp\"", -210_866_803_200_000_000),
        ] as [(String, String, Int64?)])
    func readsTimes(_ value: String, _ type: String, _ expected: Int64?) throws {
        #expect(try Self.one(value, type) == expected.map { .integer($0) })
    }

    /// Foundation goes over to the Julian calendar before 1582; RFC 3339 and SQL do not.
    @Test("dates are those of Foundation's calendar")
    func agreesWithFoundation() throws {
        let formatter = ISO8601DateFormatter()
        var random = SplitMix64(seed: 5)
        for _ in 0..<500 {
            let seconds = Int64(random.below(260_000_000_000)) - 12_000_000_000
            let text = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            #expect(try Self.one("\"\(text)\"", "\"timestamp\"") == .integer(seconds * 1_000_000), "\(text)")
        }
    }
}
