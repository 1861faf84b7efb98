import Ashlar
import AshlarFormat

/// A 64-bit digest of what is kept of a row: type, request id, time, height and payload.
///
/// It is the same from the source and from the store. It finds mistakes, not forgeries.
struct EasyLayerDigest {
    private(set) var value: UInt64 = 0x4561_7379_4C61_7965

    mutating func add(_ word: UInt64) { value = ChainValue.fold(value, word) }

    mutating func add(_ number: Int64) { add(UInt64(bitPattern: number)) }

    mutating func add(_ bytes: RawSpan) {
        var offset = 0
        while offset + 8 <= bytes.byteCount {
            add(UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < bytes.byteCount {
            rest = rest << 8 | UInt64(bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
            offset += 1
        }
        add(rest)
        add(UInt64(bytes.byteCount))
    }

    mutating func add(_ bytes: [UInt8]) { add(bytes.span.bytes) }

    mutating func add(_ text: String) { add(Array(text.utf8)) }

    /// Takes in a row with all that is kept of it.
    mutating func add(type: String, requestID: [UInt8]?, timestamp: Int64, height: Int64?, payload: RawSpan) {
        add(type)
        add(requestID: requestID, timestamp: timestamp, height: height, payload: payload)
    }

    /// Takes in what is kept of a row besides its type, which was taken in before.
    mutating func add(requestID: [UInt8]?, timestamp: Int64, height: Int64?, payload: RawSpan) {
        add(requestID ?? [])
        add(timestamp)
        add(height ?? -1)
        add(payload)
    }

    mutating func add(_ row: EasyLayerRow) {
        add(
            type: row.type, requestID: row.requestBytes, timestamp: row.timestamp, height: row.height,
            payload: row.payload.span.bytes)
    }
}

/// What the rows of a model add up to, in any order.
package struct EasyLayerSum: Sendable, Hashable {
    /// Number of rows.
    package var rows: UInt64 = 0
    /// Number of bytes of their payloads, inflated.
    package var bytes: UInt64 = 0
    /// The sum of their digests.
    package var digest: UInt64 = 0

    mutating func add(_ digest: EasyLayerDigest, bytes count: Int) {
        rows &+= 1
        bytes &+= UInt64(count)
        self.digest &+= digest.value
    }
}
