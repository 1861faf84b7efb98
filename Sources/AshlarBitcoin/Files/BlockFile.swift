import Ashlar
package import AshlarCLI
import Glibc

/// Where a record stands in its file: magic and length, then the block's bytes.
package struct RecordPlace: Hashable, Sendable {
    /// Magic and length.
    static let headSize = 8
    /// The sizes that a block can have: a header and a count, up to what consensus allows.
    static let sizes = 81...4_000_000

    /// Where the head of the record begins.
    package var offset: Int64
    /// How many bytes the block has.
    package var size: Int

    /// Where the block begins.
    package var body: Int64 { offset + Int64(Self.headSize) }
    /// Where the next record may begin.
    package var end: Int64 { body + Int64(size) }
}

/// What stands in a file from some offset on.
package enum FoundRecord: Hashable, Sendable {
    /// A record; before it `garbage` bytes that are neither records nor zeros.
    case record(RecordPlace, garbage: Int64)
    /// Nothing more than zeros, or nothing at all.
    case end
    /// Something that begins at the offset, and of which the rest is not there (yet).
    case cut(offset: Int64)
    /// Nothing more that could be a record, up to the end of the file.
    case garbage
    /// A record of another network.
    case foreign(offset: Int64, network: String)
}

/// An open block file, of which a window is in memory, as it was before obfuscation.
///
/// Invariant: the window is never larger than the largest record or one chunk, whatever the file says.
package final class BlockFile {
    private static let chunk = 1 << 18

    /// What messages call the file.
    package let name: String
    private let path: String
    private let descriptor: Int32
    private let key: UInt64
    private var window: [UInt8] = []
    private var start: Int64 = 0

    /// Opens the file at `path` for reading; byte after byte of `key`, the lowest first, obfuscates it by the offset.
    package init(path: String, name: String, key: UInt64 = 0) throws(CommandError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        (self.name, self.path, self.key) = (name, path, key)
        guard descriptor >= 0 else { throw .system("open", path, errno) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Reads bytes from an offset on; fewer where the file ends.
    package func read(_ count: Int, at offset: Int64) throws(CommandError) -> [UInt8] {
        var failure: Int32 = 0
        var bytes = [UInt8](unsafeUninitializedCapacity: count) { bytes, done in
            while done < count, let base = bytes.baseAddress {
                let result = pread(descriptor, base + done, count - done, off_t(offset) + off_t(done))
                if result > 0 { done += result }
                if result < 0, errno != EINTR { failure = errno }
                if result == 0 || failure != 0 { break }
            }
        }
        guard failure == 0 else { throw .system("read", path, failure) }
        guard key != 0 else { return bytes }
        // Where the bytes start decides which byte of the key comes first.
        let turn = 8 * UInt64(offset & 7)
        let word = (key >> turn | key << (64 - turn)).littleEndian
        bytes.withUnsafeMutableBytes { bytes in
            for index in stride(from: 0, through: bytes.count - 8, by: 8) {
                let value = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ word
                bytes.storeBytes(of: value, toByteOffset: index, as: UInt64.self)
            }
            for index in bytes.count & ~7..<bytes.count { bytes[index] ^= padding(at: offset + Int64(index)) }
        }
        return bytes
    }

    /// The bytes of a record's block; none if the file has it no longer.
    package func block(_ record: RecordPlace) throws(CommandError) -> [UInt8] {
        guard try load(record.size, at: record.body) else { return [] }
        let first = Int(record.body - start)
        return window.count == record.size ? window : Array(window[first..<first + record.size])
    }

    /// Finds the first record of a network from `offset` on.
    ///
    /// What is no record is passed over up to the next magic, unless it is a record of another network.
    package func nextRecord(from offset: Int64, of network: Network) throws(CommandError) -> FoundRecord {
        guard let dirt = try firstDirt(from: offset) else { return .end }
        guard try load(RecordPlace.headSize, at: dirt) else { return .cut(offset: dirt) }
        // There are keys with which a head, or some of it, looks like padding.
        let first = max(offset, dirt - Int64(RecordPlace.headSize))
        var place = first
        while let head = try nextMagic(network.magic, from: place) {
            guard try load(RecordPlace.headSize, at: head) else { return .cut(offset: head) }
            let record = RecordPlace(offset: head, size: Int(integer(at: head + 4)))
            place = head + 1
            guard RecordPlace.sizes.contains(record.size) else { continue }
            if head > dirt, let foreign = try foreignRecord(first...dirt, network) { return foreign }
            guard try load(record.size, at: record.body) else { return .cut(offset: head) }
            return .record(record, garbage: max(0, head - dirt))
        }
        return try foreignRecord(first...dirt, network) ?? .garbage
    }
}

extension BlockFile {
    /// Brings `count` bytes from `offset` on into the window; false if the file has not so many.
    private func load(_ count: Int, at offset: Int64) throws(CommandError) -> Bool {
        if offset >= start, offset + Int64(count) <= start + Int64(window.count) { return true }
        window = []
        (window, start) = (try read(max(count, Self.chunk), at: offset), offset)
        return window.count >= count
    }

    /// The integer at a loaded offset, lowest byte first.
    private func integer(at offset: Int64) -> UInt32 { window.integer(at: Int(offset - start)) }

    /// What padding looks like at an offset. It is zero in the file itself, as space that a node has set aside: obfuscation leaves it out.
    @inline(__always)
    private func padding(at offset: Int64) -> UInt8 { UInt8(truncatingIfNeeded: key >> (8 * UInt64(offset & 7))) }

    /// The first byte that is no padding.
    private func firstDirt(from offset: Int64) throws(CommandError) -> Int64? {
        var place = offset
        while try load(1, at: place) {
            let window = window
            for index in Int(place - start)..<window.count where window[index] != padding(at: start + Int64(index)) {
                return start + Int64(index)
            }
            place = start + Int64(window.count)
        }
        return nil
    }

    /// Where a magic stands first.
    private func nextMagic(_ magic: UInt32, from offset: Int64) throws(CommandError) -> Int64? {
        var place = offset
        while try load(4, at: place) {
            let found: Int64? = window.withUnsafeBytes { bytes in
                var index = Int(place - start)
                while index + 4 <= bytes.count, let base = bytes.baseAddress,
                    let next = memchr(base + index, Int32(magic >> 24), bytes.count - index - 3)
                {
                    index = UnsafeRawPointer(next) - base
                    if bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self).bigEndian == magic {
                        return start + Int64(index)
                    }
                    index += 1
                }
                return nil
            }
            if let found { return found }
            // The last three bytes may be the beginning of a magic.
            place = start + Int64(window.count) - 3
        }
        return nil
    }

    /// The record of another network that begins at one of the offsets, if there is one.
    private func foreignRecord(_ places: ClosedRange<Int64>, _ network: Network) throws(CommandError) -> FoundRecord? {
        for place in places where try load(RecordPlace.headSize, at: place) {
            let magic = integer(at: place).byteSwapped
            guard magic != network.magic, let name = Network.name(ofMagic: magic),
                RecordPlace.sizes.contains(Int(integer(at: place + 4)))
            else { continue }
            return .foreign(offset: place, network: name)
        }
        return nil
    }
}

extension CommandError {
    /// A system call on a block file failed; `code` is the `errno`.
    static func system(_ operation: String, _ path: String, _ code: Int32) -> CommandError {
        guard code == ENOENT else { return .store(.inputOutput(operation: operation, path: path, code: code)) }
        let reason = String(cString: strerror(code))
        return .refused(code: "system", message: "cannot \(operation) \(path): \(reason) (errno \(code))")
    }
}
