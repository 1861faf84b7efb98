/// Request ids as they stand in a table, where they are text, and in a store, where they are bytes.
///
/// 16 bytes are the UUID they are, in lower case. What is text already stays it. Everything else, and what could be mistaken for one of the
/// other forms, is hex digits behind `ashlar-hex:`. Whatever bytes a store has, they come back from the text that stands for them; and a text that
/// EasyLayer wrote comes back from its bytes.
enum EasyLayerRequestID {
    /// What stands before hex digits.
    private static let hexPrefix = Array("ashlar-hex:".utf8)
    /// What the request id of a row begins with that an export made: it stands for no event of the store. The commit's sequence follows.
    private static let madePrefix = Array("ashlar-chain:".utf8)
    /// Where a UUID has hyphens.
    private static let hyphens = [8, 13, 18, 23]
    private static let digits = Array("0123456789abcdef".utf8)

    /// The request id of a row made of what a commit did to the chain.
    static func made(of sequence: UInt64) -> [UInt8] { madePrefix + Array(String(sequence).utf8) }

    /// Whether a row was made by an export.
    static func isMade(_ text: String) -> Bool {
        let rest = text.utf8.dropFirst(madePrefix.count)
        return text.utf8.starts(with: madePrefix) && !rest.isEmpty
            && rest.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    }

    /// The text, as UTF-8, that stands for a store's request id.
    static func text(of bytes: [UInt8]) -> [UInt8] {
        if bytes.count == 16 { return uuid(bytes) }
        let isPlain =
            !bytes.contains(0) && !bytes.starts(with: hexPrefix) && !bytes.starts(with: madePrefix)
            && uuidBytes(bytes) == nil && bytes.elementsEqual(String(decoding: bytes, as: UTF8.self).utf8)
        return isPlain ? bytes : hexPrefix + hex(bytes)
    }

    /// A store's request id for a table's text, which is not empty.
    static func bytes(of text: String) -> [UInt8] {
        let text = Array(text.utf8)
        if let bytes = uuidBytes(text) { return bytes }
        if text.starts(with: hexPrefix), let bytes = unhex(text[hexPrefix.count...]), !bytes.isEmpty { return bytes }
        return text
    }

    private static func hex(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    private static func uuid(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for byte in bytes {
            if hyphens.contains(text.count) { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }

    /// The bytes of a UUID in lower case; nil if it is none.
    private static func uuidBytes(_ text: [UInt8]) -> [UInt8]? {
        guard text.count == 36, hyphens.allSatisfy({ text[$0] == UInt8(ascii: "-") }) else { return nil }
        var rest: [UInt8] = []
        rest.reserveCapacity(32)
        for (place, byte) in text.enumerated() where !hyphens.contains(place) { rest.append(byte) }
        return unhex(rest[...])
    }

    /// The bytes of hex digits in lower case; nil if they are none.
    private static func unhex(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        var high: UInt8?
        for byte in text {
            guard let value = digit(byte) else { return nil }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
