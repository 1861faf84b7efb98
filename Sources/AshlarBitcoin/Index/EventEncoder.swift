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
package struct EventEncoder {
    private var json: [UInt8] = []
    /// The member that tells the transaction: most events have it.
    private var txid: [UInt8] = []

    package init() {}

    /// Gives each event of a parsed block to `emit`, in their order.
    package mutating func encode(
        _ block: ParsedBlock, height: Int32, emit: (EventKind, RawSpan) throws(StoreError) -> Void
    ) throws(StoreError) {
        guard let header = block.header else { return }
        write(header, block, height: height)
        try emit(.blockAdded, json.span.bytes)
        for (index, transaction) in block.transactions.enumerated() {
            let isCoinbase = index == 0 && block.isCoinbase(transaction)
            txid.begin(#""txid":"#, transaction.txid)
            for (vin, input) in (isCoinbase ? [] : block.inputs[transaction.inputs]).enumerated() {
                json.begin(#"{"prev_txid":"#, Hash256(block.bytes, at: input))
                json.add(#","prev_vout":"#, block.bytes.integer(at: input + 32) as UInt32)
                json.append(text: ",")
                json.append(contentsOf: txid)
                json.add(#","tx_index":"#, index)
                json.add(#","vin":"#, vin)
                json.append(text: "}")
                try emit(.outputSpent, json.span.bytes)
            }
            for (vout, output) in block.outputs[transaction.outputs].enumerated() {
                json.removeAll(keepingCapacity: true)
                json.append(text: "{")
                json.append(contentsOf: txid)
                json.add(#","vout":"#, vout)
                json.add(#","value":"#, output.value)
                json.append(text: #","script":""#)
                block.bytes.withUnsafeBytes { json.append(hex: UnsafeRawBufferPointer(rebasing: $0[output.script])) }
                json.add(#"","tx_index":"#, index)
                json.append(text: isCoinbase ? #","coinbase":true}"# : #","coinbase":false}"#)
                try emit(.outputCreated, json.span.bytes)
            }
        }
    }

    private mutating func write(_ header: BlockHeader, _ block: ParsedBlock, height: Int32) {
        json.begin(#"{"hash":"#, header.hash)
        json.add(#","prev":"#, header.previous)
        json.add(#","height":"#, height)
        json.add(#","version":"#, header.version)
        json.add(#","merkle_root":"#, header.merkleRoot)
        json.add(#","time":"#, header.time)
        json.append(text: #","bits":""#)
        withUnsafeBytes(of: header.bits.bigEndian) { json.append(hex: $0) }
        json.add(#"","nonce":"#, header.nonce)
        json.add(#","n_tx":"#, block.transactions.count)
        json.add(#","size":"#, block.bytes.count)
        json.append(text: "}")
    }
}

extension [UInt8] {
    /// Begins a new object with a hash.
    fileprivate mutating func begin(_ text: StaticString, _ hash: Hash256) {
        removeAll(keepingCapacity: true)
        add(text, hash)
    }

    /// Adds a member that is a hash, as Bitcoin prints it.
    fileprivate mutating func add(_ text: StaticString, _ hash: Hash256) {
        append(text: text)
        append(text: "\"")
        Swift.withUnsafeBytes(of: hash) { append(hex: $0, isReversed: true) }
        append(text: "\"")
    }

    /// Adds a member that is a number.
    @inline(__always)
    fileprivate mutating func add(_ text: StaticString, _ value: some FixedWidthInteger) {
        append(text: text)
        append(decimal: value)
    }
}
