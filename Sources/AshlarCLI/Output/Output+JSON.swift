import AshlarJSON
import Glibc

// JSON as it is written by hand: the names of members stand in the program as texts, only values need care.

extension Output {
    /// Writes an integer, or null.
    package mutating func json(_ value: (some FixedWidthInteger)?) {
        if let value { write(value) } else { write("null") }
    }

    /// Writes true or false.
    package mutating func json(_ value: Bool) {
        if value { write("true") } else { write("false") }
    }

    /// Writes a string in quotation marks, or null.
    package mutating func json(_ text: String?) {
        guard let text else { return write("null") }
        write(JSONText.quoted(text.utf8))
    }

    /// Writes a member whose bytes are a text mostly: `"name":"…"`, or `"nameBase64":"…"` for bytes that are not UTF-8; null if there are none.
    package mutating func json(_ name: StaticString, bytes: [UInt8]?) {
        write("\"")
        write(name)
        guard let bytes else { return write("\":null") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            write("Base64\":\"")
            write(Base64.encode(bytes))
            return write("\"")
        }
        write("\":")
        json(text)
    }
}

/// Texts as JSON strings.
package enum JSONText {
    private static let digits = Array("0123456789abcdef".utf8)

    /// The UTF-8 of a text in quotation marks, with escapes for what cannot stand in a string and for the delete character.
    package static func quoted(_ text: some Sequence<UInt8>) -> [UInt8] {
        var result: [UInt8] = [UInt8(ascii: "\"")]
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): result += Array("\\n".utf8)
            case UInt8(ascii: "\r"): result += Array("\\r".utf8)
            case UInt8(ascii: "\t"): result += Array("\\t".utf8)
            case 0..<0x20, 0x7F:
                result += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: result.append(byte)
            }
        }
        result.append(UInt8(ascii: "\""))
        return result
    }

    /// The same as a text.
    package static func quoted(_ text: String) -> String { String(decoding: quoted(text.utf8), as: UTF8.self) }

    /// Whether bytes are one JSON value that can stand in a line: valid, and without a line feed between its tokens.
    package static func isLine(_ bytes: RawSpan) -> Bool { isValue(bytes) && !containsLineFeed(bytes) }

    /// Whether bytes are one JSON value.
    package static func isValue(_ bytes: RawSpan) -> Bool {
        do throws(JSONError) {
            var scanner = JSONScanner(bytes)
            _ = try scanner.skipValue()
            try scanner.finish()
            return true
        } catch {
            return false
        }
    }

    private static func containsLineFeed(_ bytes: RawSpan) -> Bool {
        bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return false }
            return memchr(start, 0x0A, bytes.count) != nil
        }
    }
}

/// Base64 as RFC 4648 has it, with padding.
package enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The text of some bytes.
    package static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        var (word, bits): (UInt32, Int) = (0, 0)
        for byte in bytes {
            (word, bits) = (word << 8 | UInt32(byte), bits + 8)
            while bits >= 6 {
                bits -= 6
                result.append(digits[Int(word >> UInt32(bits)) & 63])
            }
            word &= 63
        }
        if bits > 0 { result.append(digits[Int(word << UInt32(6 - bits)) & 63]) }
        while !result.count.isMultiple(of: 4) { result.append(UInt8(ascii: "=")) }
        return result
    }
}
