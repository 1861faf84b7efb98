package import AshlarFormat

/// The text of a block hash, and the bytes it stands for.
///
/// Decoding accepts exactly the texts that encoding produces, so every hash that came in goes out unchanged.
package enum HashText {
    /// The most bytes a hash can have.
    package static let maximumBytes = 64

    /// Decodes the text of a hash.
    ///
    /// - Complexity: O(*n*) for hex, O(*n*²) for base58, with *n* bounded by `maximumBytes`.
    package static func decode(_ text: RawSpan, as notation: HashNotation) throws(HashProblem) -> [UInt8] {
        guard !text.isEmpty else { throw .empty }
        switch notation {
        case .hex, .upperHex:
            if hasPrefix(text) { throw .unexpectedPrefix }
            return try decodeHex(text, from: 0, uppercase: notation == .upperHex)
        case .prefixedHex:
            guard hasPrefix(text) else { throw .missingPrefix }
            guard text.byteCount > 2 else { throw .empty }
            return try decodeHex(text, from: 2, uppercase: false)
        case .base58:
            return try Base58.decode(text, maximumBytes: maximumBytes)
        }
    }

    /// Decodes the text of a hash, as it comes from a command's arguments.
    package static func decode(_ text: String, as notation: HashNotation) throws(HashProblem) -> [UInt8] {
        let utf8 = Array(text.utf8)
        return try decode(utf8.span.bytes, as: notation)
    }

    /// Encodes a hash as text.
    package static func encode(_ hash: [UInt8], as notation: HashNotation) -> String {
        switch notation {
        case .hex: encodeHex(hash, prefix: "", digits: "0123456789abcdef")
        case .prefixedHex: encodeHex(hash, prefix: "0x", digits: "0123456789abcdef")
        case .upperHex: encodeHex(hash, prefix: "", digits: "0123456789ABCDEF")
        case .base58: Base58.encode(hash)
        }
    }

    private static func hasPrefix(_ text: RawSpan) -> Bool {
        text.byteCount >= 2 && byte(text, 0) == UInt8(ascii: "0") && byte(text, 1) == UInt8(ascii: "x")
    }

    private static func decodeHex(_ text: RawSpan, from start: Int, uppercase: Bool) throws(HashProblem) -> [UInt8] {
        guard text.byteCount - start <= 2 * maximumBytes else { throw .tooLong(limit: maximumBytes) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity((text.byteCount - start) / 2)
        var high: UInt8?
        for offset in start..<text.byteCount {
            let digit = try hexDigit(byte(text, offset), at: offset, uppercase: uppercase)
            if let upper = high {
                bytes.append(upper << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        guard high == nil else { throw .oddLength }
        return bytes
    }

    private static func hexDigit(_ byte: UInt8, at offset: Int, uppercase: Bool) throws(HashProblem) -> UInt8 {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            return byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"):
            guard !uppercase else { throw .wrongCase(offset: offset) }
            return byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"):
            guard uppercase else { throw .wrongCase(offset: offset) }
            return byte - UInt8(ascii: "A") + 10
        default:
            throw .wrongCharacter(offset: offset)
        }
    }

    private static func encodeHex(_ hash: [UInt8], prefix: StaticString, digits: StaticString) -> String {
        let prefixLength = prefix.utf8CodeUnitCount
        let length = prefixLength + 2 * hash.count
        return String(unsafeUninitializedCapacity: length) { output in
            for index in 0..<prefixLength { output[index] = prefix.utf8Start[index] }
            for (index, byte) in hash.enumerated() {
                output[prefixLength + 2 * index] = digits.utf8Start[Int(byte >> 4)]
                output[prefixLength + 2 * index + 1] = digits.utf8Start[Int(byte & 15)]
            }
            return length
        }
    }

    private static func byte(_ text: RawSpan, _ offset: Int) -> UInt8 {
        text.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }
}

extension HashNotation {
    /// The notation that the first hash of a new store is written in.
    ///
    /// A text of digits alone counts as lower-case hex. What is no hex in one case and of even length counts as base58;
    /// decoding it as such then says what is wrong with it, if it is not.
    package static func detect(from text: String) -> HashNotation {
        if text.hasPrefix("0x") { return .prefixedHex }
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard !text.isEmpty, text.utf8.count.isMultiple(of: 2) else { return .base58 }
        if text.utf8.allSatisfy({ digits ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0 }) { return .hex }
        if text.utf8.allSatisfy({ digits ~= $0 || UInt8(ascii: "A")...UInt8(ascii: "F") ~= $0 }) { return .upperHex }
        return .base58
    }
}
