/// One of the two slots of a consumer's file; see `format-spec/consumer.md`.
package struct ConsumerSlot: Equatable, Sendable {
    package static let size = 512
    /// Slots in a file.
    package static let count = 2
    private static let magic: UInt64 = 0x4E43_5241_4C48_5341  // "ASHLARCN"

    package var storeID: StoreID
    /// How many acknowledgements there were: the higher one of a file counts.
    package var counter: UInt64
    package var sequence: UInt64
    package var chainValue: UInt64
    package var step: UInt32
    package var event: UInt32
    package var time: Int64
    package var name: [UInt8]

    package init(
        storeID: StoreID, counter: UInt64, sequence: UInt64, chainValue: UInt64, step: UInt32, event: UInt32,
        time: Int64, name: [UInt8]
    ) {
        self.storeID = storeID
        self.counter = counter
        self.sequence = sequence
        self.chainValue = chainValue
        self.step = step
        self.event = event
        self.time = time
        self.name = name
    }

    /// Which of the slots it belongs in ([CSM-2]).
    package var index: Int { Int(counter % UInt64(Self.count)) }

    /// The slot in these bytes, or nil unless it is valid in place `index` ([CSM-1]).
    package init?(decoding span: borrowing RawSpan, index: Int) {
        guard span.byteCount >= Self.size, span.u64(0) == Self.magic,
            Checksum.crc(span.extracting(0..<508)) == span.u32(508)
        else { return nil }
        let length = Int(span.u8(64))
        guard length > 0, span.isZero(65..<72), span.isZero(72 + length..<508) else { return nil }
        storeID = StoreID(decoding: span, at: 8)
        counter = span.u64(24)
        sequence = span.u64(32)
        chainValue = span.u64(40)
        step = span.u32(48)
        event = span.u32(52)
        time = span.i64(56)
        name = span.bytes(72..<72 + length)
        guard counter > 0, counter < .max, self.index == index, NameDefinition.isValid(name),
            sequence > 0 || (step, event) == (0, 0)
        else { return nil }
    }

    /// The 512 bytes.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.size)
        bytes.appendInteger(Self.magic)
        bytes += storeID.bytes
        bytes.appendInteger(counter)
        bytes.appendInteger(sequence)
        bytes.appendInteger(chainValue)
        bytes.appendInteger(step)
        bytes.appendInteger(event)
        bytes.appendInteger(time)
        bytes.append(UInt8(truncatingIfNeeded: name.count))
        bytes += [UInt8](repeating: 0, count: 7) + name
        bytes += [UInt8](repeating: 0, count: 508 - bytes.count)
        bytes.appendInteger(bytes.withUnsafeBytes { Checksum.crc($0) })
        return bytes
    }

    /// The slot that counts in the bytes of a file, or nil if none is valid.
    package static func latest(in bytes: [UInt8]) -> ConsumerSlot? {
        var latest: ConsumerSlot?
        for index in 0..<count where bytes.count >= size * (index + 1) {
            let span = bytes.span.bytes.extracting(size * index..<size * (index + 1))
            guard let slot = ConsumerSlot(decoding: span, index: index) else { continue }
            if slot.counter > latest?.counter ?? 0 { latest = slot }
        }
        return latest
    }
}

/// The names of a consumer's files; see `format-spec/consumer.md`.
package struct ConsumerFileName: Hashable, Sendable {
    package static let suffix = ".consumer"
    package static let lockSuffix = ".consumer-lock"
    private static let longestStem = 200
    private static let keptOfLong = 180

    private let stem: String

    /// The files of the consumer with this name, which must be valid ([CSM-5]).
    package init(_ name: [UInt8]) {
        var text: [UInt8] = []
        var kept = 0
        for (index, byte) in name.enumerated() {
            text += Self.escaped(byte, isFirst: index == 0)
            if text.count <= Self.keptOfLong { kept = text.count }
        }
        if text.count > Self.longestStem {
            let crc = name.withUnsafeBytes { Checksum.crc($0) }
            text = Array(text[..<kept]) + [UInt8(ascii: "~")]
            text += Array(Hex.string((0..<4).map { UInt8(truncatingIfNeeded: crc >> (24 - 8 * $0)) }).utf8)
        }
        stem = String(decoding: text, as: UTF8.self)
    }

    /// A byte as it stands in a file name: no case to confuse, no separator, no dot in front.
    private static func escaped(_ byte: UInt8, isFirst: Bool) -> [UInt8] {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
            UInt8(ascii: "-"):
            [byte]
        case UInt8(ascii: ".") where !isFirst: [byte]
        default: Array("%".utf8) + Array(Hex.string([byte]).utf8)
        }
    }

    package var file: String { stem + Self.suffix }
    package var lockFile: String { stem + Self.lockSuffix }
    package var temporaryFile: String { stem + Self.suffix + SegmentName.temporarySuffix }
}
