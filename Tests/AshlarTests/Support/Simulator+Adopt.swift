import AshlarTestSupport

@testable import Ashlar
@testable import AshlarFormat

extension Simulator {
    /// Switches to a branch of known blocks, new ones, or both.
    mutating func adopt(_ writer: inout Writer) throws(StoreError) {
        var known: [UInt64] = []
        var keep: Int?
        if random.chance(60), let first = model.undone.randomElement(using: &random), let block = model.block(first) {
            keep = position(after: block)
            if keep != nil { known = branch(from: first) }
        }
        var count = known.isEmpty || random.chance(50) ? 1 + random.below(4) : 0
        if keep == nil { keep = model.chain.blocks.count - random.below(min(model.chain.blocks.count, 5)) }
        guard let keep else { return }
        if known.isEmpty, keep == 0, !model.chain.blocks.isEmpty { count = 0 }
        guard count > 0 || !known.isEmpty else { return }
        var parent = known.last.flatMap { model.block($0) }
        if known.isEmpty, keep > 0 { parent = model.block(model.chain.blocks[keep - 1]) }
        var new: [(Block, [Event])] = []
        for _ in 0..<count {
            let block = newBlock(on: parent)
            new.append((block, newEvents()))
            parent = block
        }
        try adopt(&writer, keep: keep, known: known, new: new)
    }

    private mutating func adopt(
        _ writer: inout Writer, keep: Int, known: [UInt64], new: [(Block, [Event])]
    ) throws(StoreError) {
        let branch = known.map { BranchBlock.known(sequence: $0) } + new.map { BranchBlock.new($0.0, $0.1) }
        let toHeight = keep > 0 ? model.block(model.chain.blocks[keep - 1])?.height ?? -1 : -1
        let final = model.chain.finalHeight
        if toHeight < model.prunedHeight {
            let wanted = StoreError.pruned(sequence: model.pruned, height: model.prunedHeight)
            return try expect(wanted) { () throws(StoreError) in try writer.adopt(branch: branch) }
        }
        let undone = model.chain.blocks.count - keep
        if undone > 0, toHeight < final {
            try expect(.belowFinality(toHeight: toHeight, finalHeight: final)) { () throws(StoreError) in
                try writer.adopt(branch: branch)
            }
            return
        }
        guard let plan = model.rollback(keep: keep, toHeight: toHeight, readopted: known) else {
            do throws(StoreError) { try writer.adopt(branch: branch) } catch {
                if case .notAdoptable = error { return }
                throw error
            }
            throw .invalidArgument("a branch whose versions do not continue was adopted")
        }
        let mark: [UInt8]? = random.chance(markPercent) ? random.bytes(1 + random.below(20)) : nil
        if new.isEmpty { model.appendRollback(plan, mark: mark) }
        for (index, (block, events)) in new.enumerated() {
            var block = block
            let isLast = index == new.count - 1
            if isLast { block.mark = mark ?? block.mark }
            let isRollback = index == 0 && (undone > 0 || !known.isEmpty)
            model.append(block, events, rollback: isRollback ? plan : nil, continues: !isLast)
        }
        let outcome = try writer.adopt(branch: branch, mark: mark)
        let wanted = RollbackOutcome(
            sequence: model.lastSequence, undone: undone, readopted: known.count, appended: new.count)
        guard outcome == wanted else { throw .invalidArgument("the store said \(outcome), the model \(wanted)") }
    }

    /// How many canonical blocks stay below `block`, or nil if its parent is not canonical.
    private func position(after block: Block) -> Int? {
        let blocks = model.chain.blocks
        guard let first = blocks.first.flatMap({ model.block($0) }) else { return 0 }
        if let index = blocks.firstIndex(where: { model.block($0)?.hash == block.parent }) { return index + 1 }
        return first.height == block.height && first.parent == block.parent ? 0 : nil
    }

    /// Undone blocks, each the child of the one before.
    private mutating func branch(from first: UInt64) -> [UInt64] {
        var branch = [first]
        let undone = model.undone
        while let top = branch.last.flatMap({ model.block($0) }), random.chance(75),
            let next = undone.last(where: { model.block($0)?.parent == top.hash })
        {
            branch.append(next)
        }
        return branch
    }
}

extension Simulator {
    static var models: [String] { ["utxo", "balances", "names", "m"] }

    mutating func newHash(_ height: Int64) -> BlockHash {
        var bytes = random.bytes(20 + random.below(13))
        bytes[0] = UInt8(truncatingIfNeeded: height)
        return BlockHash(bytes) ?? .none
    }

    /// A new block on `parent`, or a first one.
    mutating func newBlock(on parent: Block?) -> Block {
        let height = parent.map { $0.height + 1 } ?? Int64(random.below(4))
        var block = Block(
            height: height, hash: newHash(height), parent: parent?.hash ?? newHash(height - 1),
            timestamp: Timestamp(seconds: Int64(random.below(2_000_000_000))))
        if random.chance(markPercent) { block.mark = random.bytes(1 + random.below(30)) }
        if random.chance(20) { block.requestID = random.bytes(1 + random.below(30)) }
        return block
    }

    mutating func sibling(of first: Block) -> Block {
        var block = newBlock(on: nil)
        block.height = first.height
        block.parent = first.parent
        return block
    }

    mutating func newEvents() -> [Event] {
        var events: [Event] = []
        for _ in 0..<random.below(6) {
            let size = random.chance(largePercent) ? 500 + random.below(4_000) : random.below(100)
            var event = Event(
                model: Self.models[random.below(4)], type: "type \(random.below(3))",
                payload: random.chance(50) ? [UInt8](repeating: 7, count: size) : random.bytes(size))
            if random.chance(10) { event.timestamp = Timestamp(microseconds: Int64(random.below(1_000_000))) }
            if random.chance(10) { event.requestID = random.bytes(1 + random.below(10)) }
            events.append(event)
        }
        return events
    }

    /// The events of a block that is in the log, to be appended again.
    func oldEvents(_ sequence: UInt64) -> [Event] {
        model.events(sequence).map {
            Event(
                model: $0.model, type: $0.type, payload: $0.payload,
                timestamp: $0.timestamp.map { Timestamp(microseconds: $0) }, requestID: $0.requestID)
        }
    }
}
