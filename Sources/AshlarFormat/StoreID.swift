/// The random identity of a store, the same in all its segments.
public struct StoreID: Hashable, Sendable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A new random identity.
    package static func random() -> StoreID {
        var generator = SystemRandomNumberGenerator()
        return StoreID(high: generator.next(), low: generator.next())
    }

    package init(decoding span: borrowing RawSpan, at offset: Int) {
        high = span.u64(offset)
        low = span.u64(offset + 8)
    }

    /// The identity that `description` printed, or nil if the text is none.
    package init?(hex text: some StringProtocol) {
        let digits = Array(text.utf8)
        guard digits.count == 32 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 32, by: 2) {
            guard let upper = Hex.value(digits[index]), let lower = Hex.value(digits[index + 1]) else { return nil }
            bytes.append(upper << 4 | lower)
        }
        self.init(decoding: bytes.span.bytes, at: 0)
    }

    /// The 16 bytes as they stand in files.
    public var bytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(16)
        result.appendInteger(high)
        result.appendInteger(low)
        return result
    }

    /// 32 lower-case hex digits.
    public var description: String { Hex.string(bytes) }
}

/// Lower-case hex, for identities and reports.
package enum Hex {
    private static let digits = Array("0123456789abcdef".utf8)

    /// The value of a lower-case digit, or nil if it is none.
    package static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    package static func string(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// 16 digits of `value`, highest first.
    package static func string(_ value: UInt64) -> String {
        string((0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) })
    }
}
