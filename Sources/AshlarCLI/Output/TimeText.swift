package import Ashlar

/// Times as text: ISO 8601 in UTC for people, and what people and programs may give.
package enum TimeText {
    private static let second: Int64 = 1_000_000
    private static let day: Int64 = 86_400 * second

    /// A time such as `2009-01-03T18:15:05Z`, with a fraction only if there is one.
    package static func format(_ time: Timestamp) -> String {
        var (days, rest) = time.microseconds.quotientAndRemainder(dividingBy: day)
        if rest < 0 { (days, rest) = (days - 1, rest + day) }
        let (year, month, dayOfMonth) = civil(days: days)
        let clock = [rest / (3_600 * second), rest / (60 * second) % 60, rest / second % 60]
        var text = "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfMonth, 2))T"
        text += clock.map { padded($0, 2) }.joined(separator: ":")
        let fraction = rest % second
        if fraction != 0 {
            var digits = padded(fraction, 6)
            while digits.last == "0" { digits.removeLast() }
            text += "." + digits
        }
        return text + "Z"
    }

    /// The times a text covers: a microsecond for an integer, the whole day for a date, the whole second for a time of day.
    ///
    /// `2009-01-03`, `2009-01-03T18:15`, `2009-01-03T18:15:05.123456`, each with `Z`, an offset such as `+02:00`, or nothing for UTC.
    package static func parse(_ text: Substring) -> ClosedRange<Timestamp>? {
        if let microseconds = Int64(text) {
            return Timestamp(microseconds: microseconds)...Timestamp(microseconds: microseconds)
        }
        var rest = text[...]
        guard let days = parseDate(&rest) else { return nil }
        var (start, unit) = (days * day, day)
        if let separator = rest.first {
            guard separator == "T" || separator == " " || separator == "t" else { return nil }
            rest.removeFirst()
            guard let (time, precision) = parseClock(&rest), let offset = parseOffset(rest) else { return nil }
            (start, unit) = (start + time - offset, precision)
        }
        return Timestamp(microseconds: start)...Timestamp(microseconds: start + unit - 1)
    }

    private static func parseDate(_ rest: inout Substring) -> Int64? {
        guard let year = number(&rest, digits: 4), take("-", &rest), let month = number(&rest, digits: 2),
            take("-", &rest), let dayOfMonth = number(&rest, digits: 2), (1...12).contains(month), dayOfMonth >= 1
        else { return nil }
        let result = days(year: year, month: month, day: dayOfMonth)
        // What is beyond the month's end would count into the next one.
        return civil(days: result) == (year, month, dayOfMonth) ? result : nil
    }

    private static func parseClock(_ rest: inout Substring) -> (time: Int64, precision: Int64)? {
        guard let hour = number(&rest, digits: 2), hour < 24, take(":", &rest), let minute = number(&rest, digits: 2),
            minute < 60
        else { return nil }
        var time = (hour * 3_600 + minute * 60) * second
        guard take(":", &rest) else { return (time, 60 * second) }
        guard let seconds = number(&rest, digits: 2), seconds < 60 else { return nil }
        time += seconds * second
        guard take(".", &rest) else { return (time, second) }
        var unit = second
        while let digit = rest.first.flatMap({ $0.isASCII ? $0.wholeNumberValue : nil }) {
            guard unit > 1 else { return nil }
            unit /= 10
            time += Int64(digit) * unit
            rest.removeFirst()
        }
        return unit < second ? (time, unit) : nil
    }

    private static func parseOffset(_ text: Substring) -> Int64? {
        var rest = text
        if rest.isEmpty || rest == "Z" || rest == "z" { return 0 }
        guard let sign = rest.popFirst(), sign == "+" || sign == "-", let hours = number(&rest, digits: 2), hours < 24
        else { return nil }
        _ = take(":", &rest)
        guard let minutes = number(&rest, digits: 2), minutes < 60, rest.isEmpty else { return nil }
        return (sign == "-" ? -1 : 1) * (hours * 3_600 + minutes * 60) * second
    }

    private static func take(_ character: Character, _ rest: inout Substring) -> Bool {
        guard rest.first == character else { return false }
        rest.removeFirst()
        return true
    }

    private static func number(_ rest: inout Substring, digits: Int) -> Int64? {
        let text = rest.prefix(digits)
        guard text.utf8.count == digits, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        rest.removeFirst(digits)
        return Int64(text)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value.magnitude)
        return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Days since 1970 of a date in the Gregorian calendar (Hinnant, `days_from_civil`).
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The date of a number of days since 1970 (Hinnant, `civil_from_days`).
    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9)
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
