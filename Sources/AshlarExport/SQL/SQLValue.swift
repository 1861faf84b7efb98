/// A value as it goes into a database and comes out of one.
package enum SQLValue: Sendable, Hashable {
    /// No value.
    case null
    /// A signed 64-bit integer.
    case integer(Int64)
    /// A floating-point number; nothing an exporter writes is one, but a query may give it.
    case real(Double)
    /// Text without zero characters. It is sent as text of the parameter's type: JSON, numerics and timestamps travel as this, too.
    case text(String)
    /// Bytes.
    case bytes([UInt8])
}

extension SQLValue {
    /// The integer, if it is one.
    package var integer: Int64? {
        if case .integer(let value) = self { return value }
        return nil
    }

    /// The text, if it is one.
    package var text: String? {
        if case .text(let value) = self { return value }
        return nil
    }

    /// The bytes, if it is bytes.
    package var bytes: [UInt8]? {
        if case .bytes(let value) = self { return value }
        return nil
    }

    /// Whether it is no value.
    package var isNull: Bool { self == .null }
}
