/// How an exact integer of up to 78 digits (256 bits need as many) stands in a column of numerics.
///
/// PostgreSQL has a type for it and gets plain digits. SQLite has none: its `NUMERIC` makes floating-point numbers of what 64
/// bits do not hold, and its text sorts by characters. So a text is written there that sorts as the numbers do:
///
/// - 0 and above: exactly 78 digits, with as many zeros in front as that needs. `CAST(value AS REAL)` and `sum(value)` take it
///   as it is (to the 15 digits that they have), and `ltrim(value, '0')` shows it (a zero as nothing).
/// - below 0: `-`, which sorts before digits, and the 78 digits of the absolute value, each taken from 9, so that −2 comes
///   before −1. `plain` reads it; chains hardly have such values.
///
/// Rejected: plain digits, which sort 10 before 9 unless each query orders by length first; a number of digits in front of
/// them, shorter, but read by no function of SQLite; a second column, which somebody forgets to sort by.
package enum NumericText {
    /// Digits that a numeric has at most.
    package static let digits = 78

    /// Replaces `output` by the text of a number, unless it has too many digits. `number` is digits, perhaps with a minus.
    static func write(_ number: borrowing RawSpan, for dialect: SQLDialect, to output: inout [UInt8]) -> Bool {
        output.removeAll(keepingCapacity: true)
        var start = 0
        let isMinus = number.byteCount > 0 && byte(number, 0) == UInt8(ascii: "-")
        if isMinus { start = 1 }
        guard start < number.byteCount else { return false }
        for offset in start..<number.byteCount where byte(number, offset) &- UInt8(ascii: "0") > 9 { return false }
        while start < number.byteCount - 1, byte(number, start) == UInt8(ascii: "0") { start += 1 }
        let count = number.byteCount - start
        guard count <= digits else { return false }
        let isNegative = isMinus && !(count == 1 && byte(number, start) == UInt8(ascii: "0"))
        if isNegative { output.append(UInt8(ascii: "-")) }
        let isTurned = isNegative && dialect == .sqlite
        if dialect == .sqlite {
            output.append(contentsOf: repeatElement(UInt8(ascii: isTurned ? "9" : "0"), count: digits - count))
        }
        for offset in start..<number.byteCount {
            let digit = byte(number, offset)
            output.append(isTurned ? UInt8(ascii: "0") + UInt8(ascii: "9") - digit : digit)
        }
        return true
    }

    /// The plain digits of a number as either database gives it.
    package static func plain(_ text: String) -> String {
        let isTurned = text.utf8.count == digits + 1 && text.utf8.first == UInt8(ascii: "-")
        guard isTurned || text.utf8.count == digits else { return text }
        let plain =
            isTurned ? text.utf8.dropFirst().map { UInt8(ascii: "0") &+ UInt8(ascii: "9") &- $0 } : Array(text.utf8)
        let significant = plain.drop { $0 == UInt8(ascii: "0") }
        return (isTurned ? "-" : "") + (significant.isEmpty ? "0" : String(decoding: significant, as: UTF8.self))
    }

    private static func byte(_ number: borrowing RawSpan, _ offset: Int) -> UInt8 {
        number.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }
}
