extension JSONScanner {
    /// Checks the string whose opening quotation mark is at `position`, and consumes it.
    @inlinable @inline(__always)
    package mutating func scanString() throws(JSONError) -> JSONString {
        let start = position + 1
        var offset = start
        var isEscaped = false
        while true {
            offset = plainEnd(from: offset)
            guard offset < end else { throw .cutOff(at: end) }
            let next = byte(offset)
            if next == UInt8(ascii: "\"") { break }
            if next == UInt8(ascii: "\\") {
                isEscaped = true
                offset = try escapeEnd(at: offset)
            } else if next < 0x20 {
                throw malformed(.controlCharacter(next), at: offset)
            } else {
                offset = try multibyteEnd(at: offset)
            }
        }
        position = offset + 1
        return JSONString(range: start..<offset, isEscaped: isEscaped)
    }

    /// The offset of the first byte, at or after `start`, that a string cannot just run over.
    ///
    /// Looks at eight bytes at once: most bytes of an indexer's input stand in long plain strings.
    @inlinable @inline(__always)
    package func plainEnd(from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        var offset = start
        while offset &+ 8 <= end {
            let word = UInt64(
                littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
            let quotes = word ^ (ones &* 0x22)
            let backslashes = word ^ (ones &* 0x5C)
            // The lowest bit set is exact: a borrow can only spoil bytes above one that was found already.
            let found =
                ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)
                | ((word &- ones &* 0x20) & ~word) | word
            if found & highs != 0 { return offset &+ (found & highs).trailingZeroBitCount &>> 3 }
            offset &+= 8
        }
        while offset < end {
            let next = byte(offset)
            if next < 0x20 || next == 0x22 || next == 0x5C || next >= 0x80 { break }
            offset &+= 1
        }
        return offset
    }

    /// The offset after the escape whose backslash is at `offset`.
    @usableFromInline package func escapeEnd(at offset: Int) throws(JSONError) -> Int {
        guard offset + 1 < end else { throw .cutOff(at: end) }
        switch byte(offset + 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return offset + 2
        case UInt8(ascii: "u"):
            for index in offset + 2..<offset + 6 {
                guard index < end else { throw .cutOff(at: end) }
                guard hexDigit(byte(index)) != nil else { throw malformed(.badEscape, at: offset) }
            }
            return offset + 6
        default:
            throw malformed(.badEscape, at: offset)
        }
    }

    /// The offset after the multibyte UTF-8 character at `offset` (Unicode, table 3-7: no overlong forms, no surrogates).
    @usableFromInline package func multibyteEnd(at offset: Int) throws(JSONError) -> Int {
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch byte(offset) {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw malformed(.invalidUTF8, at: offset)
        }
        for index in offset + 1..<offset + length {
            guard index < end else { throw .cutOff(at: end) }
            let allowed = index == offset + 1 ? second : 0x80...0xBF
            guard allowed.contains(byte(index)) else { throw malformed(.invalidUTF8, at: offset) }
        }
        return offset + length
    }

    /// The value of a hex digit, or nil if it is none.
    @inline(__always)
    func hexDigit(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
