// CSV as RFC 4180 quotes it; lines end in a line feed alone, as everything does that reads it on this system.

extension Output {
    /// Writes a field that may have anything in it, in quotation marks if it needs them; nothing for nil.
    package mutating func csv(_ text: String?) {
        guard let text else { return }
        csv(bytes: Array(text.utf8))
    }

    /// Writes a field that may have anything in it, in quotation marks if it needs them.
    package mutating func csv(bytes: [UInt8]) { bytes.withUnsafeBytes { csv($0) } }

    /// Writes a field that may have anything in it, in quotation marks if it needs them.
    package mutating func csv(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.contains(where: Self.needsQuotes) else { return write(bytes) }
        let quote = UInt8(ascii: "\"")
        write(quote)
        var rest = bytes[...]
        while let index = rest.firstIndex(of: quote) {
            write(UnsafeRawBufferPointer(rebasing: rest[...index]))
            write(quote)
            rest = rest[(index + 1)...]
        }
        write(UnsafeRawBufferPointer(rebasing: rest))
        write(quote)
    }

    /// Writes an integer, or nothing.
    package mutating func csv(_ value: (some FixedWidthInteger)?) {
        if let value { write(value) }
    }

    /// Writes the two fields of bytes that are a text mostly: one as text, one as base64 for bytes that are not UTF-8.
    package mutating func csv(textOrBase64 bytes: [UInt8]?) {
        let text = bytes.flatMap { String(validating: $0, as: UTF8.self) }
        csv(text)
        write(",")
        if let bytes, text == nil { write(Base64.encode(bytes)) }
    }

    private static func needsQuotes(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r"): true
        default: false
        }
    }
}
