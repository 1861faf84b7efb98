import Ashlar
import AshlarFormat
import AshlarJSON

/// A digest over the fields of a row, the same from the log and from the target.
///
/// Rows are summed up, so the order in which a database gives them does not matter.
struct RowDigest {
    private(set) var value: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func add(_ word: UInt64) {
        let (high, low) = (value ^ word).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        value = (high ^ low) &+ 0x2545_F491_4F6C_DD1D
    }

    mutating func add(_ value: Int64?) {
        add(value == nil ? 1 : 2 as UInt64)
        if let value { add(UInt64(bitPattern: value)) }
    }

    mutating func add(_ bytes: borrowing RawSpan) {
        add(UInt64(bytes.byteCount))
        var offset = 0
        while offset + 8 <= bytes.byteCount {
            add(bytes.u64(offset))
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < bytes.byteCount {
            rest = rest << 8 | UInt64(bytes.u8(offset))
            offset += 1
        }
        add(rest)
    }

    mutating func add(_ bytes: [UInt8]?) {
        guard let bytes else { return add(0 as UInt64) }
        add(bytes.span.bytes)
    }

    /// JSON by value where the database keeps no text, else byte by byte.
    mutating func add(json text: borrowing RawSpan, _ dialect: SQLDialect) {
        if dialect == .postgres, let digest = canonicalDigest(json: text) { return add(digest) }
        add(text)
    }
}

extension RowDigest {
    /// A value as a column of a type has it; of rows on their way into a target, or out of it.
    mutating func add(_ value: SQLValue, _ type: ColumnType, _ dialect: SQLDialect) {
        switch value {
        case .null: add(0 as UInt64)
        case .integer(let integer): add(type == .timestamp ? dialect.stored(time: integer) : integer as Int64?)
        case .real(let real): add(real.bitPattern)
        case .bytes(let bytes): add(bytes)
        case .text(let text):
            let bytes = Array(text.utf8)
            if type == .json { add(json: bytes.span.bytes, dialect) } else { add(bytes) }
        }
    }
}

/// What the rows of some heights add up to.
struct RangeSum: Sendable, Hashable {
    var rows: UInt64 = 0
    var sum: UInt64 = 0

    mutating func add(_ digest: UInt64) {
        rows += 1
        sum &+= digest
    }
}
