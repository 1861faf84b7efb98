/// The hash of a block, 1–64 bytes, kept inline.
///
/// The bytes are those of the hash as its chain prints it, decoded; Ashlar compares them and gives them back and never interprets them.
public struct BlockHash: Hashable, Sendable {
    private var words: InlineArray<8, UInt64>
    private var length: UInt8

    /// The number of bytes, 1–64 (0 only for the hash that stands for "none").
    public var count: Int { Int(length) }

    package static var none: BlockHash { BlockHash() }

    private init() {
        words = InlineArray(repeating: 0)
        length = 0
    }

    /// A hash of these bytes, or nil unless there are 1–64 of them.
    public init?(_ bytes: some Collection<UInt8>) {
        guard (1...Limits.hashBytes).contains(bytes.count) else { return nil }
        // An array is read in one go; iterating over a generic collection costs a call and more for every byte.
        if let hash = bytes.withContiguousStorageIfAvailable({ BlockHash(unchecked: UnsafeRawBufferPointer($0)) }) {
            self = hash
            return
        }
        self = [UInt8](bytes).withUnsafeBytes { BlockHash(unchecked: $0) }
    }

    private init(unchecked bytes: UnsafeRawBufferPointer) {
        self.init()
        length = UInt8(bytes.count)
        withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: bytes) }
        for index in 0..<8 { words[index] = UInt64(littleEndian: words[index]) }
    }

    package init(decoding span: borrowing RawSpan, at offset: Int, count: Int) {
        self = span.extracting(offset..<offset + count).withUnsafeBytes { BlockHash(unchecked: $0) }
    }

    /// The bytes of the hash.
    public var bytes: [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: words[$0 >> 3] >> (8 * UInt64($0 & 7))) }
    }

    /// Writes the bytes to `target`, which has room for `count` of them.
    package func write(to target: UnsafeMutableRawPointer) {
        var offset = 0
        while offset + 8 <= count {
            target.put(words[offset >> 3], at: offset)
            offset += 8
        }
        while offset < count {
            target.storeBytes(
                of: UInt8(truncatingIfNeeded: words[offset >> 3] >> (8 * UInt64(offset & 7))), toByteOffset: offset,
                as: UInt8.self)
            offset += 1
        }
    }

    /// What the footer's hash column and the caches look hashes up by: the CRC-32 of the bytes.
    package var fingerprint: UInt32 {
        withUnsafeTemporaryAllocation(byteCount: Limits.hashBytes, alignment: 8) { scratch in
            guard let start = scratch.baseAddress else { return 0 }
            write(to: start)
            return Checksum.crc(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
        }
    }

    /// Whether both have the same bytes.
    public static func == (left: BlockHash, right: BlockHash) -> Bool {
        guard left.length == right.length else { return false }
        for index in 0..<8 where left.words[index] != right.words[index] { return false }
        return true
    }

    /// Feeds the hash into `hasher`.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(length)
        hasher.combine(words[0])
        hasher.combine(words[1])
        hasher.combine(words[2])
        hasher.combine(words[3])
    }
}

extension BlockHash: CustomStringConvertible {
    /// Lower-case hex of the bytes.
    public var description: String { Hex.string(bytes) }
}
