package import Ashlar
import AshlarJSON

/// The kinds of events that this indexer makes.
package enum EventKind: Int, CaseIterable {
    case blockAdded
    case outputSpent
    case outputCreated

    /// The names of the events' model and type.
    package var names: (model: String, type: String) {
        switch self {
        case .blockAdded: ("headers", "block.added")
        case .outputSpent: ("utxo", "output.spent")
        case .outputCreated: ("utxo", "output.created")
        }
    }
}

/// Makes the events of blocks: one of the header, then of each transaction the outputs it spends and those it creates.
///
/// The payloads are JSON objects, built in one buffer that is used again for each of them: no allocation per event.
package struct EventEncoder: ~Copyable {
    private var json = JSONBytes()

    package init() {}

    /// Gives each event of a parsed block to `emit`, in their order.
    package mutating func encode(
        _ block: ParsedBlock, height: Int32, emit: (EventKind, RawSpan) throws(StoreError) -> Void
    ) throws(StoreError) {
        guard let header = block.header else { return }
        write(header, block, height: height)
        try emit(.blockAdded, json.bytes)
        for (index, transaction) in block.transactions.enumerated() {
            let isCoinbase = index == 0 && block.isCoinbase(transaction)
            for (vin, input) in (isCoinbase ? [] : block.inputs[transaction.inputs]).enumerated() {
                json.clear()
                json.write(#"{"prev_txid":""#, Hash256(block.bytes, at: input))
                json.write(#"","prev_vout":"#, block.bytes.integer(at: input + 32) as UInt32)
                json.write(#","txid":""#, transaction.txid)
                json.write(#"","tx_index":"#, index)
                json.write(#","vin":"#, vin)
                json.write("}")
                try emit(.outputSpent, json.bytes)
            }
            for (vout, output) in block.outputs[transaction.outputs].enumerated() {
                json.clear()
                json.write(#"{"txid":""#, transaction.txid)
                json.write(#"","vout":"#, vout)
                json.write(#","value":"#, output.value)
                json.write(#","script":""#)
                block.bytes.withUnsafeBytes { json.write(hex: UnsafeRawBufferPointer(rebasing: $0[output.script])) }
                json.write(#"","tx_index":"#, index)
                json.write(isCoinbase ? #","coinbase":true}"# : #","coinbase":false}"#)
                try emit(.outputCreated, json.bytes)
            }
        }
    }

    private mutating func write(_ header: BlockHeader, _ block: ParsedBlock, height: Int32) {
        json.clear()
        json.write(#"{"hash":""#, header.hash)
        json.write(#"","prev":""#, header.previous)
        json.write(#"","height":"#, height)
        json.write(#","version":"#, header.version)
        json.write(#","merkle_root":""#, header.merkleRoot)
        json.write(#"","time":"#, header.time)
        json.write(#","bits":""#)
        withUnsafeBytes(of: header.bits.bigEndian) { json.write(hex: $0) }
        json.write(#"","nonce":"#, header.nonce)
        json.write(#","n_tx":"#, block.transactions.count)
        json.write(#","size":"#, block.bytes.count)
        json.write("}")
    }
}

extension JSONBytes {
    /// Writes a text and behind it a hash, as Bitcoin prints it.
    fileprivate mutating func write(_ text: StaticString, _ hash: Hash256) {
        write(text)
        withUnsafeBytes(of: hash.reversed) { write(hex: $0) }
    }

    /// Writes a text and behind it a number.
    fileprivate mutating func write(_ text: StaticString, _ value: some FixedWidthInteger) {
        write(text)
        write(value)
    }
}
