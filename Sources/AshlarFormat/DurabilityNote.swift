/// The file `durable`: up to where the log was synced; see `format-spec/note.md`.
package struct DurabilityNote: Equatable, Sendable {
    package static let size = 64
    private static let magic: UInt64 = 0x4E44_5241_4C48_5341  // "ASHLARDN"

    package var storeID: StoreID
    package var epoch: UInt64
    package var sequence: UInt64
    package var chainValue: UInt64

    package init(storeID: StoreID, epoch: UInt64, sequence: UInt64, chainValue: UInt64) {
        self.storeID = storeID
        self.epoch = epoch
        self.sequence = sequence
        self.chainValue = chainValue
    }

    /// The note in these bytes, or nil if they are no evidence ([NOTE-1]).
    package init?(decoding span: borrowing RawSpan) {
        guard span.byteCount >= Self.size, span.u64(0) == Self.magic, span.isZero(48..<60),
            Checksum.crc(span.extracting(0..<60)) == span.u32(60)
        else { return nil }
        storeID = StoreID(decoding: span, at: 8)
        epoch = span.u64(24)
        sequence = span.u64(32)
        chainValue = span.u64(40)
    }

    /// Writes the 64 bytes to `target`.
    package func encode(to target: UnsafeMutableRawPointer) {
        target.initializeMemory(as: UInt8.self, repeating: 0, count: Self.size)
        target.put(Self.magic, at: 0)
        target.put(storeID.high, at: 8)
        target.put(storeID.low, at: 16)
        target.put(epoch, at: 24)
        target.put(sequence, at: 32)
        target.put(chainValue, at: 40)
        target.put(Checksum.crc(UnsafeRawBufferPointer(start: target, count: 60)), at: 60)
    }
}
