import AshlarExport

/// Rows in the binary format of COPY.
///
/// What costs time here is one look at each cell and one copy of its bytes; nothing is allocated per row.
struct CopyEncoder: ~Copyable {
    /// What is encoded and not sent yet.
    var buffer: CopyBuffer
    private let types: [ColumnType]

    /// The first instant of a `timestamptz`, in microseconds since 2000; the last lies beyond 64 bits since 1970.
    private static let firstInstant: Int64 = -211_813_488_000_000_000
    /// From 1970 to 2000.
    private static let epoch: Int64 = 946_684_800_000_000

    /// Encodes rows of columns of these types.
    init(types: [ColumnType], capacity: Int) {
        self.types = types
        buffer = CopyBuffer(capacity: capacity)
    }

    /// Begins: signature, no flags, no extension.
    mutating func appendHeader() {
        let signature: [UInt8] = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00]
        buffer.reserve(32)
        signature.withUnsafeBytes { buffer.put($0) }
        buffer.put(Int32(0))
        buffer.put(Int32(0))
    }

    /// Ends.
    mutating func appendTrailer() {
        buffer.reserve(2)
        buffer.put(Int16(-1))
    }

    /// Appends one row; `content` is what its cells' ranges lie in.
    @inline(__always)
    mutating func append(
        _ cells: Slice<UnsafeBufferPointer<RowBuffer.Cell>>, _ content: UnsafeRawBufferPointer
    ) throws(SQLFailure) {
        buffer.reserve(2)
        buffer.put(Int16(truncatingIfNeeded: types.count))
        var column = 0
        for cell in cells {
            switch cell.kind {
            case .null:
                buffer.reserve(4)
                buffer.put(Int32(-1))
            case .integer: try append(cell.value, column: column)
            case .text, .bytes:
                let range = Int(cell.value)..<Int(cell.value) + Int(cell.length)
                try append(UnsafeRawBufferPointer(rebasing: content[range]), cell.kind, column: column)
            }
            column += 1
        }
    }

    @inline(__always)
    private mutating func append(_ value: Int64, column: Int) throws(SQLFailure) {
        switch types[column] {
        case .integer:
            buffer.reserve(12)
            buffer.put(Int32(8))
            buffer.put(value)
        case .timestamp:
            buffer.reserve(12)
            buffer.put(Int32(8))
            buffer.put(Self.instant(value))
        case .numeric:
            var digits = String(value)
            let isWritten = digits.withUTF8 { buffer.putNumeric(UnsafeRawBufferPointer($0)) }
            precondition(isWritten)
        case .integer32:
            guard let value = Int32(exactly: value) else { throw misfit(column, "an integer beyond 32 bits") }
            buffer.reserve(8)
            buffer.put(Int32(4))
            buffer.put(value)
        case .boolean:
            buffer.reserve(5)
            buffer.put(Int32(1))
            buffer.put(UInt8(value == 0 ? 0 : 1))
        case .text, .bytes, .json: throw misfit(column, "an integer")
        }
    }

    @inline(__always)
    private mutating func append(
        _ bytes: UnsafeRawBufferPointer, _ kind: RowBuffer.Kind, column: Int
    ) throws(SQLFailure) {
        guard bytes.count < Int32.max else { throw misfit(column, "more than 2 GB") }
        switch (types[column], kind) {
        case (.text, .text), (.bytes, .bytes):
            buffer.reserve(4 + bytes.count)
            buffer.put(Int32(truncatingIfNeeded: bytes.count))
            buffer.put(bytes)
        case (.json, .text):
            buffer.reserve(5 + bytes.count)
            buffer.put(Int32(truncatingIfNeeded: bytes.count + 1))
            buffer.put(UInt8(1))  // version of jsonb's binary form, which is its text
            buffer.put(bytes)
        case (.numeric, .text):
            guard buffer.putNumeric(bytes) else { throw misfit(column, "no whole number of at most 78 digits") }
        default: throw misfit(column, kind == .text ? "a text" : "bytes")
        }
    }

    /// Microseconds since 1970 as those since 2000; what PostgreSQL's calendar does not reach, and the outermost integers, become infinities.
    @inline(__always)
    private static func instant(_ microseconds: Int64) -> Int64 {
        if microseconds < firstInstant + epoch { return .min }
        return microseconds == .max ? .max : microseconds - epoch
    }

    private func misfit(_ column: Int, _ what: String) -> SQLFailure {
        .unfit("\(what) does not fit column \(column + 1), which is of type \(types[column])")
    }
}

extension CopyBuffer {
    /// Appends the field of a `numeric` from decimal text, at most 78 digits after a sign; false, with nothing appended, if it is none.
    ///
    /// A `numeric` is a row of base-10000 digits, the first standing for 10000 to the power of `weight`.
    mutating func putNumeric(_ text: UnsafeRawBufferPointer) -> Bool {
        let isNegative = text.first == UInt8(ascii: "-")
        let unsigned = text.dropFirst(isNegative ? 1 : 0)
        guard !unsigned.isEmpty, unsigned.allSatisfy({ (48...57).contains($0) }) else { return false }
        let digits = unsigned.drop { $0 == 48 }
        guard digits.count <= 78 else { return false }
        let groups = (digits.count + 3) / 4
        reserve(12 + 2 * groups)
        put(Int32(8 + 2 * groups))
        put(Int16(groups))
        put(Int16(max(groups - 1, 0)))
        put(UInt16(isNegative && groups > 0 ? 0x4000 : 0))
        put(Int16(0))  // digits after the point
        var group: Int16 = 0
        var left = digits.count
        for digit in digits {
            group = group * 10 + Int16(digit - 48)
            left -= 1
            if left % 4 == 0 {
                put(group)
                group = 0
            }
        }
        return true
    }
}
