extension JSONScanner {
    /// Appends the value of a string that this scanner has read, as UTF-8; a lone surrogate is an error.
    package func decode(_ string: JSONString, into output: inout [UInt8]) throws(JSONError) {
        var offset = string.range.lowerBound
        while offset < string.range.upperBound {
            let next = checkedByte(offset)
            guard next == UInt8(ascii: "\\") else {
                output.append(next)
                offset += 1
                continue
            }
            guard checkedByte(offset + 1) == UInt8(ascii: "u") else {
                output.append(Self.simpleEscape(checkedByte(offset + 1)))
                offset += 2
                continue
            }
            let scalar = try decodeUnicodeEscape(&offset, limit: string.range.upperBound)
            output.append(contentsOf: Unicode.UTF8.encode(scalar).unsafelyUnwrapped)
        }
    }

    /// The value of a string that this scanner has read.
    package func text(_ string: JSONString) throws(JSONError) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(string.range.count)
        try decode(string, into: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Hands out the bytes of a string's value one by one. A surrogate that has no other half comes as the three bytes that
    /// UTF-8 would have for it.
    package func forEachByte(of string: JSONString, _ body: (UInt8) -> Void) {
        var offset = string.range.lowerBound
        while offset < string.range.upperBound {
            let next = checkedByte(offset)
            guard next == UInt8(ascii: "\\") else {
                body(next)
                offset += 1
                continue
            }
            guard checkedByte(offset + 1) == UInt8(ascii: "u") else {
                body(Self.simpleEscape(checkedByte(offset + 1)))
                offset += 2
                continue
            }
            let start = offset
            if let scalar = try? decodeUnicodeEscape(&offset, limit: string.range.upperBound) {
                for byte in Unicode.UTF8.encode(scalar).unsafelyUnwrapped { body(byte) }
            } else {
                let half = codeUnit(at: start)
                offset = start + 6
                body(0xE0 | UInt8(half >> 12))
                body(0x80 | UInt8(half >> 6 & 0x3F))
                body(0x80 | UInt8(half & 0x3F))
            }
        }
    }

    /// Whether every escape of a string stands for a character, and none of them for U+0000.
    package func hasOnlyCharacters(_ string: JSONString) -> Bool {
        var offset = string.range.lowerBound
        while offset < string.range.upperBound {
            guard checkedByte(offset) == UInt8(ascii: "\\") else {
                offset += 1
                continue
            }
            guard checkedByte(offset + 1) == UInt8(ascii: "u") else {
                offset += 2
                continue
            }
            guard let scalar = try? decodeUnicodeEscape(&offset, limit: string.range.upperBound), scalar.value != 0
            else { return false }
        }
        return true
    }

    /// Decodes `\uXXXX`, or a pair of them, at `offset`, and moves it on.
    private func decodeUnicodeEscape(_ offset: inout Int, limit: Int) throws(JSONError) -> Unicode.Scalar {
        let start = offset
        let first = codeUnit(at: offset)
        offset += 6
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, offset + 6 <= limit, checkedByte(offset) == UInt8(ascii: "\\"),
            checkedByte(offset + 1) == UInt8(ascii: "u")
        else { throw malformed(.loneSurrogate, at: start) }
        let second = codeUnit(at: offset)
        guard 0xDC00...0xDFFF ~= second else { throw malformed(.loneSurrogate, at: start) }
        offset += 6
        let value = 0x10000 + (UInt32(first - 0xD800) << 10) + UInt32(second - 0xDC00)
        return Unicode.Scalar(value).unsafelyUnwrapped
    }

    /// The code unit of a checked `\uXXXX`.
    private func codeUnit(at offset: Int) -> UInt16 {
        var value: UInt16 = 0
        for index in offset + 2..<offset + 6 { value = value << 4 | (hexDigit(checkedByte(index)) ?? 0) }
        return value
    }

    /// The byte at an offset, checked: a range may come from elsewhere, and escapes are rare.
    private func checkedByte(_ offset: Int) -> UInt8 {
        bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    private static func simpleEscape(_ letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: letter
        }
    }
}
