/// The 16 bytes that precede a section's contents for each of its records; see `format-spec/commit.md`.
@usableFromInline
package struct RecordHead: Equatable, Sendable {
    // Computed, because a stored one costs a call wherever another module uses it.
    @inlinable package static var size: Int { 16 }
    @inlinable package static var ownTimestamp: UInt32 { 1 << 28 }
    @inlinable package static var ownRequestID: UInt32 { 1 << 29 }
    @inlinable package static var reserved: UInt32 { 3 << 30 }
    @inlinable package static var typeMask: UInt32 { (1 << 28) - 1 }

    package var length: UInt32
    package var crc: UInt32
    package var ordinal: UInt32
    package var typeAndFlags: UInt32

    @inline(__always)
    package init(length: UInt32, crc: UInt32, ordinal: UInt32, typeAndFlags: UInt32) {
        self.length = length
        self.crc = crc
        self.ordinal = ordinal
        self.typeAndFlags = typeAndFlags
    }

    @inline(__always)
    package init(loading pointer: UnsafeRawPointer) {
        let first = UInt64(littleEndian: pointer.loadUnaligned(as: UInt64.self))
        let second = UInt64(littleEndian: pointer.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        length = UInt32(truncatingIfNeeded: first)
        crc = UInt32(truncatingIfNeeded: first >> 32)
        ordinal = UInt32(truncatingIfNeeded: second)
        typeAndFlags = UInt32(truncatingIfNeeded: second >> 32)
    }

    @inline(__always)
    package func store(to target: UnsafeMutableRawPointer) {
        target.put(UInt64(length) | UInt64(crc) << 32, at: 0)
        target.put(UInt64(ordinal) | UInt64(typeAndFlags) << 32, at: 8)
    }

    @inline(__always)
    package var type: UInt32 { typeAndFlags & Self.typeMask }

    @inline(__always)
    package var hasOwnFields: Bool { typeAndFlags & (Self.ownTimestamp | Self.ownRequestID) != 0 }
}

/// The fields in front of a record's payload.
package struct OwnFields: Equatable, Sendable {
    package var timestamp: Int64?
    /// Where the own request id stands in the content; empty if there is none.
    package var requestID: Range<Int>
    /// Where the payload starts in the content.
    package var payloadOffset: Int

    /// No own fields: the content is the payload.
    package static let none = OwnFields()

    private init() {
        timestamp = nil
        requestID = 0..<0
        payloadOffset = 0
    }

    /// Splits the content of a record with these flags.
    package init(typeAndFlags: UInt32, content: UnsafeRawBufferPointer) throws(FormatError) {
        var offset = 0
        timestamp = nil
        requestID = 0..<0
        if typeAndFlags & RecordHead.ownTimestamp != 0 {
            try require(content.count >= 8, "record: its own timestamp is cut off")
            timestamp = Int64(littleEndian: content.loadUnaligned(as: Int64.self))
            offset = 8
        }
        if typeAndFlags & RecordHead.ownRequestID != 0 {
            try require(content.count > offset, "record: its own request id is cut off")
            let length = Int(content[offset])
            try require(
                length > 0 && content.count >= offset + 1 + length, "record: its own request id is cut off")
            requestID = offset + 1..<offset + 1 + length
            offset += 1 + length
        }
        payloadOffset = offset
    }
}
