import AshlarExport
import CAshlarPQ

/// PostgreSQL's own numbers of the types that are told apart.
enum TypeID {
    static let bool: Oid = 16
    static let bytea: Oid = 17
    static let int8: Oid = 20
    static let int2: Oid = 21
    static let int4: Oid = 23
    static let oid: Oid = 26
    static let float4: Oid = 700
    static let float8: Oid = 701
    static let timestamptz: Oid = 1184
}

/// Values from the text form of results, which, unlike the binary one, every type has.
///
/// The forms are those of the settings that a session begins with: bytes in hexadecimal, times in ISO order and in UTC.
enum ResultText {
    /// The value in one column of a result's first row.
    static func value(_ result: OpaquePointer, column: Int32, type: Oid) -> SQLValue {
        guard PQgetisnull(result, 0, column) == 0, let start = PQgetvalue(result, 0, column) else { return .null }
        let text = UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, 0, column)))
        switch type {
        case TypeID.int2, TypeID.int4, TypeID.int8, TypeID.oid:
            if let value = Int64(string(text)) { return .integer(value) }
        case TypeID.bool: return .integer(text.first == UInt8(ascii: "t") ? 1 : 0)
        case TypeID.bytea:
            if let value = bytes(text) { return .bytes(value) }
        case TypeID.float4, TypeID.float8:
            if let value = Double(string(text)) { return .real(value) }
        case TypeID.timestamptz:
            if let value = timestamp(text) { return .integer(value) }
        default: break
        }
        return .text(string(text))
    }

    private static func string(_ text: UnsafeRawBufferPointer) -> String { String(decoding: text, as: UTF8.self) }

    /// Bytes from `\x0aff`.
    static func bytes(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard text.count % 2 == 0, text.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "x")]) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2 - 1)
        for place in stride(from: 2, to: text.count, by: 2) {
            guard let high = digit(text[place]), let low = digit(text[place + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// Microseconds since 1970 from `2009-01-03 18:15:05.5+00` or `4713-11-24 00:00:00+00 BC`; the infinities are the outermost integers.
    static func timestamp(_ text: UnsafeRawBufferPointer) -> Int64? {
        if text.elementsEqual("infinity".utf8) { return .max }
        if text.elementsEqual("-infinity".utf8) { return .min }
        var fields: [Int64] = []
        var place = 0
        while fields.count < 6, place < text.count {
            var field: Int64 = 0
            while place < text.count, (48...57).contains(text[place]) {
                field = field * 10 + Int64(text[place] - 48)
                place += 1
                // No field has as many digits; what follows cannot overflow.
                guard field < 1_000_000 else { return nil }
            }
            fields.append(field)
            if fields.count < 6 { place += 1 }
        }
        guard fields.count == 6 else { return nil }
        var fraction: Int64 = 0
        if place < text.count, text[place] == UInt8(ascii: ".") {
            var unit: Int64 = 100_000
            for digit in text[(place + 1)...].prefix(while: { (48...57).contains($0) }) {
                fraction += Int64(digit - 48) * unit
                unit /= 10
            }
        }
        // There is no year 0: 1 BC comes before 1.
        let year = text.suffix(2).elementsEqual("BC".utf8) ? 1 - fields[0] : fields[0]
        let days = days(year: year, month: fields[1], day: fields[2])
        let seconds = days * 86_400 + fields[3] * 3600 + fields[4] * 60 + fields[5]
        let (whole, isFar) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, isFarther) = whole.addingReportingOverflow(fraction)
        return isFar || isFarther ? (seconds < 0 ? .min : .max) : sum
    }

    /// Days since 1970-01-01 in the Gregorian calendar, the year beginning in March so that leap days come last.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
