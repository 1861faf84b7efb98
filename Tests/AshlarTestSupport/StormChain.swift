package import Ashlar

/// A chain that reorganises all the time: extensions, forks of several depths, undone branches that come back, floating batches, rollbacks.
///
/// Invariant: `known` has every block that was appended, with its sequence; `tip` is the canonical one.
package struct StormChain {
    private struct Known {
        var block: Block
        var sequence: UInt64
        var parent: Int?
    }

    private var random: SplitMix64
    private var known: [Known] = []
    private var tip: Int?
    private var serial: UInt64 = 0

    /// A chain without blocks; the same seed makes the same one.
    package init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// Does one random thing to the store.
    package mutating func step(_ writer: inout Writer) throws(StoreError) {
        let chance = random.below(100)
        switch chance {
        case 0..<12: try floating(&writer)
        case 12..<24 where tip != nil: try fork(&writer)
        case 24..<30 where known.count > 3: try adopt(&writer)
        case 30..<33 where tip != nil: try rollback(&writer)
        default: try append(on: tip, &writer)
        }
    }

    private mutating func append(on parent: Int?, _ writer: inout Writer) throws(StoreError) {
        serial += 1
        let height = parent.map { known[$0].block.height + 1 } ?? 0
        let hash = BlockHash(random.bytes(32)) ?? Samples.hash(height)
        let block = Block(
            height: height, hash: hash, parent: parent.map { known[$0].block.hash } ?? Samples.hash(-1),
            timestamp: Timestamp(seconds: 1_700_000_000 + height * 600 - Int64(random.below(1_200))),
            requestID: random.chance(20) ? random.bytes(16) : nil)
        let outcome = try writer.append(block, events: events(random.below(12)))
        let sequence =
            switch outcome {
            case .extended(let sequence), .forked(let sequence, _): sequence
            default: writer.store.sequence
            }
        known.append(Known(block: block, sequence: sequence, parent: parent))
        tip = known.count - 1
    }

    /// A block on an ancestor of the tip.
    private mutating func fork(_ writer: inout Writer) throws(StoreError) {
        var parent = tip
        for _ in 0...random.below(4) { parent = parent.flatMap { known[$0].parent } }
        try append(on: parent ?? tip, &writer)
    }

    /// The branch of an undone block is taken up again.
    private mutating func adopt(_ writer: inout Writer) throws(StoreError) {
        var canonical = Set<Int>()
        var next = tip
        // Branches are a few blocks long; further down nothing else is canonical.
        while let block = next, canonical.count < 300 {
            canonical.insert(block)
            next = known[block].parent
        }
        let candidates = known.indices.suffix(20).filter { !canonical.contains($0) }
        guard !candidates.isEmpty else { return }
        let chosen = candidates[random.below(candidates.count)]
        var branch: [BranchBlock] = []
        next = chosen
        while let block = next, !canonical.contains(block) {
            branch.insert(.known(sequence: known[block].sequence), at: 0)
            next = known[block].parent
        }
        guard next != nil else { return }
        try writer.adopt(branch: branch, belowFinality: true)
        tip = chosen
    }

    private mutating func rollback(_ writer: inout Writer) throws(StoreError) {
        guard let parent = tip.flatMap({ known[$0].parent }) else { return }
        try writer.rollback(toHeight: known[parent].block.height, belowFinality: true)
        tip = parent
    }

    private mutating func floating(_ writer: inout Writer) throws(StoreError) {
        serial += 1
        try writer.appendFloating(
            events(1 + random.below(3)), timestamp: Timestamp(seconds: 1_700_000_000 + Int64(serial)))
    }

    private mutating func events(_ count: Int) -> [Event] {
        (0..<count).map { index in
            Event(
                model: "model \(random.below(5))", type: "type.\(random.below(3))", payload: payload(index),
                requestID: random.chance(10) ? random.bytes(1 + random.below(20)) : nil)
        }
    }

    /// JSON of all kinds, and what is none.
    private mutating func payload(_ index: Int) -> [UInt8] {
        let texts = [
            "{\"n\":\(random.next()),\"text\":\"ä\\n\\\"\\u20ac\"}", "[1,2.50,-3e2,null,true]", "\"text\"", "17",
            "{\"a\":1,\"a\":2}", "{\"zero\":\"\\u0000\"}", "{\"cut\":", "", "{\"big\":123456789012345678901234567890}",
            "{\"b\":{\"c\":[{}]},\"a\":\"\\ud83d\\ude00\"}", "\"\\ud800\"", "-0", "1e400",
        ]
        let choice = random.below(texts.count + 2)
        return choice < texts.count ? Array(texts[choice].utf8) : random.bytes(random.below(60))
    }
}
