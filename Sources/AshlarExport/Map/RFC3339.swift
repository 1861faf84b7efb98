/// Reads times as RFC 3339 writes them.
enum RFC3339 {
    /// Microseconds since 1970 UTC; nil if the text is no such time. What is finer than a microsecond is cut off; a leap second
    /// counts as the first of the next minute.
    static func microseconds(_ text: borrowing RawSpan) -> Int64? {
        var cursor = Cursor(text: copy text)
        guard let year = cursor.digits(4), cursor.take("-"), let month = cursor.digits(2), cursor.take("-"),
            let day = cursor.digits(2), cursor.take("T") || cursor.take("t") || cursor.take(" "),
            let hour = cursor.digits(2), cursor.take(":"), let minute = cursor.digits(2), cursor.take(":"),
            let second = cursor.digits(2), hour < 24, minute < 60, second <= 60, year > 0,
            let days = days(year, month, day), let fraction = cursor.fraction(), let zone = cursor.zone(),
            cursor.isAtEnd
        else { return nil }
        return ((days * 24 + hour) * 60 + minute - zone) * 60_000_000 + second * 1_000_000 + fraction
    }

    /// Days from 1970-01-01 to a date of the Gregorian calendar; nil if there is no such date.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64? {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard 1...12 ~= month, day >= 1, day <= lengths[Int(month) - 1] else { return nil }
        let before = year - 1
        let inYear = lengths[..<Int(month - 1)].reduce(0, +)
        return before * 365 + before / 4 - before / 100 + before / 400 + inYear + day - 719_163
    }
}

/// A place in a text.
private struct Cursor: ~Escapable {
    let text: RawSpan
    var offset = 0

    @_lifetime(copy text)
    init(text: RawSpan) { self.text = text }

    var isAtEnd: Bool { offset == text.byteCount }

    private var next: UInt8? {
        offset < text.byteCount ? text.unsafeLoad(fromByteOffset: offset, as: UInt8.self) : nil
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    mutating func digit() -> Int64? {
        guard let next, next &- UInt8(ascii: "0") < 10 else { return nil }
        offset += 1
        return Int64(next - UInt8(ascii: "0"))
    }

    mutating func digits(_ count: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<count {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// Microseconds behind a point; 0 without one.
    mutating func fraction() -> Int64? {
        guard take(".") else { return 0 }
        guard var value = digit() else { return nil }
        var count = 1
        while let digit = digit() {
            if count < 6 { value = value * 10 + digit }
            count += 1
        }
        for _ in min(count, 6)..<6 { value *= 10 }
        return value
    }

    /// Minutes east of UTC.
    mutating func zone() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let isWest = take("-")
        guard isWest || take("+"), let hours = digits(2), take(":"), let minutes = digits(2), hours < 24, minutes < 60
        else { return nil }
        return (isWest ? -1 : 1) * (hours * 60 + minutes)
    }
}
