import AshlarJSON

/// Turns values from payloads into cells of typed columns.
struct ColumnValue {
    /// What a value is in its payload.
    enum Form {
        /// A string, whose content is given.
        case string
        /// A number as it is written.
        case number
        /// `true` or `false`.
        case flag
        /// An object or array.
        case container
    }

    /// Longer values do not fit into an index of PostgreSQL, which would end the export.
    static let maximumIndexedBytes = 2_000
    /// The first time that PostgreSQL has, 4713 BC, in microseconds since 1970.
    static let firstTime: Int64 = -210_866_803_200_000_000

    private let dialect: SQLDialect
    private var classifier: PayloadClassifier
    private var scratch: [UInt8] = []

    /// For one kind of database.
    init(_ dialect: SQLDialect) {
        self.dialect = dialect
        classifier = PayloadClassifier(dialect)
    }

    /// Appends the value that stands in a range of a payload that was walked; false, and nothing appended, if it does not fit.
    mutating func append(
        _ range: Range<Int>, of payload: RawSpan, as column: MappedColumn, to rows: inout RowBuffer
    ) -> Bool {
        let whole = payload.extracting(range)
        if column.kind == .json {
            guard classifier.isJSON(whole) else { return false }
            rows.append(.text, whole)
            return true
        }
        switch whole.unsafeLoad(fromByteOffset: 0, as: UInt8.self) {
        case UInt8(ascii: "\""):
            let content = range.lowerBound + 1..<range.upperBound - 1
            guard containsBackslash(payload.extracting(content)) else {
                return append(payload.extracting(content), .string, as: column, to: &rows)
            }
            var decoded: [UInt8] = []
            let scanner = JSONScanner(payload)
            guard (try? scanner.decode(JSONString(range: content, isEscaped: true), into: &decoded)) != nil
            else { return false }
            return append(decoded.span.bytes, .string, as: column, to: &rows)
        case UInt8(ascii: "{"), UInt8(ascii: "["): return append(whole, .container, as: column, to: &rows)
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return append(whole, .flag, as: column, to: &rows)
        default: return append(whole, .number, as: column, to: &rows)
        }
    }

    /// Appends a value given by its content; false, and nothing appended, if it does not fit.
    mutating func append(
        _ content: RawSpan, _ form: Form, as column: MappedColumn, to rows: inout RowBuffer
    ) -> Bool {
        switch column.kind {
        case .json: return false
        case .text:
            guard form != .container, !containsZero(content), fitsIndex(content.byteCount, column) else { return false }
            rows.append(.text, content)
        case .bytes:
            guard form == .string, readHex(content), fitsIndex(scratch.count, column) else { return false }
            rows.append(.bytes, scratch.span.bytes)
        case .numeric:
            guard form == .string || form == .number, NumericText.write(content, for: dialect, to: &scratch)
            else { return false }
            rows.append(.text, scratch.span.bytes)
        case .bigint:
            guard form == .string || form == .number, let value = Self.integer(content) else { return false }
            rows.append(value)
        case .timestamp:
            guard form == .string || form == .number, let time = Self.time(content, column.unit) else { return false }
            rows.append(time)
        }
        return true
    }

    private func fitsIndex(_ count: Int, _ column: MappedColumn) -> Bool {
        !column.isIndexed || count <= Self.maximumIndexedBytes
    }

    /// Replaces `scratch` by the bytes of hex digits.
    private mutating func readHex(_ text: RawSpan) -> Bool {
        scratch.removeAll(keepingCapacity: true)
        guard text.byteCount.isMultiple(of: 2) else { return false }
        var offset = 0
        if text.byteCount >= 2, Self.byte(text, 0) == UInt8(ascii: "0"), Self.byte(text, 1) | 0x20 == UInt8(ascii: "x")
        {
            offset = 2
        }
        while offset < text.byteCount {
            guard let high = Self.hexDigit(Self.byte(text, offset)),
                let low = Self.hexDigit(Self.byte(text, offset + 1))
            else { return false }
            scratch.append(high << 4 | low)
            offset += 2
        }
        return true
    }

    /// The value of digits, perhaps with a minus; nil if they are none, or if 64 bits do not hold it.
    private static func integer(_ text: RawSpan) -> Int64? {
        let isNegative = text.byteCount > 0 && byte(text, 0) == UInt8(ascii: "-")
        let start = isNegative ? 1 : 0
        guard start < text.byteCount else { return nil }
        var value: Int64 = 0
        for offset in start..<text.byteCount {
            guard byte(text, offset) &- UInt8(ascii: "0") < 10 else { return nil }
            let digit = Int64(byte(text, offset) - UInt8(ascii: "0"))
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            // Digits are subtracted from negative numbers, because -2^63 has no positive counterpart.
            let (next, carry) =
                isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            guard !overflow, !carry else { return nil }
            value = next
        }
        return value
    }

    private static func time(_ text: RawSpan, _ unit: MappedColumn.Unit) -> Int64? {
        guard let value = integer(text) else { return RFC3339.microseconds(text) }
        let factor: Int64 =
            switch unit {
            case .seconds: 1_000_000
            case .milliseconds: 1_000
            case .microseconds: 1
            }
        let (time, overflow) = value.multipliedReportingOverflow(by: factor)
        return overflow || time < firstTime ? nil : time
    }

    private func containsBackslash(_ text: RawSpan) -> Bool { contains(UInt8(ascii: "\\"), text) }

    private func containsZero(_ text: RawSpan) -> Bool { contains(0, text) }

    private func contains(_ wanted: UInt8, _ text: RawSpan) -> Bool { text.withUnsafeBytes { $0.contains(wanted) } }

    @inline(__always)
    private static func byte(_ text: RawSpan, _ offset: Int) -> UInt8 {
        text.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    @inline(__always)
    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
