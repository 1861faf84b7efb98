import Ashlar
import AshlarTestSupport

/// A chain of outputs and spends that reorganises all the time, with floating events and request ids: something for each documented query.
///
/// Invariant: `chain` is the canonical chain, each block with what can be spent behind it.
struct CoinStorm {
    private struct Link {
        var hash: BlockHash
        var unspent: [String]
    }

    /// Scripts that are paid to; the first is the one that the documentation asks for.
    private static let scripts =
        ["76a91412ab8dc588ca9d5787dde7eb29569da63c3a238c88ac"] + (10..<30).map { "0051\($0)" }

    private var random: SplitMix64
    private var chain: [Link] = []
    private var serial = 0
    /// Number of reorganisations.
    private(set) var reorgs = 0

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// Appends a block, every fifth time in the place of up to four others, and sometimes floating events.
    mutating func step(_ writer: inout Writer) throws {
        serial += 1
        if random.chance(10) {
            let seen = Event(model: "mempool", type: "tx.seen", payload: Array("{}".utf8), requestID: requestID())
            try writer.appendFloating([seen], timestamp: Timestamp(seconds: 1_231_000_000 + Int64(serial)))
        }
        if chain.count > 5, random.chance(20) {
            chain.removeLast(1 + random.below(4))
            reorgs += 1
        }
        var link = Link(hash: BlockHash(random.bytes(32)) ?? Samples.hash(0), unspent: chain.last?.unspent ?? [])
        let events = events(&link.unspent)
        // From the tenth block on there is a height without a block, which the query for those finds.
        let height = Int64(chain.count) + (chain.count > 10 ? 1 : 0)
        let block = Block(
            height: height, hash: link.hash, parent: chain.last?.hash ?? Samples.hash(-1),
            timestamp: Timestamp(seconds: 1_231_006_505 + height * 600))
        try writer.append(block, events: events)
        chain.append(link)
    }

    private mutating func events(_ unspent: inout [String]) -> [Event] {
        let txid = random.bytes(32).map { (UInt8(16) + $0 % 64) }.map { String($0, radix: 16) }.joined()
        var events: [Event] = []
        for _ in 0..<min(random.below(3), unspent.count) {
            let spent = unspent.remove(at: random.below(unspent.count)).split(separator: ":")
            let payload = #"{"prev_txid":"\#(spent[0])","prev_vout":\#(spent[1]),"txid":"\#(txid)","vin":0}"#
            events.append(Event(model: "utxo", type: "output.spent", payload: Array(payload.utf8)))
        }
        for vout in 0...random.below(4) {
            let script = Self.scripts[random.below(Self.scripts.count)]
            let payload =
                #"{"txid":"\#(txid)","vout":\#(vout),"value":\#(random.below(1 << 40)),"script":"\#(script)","coinbase":false}"#
            events.append(
                Event(model: "utxo", type: "output.created", payload: Array(payload.utf8), requestID: requestID()))
            // What the first block creates, nobody can spend.
            if !chain.isEmpty { unspent.append("\(txid):\(vout)") }
        }
        return events
    }

    private mutating func requestID() -> [UInt8]? {
        random.chance(20) ? Array("tx \(random.below(5))".utf8) : nil
    }
}
