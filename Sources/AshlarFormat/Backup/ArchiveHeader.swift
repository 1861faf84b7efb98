/// The 512 bytes in front of a member of a backup archive, which is a tar file; see `format-spec/backup.md`.
package struct ArchiveHeader: Equatable, Sendable {
    package static let size = 512
    private static let nameBytes = 100
    /// Sizes from here on do not fit eleven octal digits.
    private static let octalLimit = 1 << 33

    package var name: String
    package var bytes: Int
    /// Seconds since 1970.
    package var time: Int

    package init(name: String, bytes: Int, time: Int) {
        self.name = name
        self.bytes = bytes
        self.time = time
    }

    /// Zero bytes behind a member of this size, up to the next header.
    package static func padding(of bytes: Int) -> Int { (512 - bytes % 512) % 512 }

    /// The 512 bytes: a plain file of mode 0600, in the form of POSIX (`ustar`); sizes of 8 GiB and more as GNU tar has them.
    package func encoded() -> [UInt8] {
        var block = [UInt8](repeating: 0, count: Self.size)
        func put(_ bytes: some Sequence<UInt8>, at offset: Int) {
            for (index, byte) in bytes.enumerated() { block[offset + index] = byte }
        }
        put(name.utf8.prefix(Self.nameBytes), at: 0)
        put(Self.octal(0o600, digits: 7), at: 100)
        put(Self.octal(0, digits: 7), at: 108)
        put(Self.octal(0, digits: 7), at: 116)
        if bytes < Self.octalLimit {
            put(Self.octal(bytes, digits: 11), at: 124)
        } else {
            block[124] = 0x80
            put((0..<8).map { UInt8(truncatingIfNeeded: bytes >> (56 - 8 * $0)) }, at: 128)
        }
        put(Self.octal(max(0, min(time, Self.octalLimit - 1)), digits: 11), at: 136)
        put(repeatElement(UInt8(ascii: " "), count: 8), at: 148)
        block[156] = UInt8(ascii: "0")
        put("ustar\u{0}00".utf8, at: 257)
        let sum = block.reduce(0) { $0 + Int($1) }
        put(Self.octal(sum, digits: 6), at: 148)
        block[154] = 0
        return block
    }

    /// Decodes a header, which must be byte for byte what a writer of backups writes ([BAK-8]); nil for a block of zeros.
    package init?(decoding block: [UInt8]) throws(FormatError) {
        try require(block.count == Self.size, "archive: it ends in the midst of a header")
        if block.allSatisfy({ $0 == 0 }) { return nil }
        let nameEnd = block[..<Self.nameBytes].firstIndex(of: 0) ?? Self.nameBytes
        name = String(decoding: block[..<nameEnd], as: UTF8.self)
        var bytes = 0
        if block[124] == 0x80 {
            for byte in block[128..<136] {
                try require(bytes < 1 << 54, "archive: a size beyond all bounds")
                bytes = bytes << 8 | Int(byte)
            }
        } else {
            bytes = Self.number(block[124..<135])
        }
        self.bytes = bytes
        time = Self.number(block[136..<147])
        try require(encoded() == block, "archive: a header that is not one of a backup")
    }

    private static func octal(_ value: Int, digits: Int) -> [UInt8] {
        let text = String(value, radix: 8)
        return Array((String(repeating: "0", count: max(0, digits - text.utf8.count)) + text).utf8)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int {
        digits.reduce(0) { $0 << 3 | Int($1 & 7) }
    }
}
