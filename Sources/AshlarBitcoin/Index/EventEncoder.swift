package import Ashlar

/// The kinds of events that this indexer makes.
package enum EventKind {
    case blockAdded
    case outputSpent
    case outputCreated
}

/// Makes the events of blocks: one of the header, then of each transaction the outputs it spends and those it creates.
///
/// The payloads are JSON objects, built in one buffer that is used again for each of them: no allocation per event.
package struct EventEncoder: ~Copyable {
    private var json = JSONBuffer()

    package init() {}

    /// Gives each event of a block to `emit`, in their order; `bytes` are those that `block` was parsed from.
    package mutating func encode(
        _ block: borrowing ParsedBlock, _ bytes: RawSpan, height: Int32,
        emit: (EventKind, RawSpan) throws(StoreError) -> Void
    ) throws(StoreError) {
        guard let header = block.header else { return }
        writeHeader(header, block, height: height)
        try emit(.blockAdded, json.bytes)
        for (index, transaction) in block.transactions.enumerated() {
            let isCoinbase = index == 0 && Self.isCoinbase(transaction, bytes)
            if !isCoinbase { try encodeSpends(transaction, index: index, bytes, emit) }
            try encodeOutputs(transaction, index: index, isCoinbase: isCoinbase, bytes, emit)
        }
    }

    /// Whether a transaction's only input names no output.
    private static func isCoinbase(_ transaction: TransactionLayout, _ bytes: RawSpan) -> Bool {
        guard transaction.inputCount == 1 else { return false }
        var reader = PartReader(bytes: bytes, offset: Int(transaction.inputs))
        return reader.hash() == .zero && reader.integer(UInt32.self) == .max
    }

    private mutating func encodeSpends(
        _ transaction: TransactionLayout, index: Int, _ bytes: RawSpan,
        _ emit: (EventKind, RawSpan) throws(StoreError) -> Void
    ) throws(StoreError) {
        var reader = PartReader(bytes: bytes, offset: Int(transaction.inputs))
        for vin in 0..<transaction.inputCount {
            json.clear()
            json.write(#"{"prev_txid":""#)
            json.write(reader.hash())
            json.write(#"","prev_vout":"#)
            json.write(reader.integer(UInt32.self))
            json.write(#","txid":""#)
            json.write(transaction.txid)
            json.write(#"","tx_index":"#)
            json.write(index)
            json.write(#","vin":"#)
            json.write(vin)
            json.write("}")
            _ = reader.skip(reader.count())
            _ = reader.skip(4)
            try emit(.outputSpent, json.bytes)
        }
    }

    private mutating func encodeOutputs(
        _ transaction: TransactionLayout, index: Int, isCoinbase: Bool, _ bytes: RawSpan,
        _ emit: (EventKind, RawSpan) throws(StoreError) -> Void
    ) throws(StoreError) {
        var reader = PartReader(bytes: bytes, offset: Int(transaction.outputs))
        for vout in 0..<transaction.outputCount {
            json.clear()
            json.write(#"{"txid":""#)
            json.write(transaction.txid)
            json.write(#"","vout":"#)
            json.write(vout)
            json.write(#","value":"#)
            json.write(reader.integer(Int64.self))
            json.write(#","script":""#)
            let count = reader.count()
            let script = reader.skip(count)
            bytes.extracting(script..<script + count).withUnsafeBytes { json.write(hex: $0) }
            json.write(#"","tx_index":"#)
            json.write(index)
            json.write(#","coinbase":"#)
            json.write(isCoinbase)
            json.write("}")
            try emit(.outputCreated, json.bytes)
        }
    }

    private mutating func writeHeader(_ header: BlockHeader, _ block: borrowing ParsedBlock, height: Int32) {
        json.clear()
        json.write(#"{"hash":""#)
        json.write(header.hash)
        json.write(#"","prev":""#)
        json.write(header.previous)
        json.write(#"","height":"#)
        json.write(height)
        json.write(#","version":"#)
        json.write(header.version)
        json.write(#","merkle_root":""#)
        json.write(header.merkleRoot)
        json.write(#"","time":"#)
        json.write(header.time)
        json.write(#","bits":""#)
        withUnsafeBytes(of: header.bits.bigEndian) { json.write(hex: $0) }
        json.write(#"","nonce":"#)
        json.write(header.nonce)
        json.write(#","n_tx":"#)
        json.write(block.transactions.count)
        json.write(#","size":"#)
        json.write(block.size)
        json.write("}")
    }
}

/// Reads parts of a block that was parsed before, so that nothing can be wrong with them; a mistake here traps.
private struct PartReader: ~Escapable {
    private let bytes: RawSpan
    private var offset: Int

    @_lifetime(copy bytes)
    init(bytes: RawSpan, offset: Int) {
        self.bytes = bytes
        self.offset = offset
    }

    @_lifetime(self: copy self)
    mutating func integer<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type) -> Number {
        offset += MemoryLayout<Number>.size
        let start = offset - MemoryLayout<Number>.size
        return Number(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: start, as: Number.self))
    }

    @_lifetime(self: copy self)
    mutating func hash() -> Hash256 { Hash256(bytes, at: skip(32)) }

    /// Passes over some bytes, and gives where they begin.
    @_lifetime(self: copy self)
    mutating func skip(_ count: Int) -> Int {
        offset += count
        return offset - count
    }

    @_lifetime(self: copy self)
    mutating func count() -> Int {
        switch integer(UInt8.self) {
        case 0xFD: Int(integer(UInt16.self))
        case 0xFE: Int(integer(UInt32.self))
        case let small: Int(small)
        }
    }
}
