/// The file `derivation`: of which store, and by which derivation, this one is being written; see `format-spec/derivation.md`.
package struct DerivationNote: Equatable, Sendable {
    package static let fileName = "derivation"
    private static let magic: UInt64 = 0x5644_5241_4C48_5341  // "ASHLARDV"
    private static let fixedSize = 40
    /// The most bytes a note has.
    package static let maxSize = fixedSize + Limits.nameBytes + Limits.derivationParameterBytes + 4

    package var sourceID: StoreID
    package var name: [UInt8]
    package var version: UInt64
    package var parameters: [UInt8]

    package init(sourceID: StoreID, name: [UInt8], version: UInt64, parameters: [UInt8]) {
        self.sourceID = sourceID
        self.name = name
        self.version = version
        self.parameters = parameters
    }

    /// The note in these bytes, which are the whole file ([DRV-1]).
    package init(decoding span: borrowing RawSpan) throws(FormatError) {
        try require(
            span.byteCount >= Self.fixedSize + 4 && span.u64(0) == Self.magic, "derivation note: it is none, or cut off"
        )
        let nameLength = Int(span.u16(32))
        let parametersLength = Int(span.u32(36))
        try require(
            (1...Limits.nameBytes).contains(nameLength) && parametersLength <= Limits.derivationParameterBytes
                && span.byteCount == Self.fixedSize + nameLength + parametersLength + 4,
            "derivation note: impossible length")
        let end = span.byteCount - 4
        try require(
            span.u16(34) == 0 && Checksum.crc(span.extracting(0..<end)) == span.u32(end),
            "derivation note: checksum does not match")
        sourceID = StoreID(decoding: span, at: 8)
        version = span.u64(24)
        name = span.bytes(Self.fixedSize..<Self.fixedSize + nameLength)
        parameters = span.bytes(Self.fixedSize + nameLength..<end)
    }

    /// The bytes of the file.
    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendInteger(Self.magic)
        bytes += sourceID.bytes
        bytes.appendInteger(version)
        bytes.appendInteger(UInt32(name.count))
        bytes.appendInteger(UInt32(parameters.count))
        bytes += name
        bytes += parameters
        bytes.appendInteger(bytes.withUnsafeBytes { Checksum.crc($0) })
        return bytes
    }
}
