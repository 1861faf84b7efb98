import AshlarTestSupport

@testable import Ashlar
@testable import AshlarFormat

extension Simulator {
    /// What can be done to a store.
    enum Operation: String, CaseIterable {
        case extend, fork, duplicate, comeBack, rollback, adopt, float, declare, prune, refuse

        /// The one that a number from 0 to 99 stands for.
        init(_ number: Int) {
            switch number {
            case 0..<42: self = .extend
            case 42..<56: self = .fork
            case 56..<61: self = .duplicate
            case 61..<66: self = .comeBack
            case 66..<72: self = .rollback
            case 72..<82: self = .adopt
            case 82..<92: self = .float
            case 92..<94: self = .declare
            case 94..<97: self = .prune
            default: self = .refuse
            }
        }
    }

    /// One random operation, in the model and in the store.
    ///
    /// The model goes first: if the store fails half-way, the commits may or may not be there.
    mutating func step(_ writer: inout Writer) throws(StoreError) {
        let operation = Operation(random.below(100))
        let before = model.commits.count
        tally.operations[operation.rawValue, default: 0] += 1
        defer { note("  \(operation.rawValue)\(model.summary(from: before))") }
        switch operation {
        case .extend: try extend(&writer)
        case .fork: try fork(&writer)
        case .duplicate: try duplicate(&writer)
        case .comeBack: try comeBack(&writer)
        case .rollback: try rollback(&writer)
        case .adopt: try adopt(&writer)
        case .float: try float(&writer)
        case .declare: try declare(&writer)
        case .prune: try prune(&writer)
        case .refuse: try refuse(&writer)
        }
    }

    /// Throws unless the store did what the model did.
    private func expect<Value: Equatable>(_ found: Value, _ wanted: Value) throws(StoreError) {
        guard found == wanted else { throw .invalidArgument("the store said \(found), the model \(wanted)") }
    }

    func expect(
        _ wanted: StoreError, _ body: () throws(StoreError) -> Void
    ) throws(StoreError) {
        do throws(StoreError) { try body() } catch {
            guard error != wanted else { return }
            throw error
        }
        throw .invalidArgument("the store took what should give: \(wanted)")
    }

    private mutating func extend(_ writer: inout Writer) throws(StoreError) {
        let block = newBlock(on: model.tip)
        let events = newEvents()
        model.append(block, events)
        try expect(writer.append(block, events: events), .extended(sequence: model.lastSequence))
    }

    private mutating func fork(_ writer: inout Writer) throws(StoreError) {
        let count = model.chain.blocks.count
        guard count > 0 else { return }
        let keep = count - 1 - random.below(min(count, 7))
        let events = newEvents()
        let block: Block
        let toHeight: Int64
        if keep > 0 {
            block = newBlock(on: model.block(model.chain.blocks[keep - 1]))
            toHeight = block.height - 1
        } else {
            guard let first = model.block(model.chain.blocks[0]) else { return }
            block = sibling(of: first)
            toHeight = first.height - 1
        }
        if toHeight < max(model.chain.finalHeight, model.prunedHeight) {
            let final = model.chain.finalHeight
            let wanted = StoreError.belowFinality(toHeight: toHeight, finalHeight: final)
            try expect(toHeight < model.prunedHeight ? pruned : wanted) { () throws(StoreError) in
                try writer.append(block, events: events)
            }
            return
        }
        guard let rollback = model.rollback(keep: keep, toHeight: toHeight) else { return }
        model.append(block, events, rollback: rollback)
        try expect(
            writer.append(block, events: events), .forked(sequence: model.lastSequence, undone: count - keep))
    }

    private mutating func duplicate(_ writer: inout Writer) throws(StoreError) {
        let blocks = model.chain.blocks
        guard !blocks.isEmpty else { return }
        let sequence = blocks[random.below(blocks.count)]
        guard let block = model.block(sequence) else { return }
        guard sequence > model.pruned else {
            return try expect(pruned) { () throws(StoreError) in
                try writer.append(block, events: oldEvents(sequence))
            }
        }
        try expect(writer.append(block, events: oldEvents(sequence)), .duplicate(sequence: sequence))
    }

    private mutating func comeBack(_ writer: inout Writer) throws(StoreError) {
        guard let tip = model.tip, let sequence = model.undone.last(where: { model.block($0)?.parent == tip.hash }),
            let block = model.block(sequence)
        else { return }
        let events = oldEvents(sequence)
        model.append(block, events)
        try expect(writer.append(block, events: events), .extended(sequence: model.lastSequence))
    }

    private mutating func rollback(_ writer: inout Writer) throws(StoreError) {
        // Who forces a rollback below finality makes snapshots void that a pruned log starts from.
        let overrides = random.chance(10) && (states == nil || model.pruned == 0)
        let height = model.tipHeight - Int64(random.below(overrides ? 40 : 6))
        guard height >= -1 else { return }
        let final = model.chain.finalHeight
        if overrides, height < model.prunedHeight {
            return try expect(pruned) { () throws(StoreError) in
                try writer.rollback(toHeight: height, belowFinality: true)
            }
        }
        if !overrides, height < min(final, model.tipHeight) {
            try expect(.belowFinality(toHeight: height, finalHeight: final)) { () throws(StoreError) in
                try writer.rollback(toHeight: height)
            }
            return
        }
        let keep = model.chain.blocks.filter { (model.block($0)?.height ?? 0) <= height }.count
        let undone = model.chain.blocks.count - keep
        if undone > 0, let rollback = model.rollback(keep: keep, toHeight: height) { model.appendRollback(rollback) }
        let outcome = try writer.rollback(toHeight: height, belowFinality: overrides)
        try expect(
            outcome, RollbackOutcome(sequence: model.lastSequence, undone: undone, readopted: 0, appended: 0))
    }

    private mutating func float(_ writer: inout Writer) throws(StoreError) {
        let events = newEvents()
        let key: [UInt8]? = random.chance(50) ? [UInt8(random.below(40)), 1] : nil
        let timestamp = Timestamp(seconds: Int64(random.below(1_000_000)))
        if let key, let index = model.commits.lastIndex(where: { $0.kind == .floating && $0.key == key }),
            index >= model.pruned
        {
            let outcome = try writer.appendFloating(events, key: key, timestamp: timestamp)
            try expect(outcome, .repeated(sequence: UInt64(index) + 1))
            return
        }
        model.appendFloating(events, key: key)
        let outcome = try writer.appendFloating(events, key: key, timestamp: timestamp)
        try expect(outcome, .appended(sequence: model.lastSequence))
    }

    private var pruned: StoreError { .pruned(sequence: model.pruned, height: model.prunedHeight) }

    /// Prunes below some height; what the store chose must be allowed, and nothing else may have changed.
    private mutating func prune(_ writer: inout Writer) throws(StoreError) {
        // A read that fails while the plan is made makes it another one.
        guard mayPrune, !disk.isReadFaultPending, model.tipHeight > 0, try states?.canPrune(writer.store) ?? true else {
            return
        }
        if random.chance(80) { try letAllCatchUp(&writer) }
        let height = random.chance(50) ? model.tipHeight + 1 : Int64(random.below(Int(model.tipHeight) + 2))
        var options = PruneOptions(belowHeight: height)
        options.modelsWithoutState = model.chain.models
        options.isDryRun = true
        guard case .pruned(let summary) = try writer.prune(options) else { return }
        guard mayPrune(summary.sequence, below: options.belowHeight) else {
            throw .invalidArgument("it would prune up to \(summary.sequence)")
        }
        options.isDryRun = false
        cutMeanwhile()
        beginningPrune = summary.sequence
        // It may come into force and fail after that.
        model.appendPrune(upTo: summary.sequence)
        try expect(writer.prune(options), .pruned(summary))
        (model.pruned, beginningPrune) = (summary.sequence, nil)
        tally.operations["pruned", default: 0] += 1
        acknowledged = model.lastSequence
        prunes += 1
    }

    /// Makes the log durable and brings consumers and targets to its end, so that they are in the way of nothing.
    private mutating func letAllCatchUp(_ writer: inout Writer) throws(StoreError) {
        try writer.sync()
        acknowledged = model.lastSequence
        try consumers?.catchUp(writer.store, upTo: acknowledged)
        try exports?.catchUp(writer.store, model, durable: acknowledged)
    }

    /// Perhaps turns the power off during a prune: it is rare, and much happens in it.
    private mutating func cutMeanwhile() {
        switch random.below(10) {
        case 0: disk.cutPower(atChange: 1 + random.below(30))
        case 1: disk.cutPower(at: .removeSegment, after: random.below(3))
        case 2: disk.cutPower(at: .removeIndex, after: 0)
        default: break
        }
    }

    /// Whether nothing behind `sequence` goes back before it, and what stands before is final.
    private func mayPrune(_ sequence: UInt64, below height: Int64) -> Bool {
        guard sequence > model.pruned, sequence <= model.lastSequence, consumers?.mayPrune(upTo: sequence) ?? true
        else { return false }
        let base = model.commits[Int(sequence) - 1].after.blocks
        guard let top = base.last.flatMap({ model.block($0)?.height }), top < height, top <= model.chain.finalHeight
        else { return false }
        return model.commits[Int(sequence)...].allSatisfy { commit in
            commit.after.blocks.starts(with: base)
                && commit.after.blocks.dropFirst(base.count).allSatisfy { $0 > sequence }
        }
    }

    private mutating func declare(_ writer: inout Writer) throws(StoreError) {
        let name = random.chance(50) ? "declared \(random.below(6))" : Self.models[random.below(Self.models.count)]
        if !model.chain.models.contains(name) { model.appendDeclaration(name) }
        try expect(writer.declare(models: [name]), model.lastSequence)
    }

    /// What must be refused, and leave no trace.
    private mutating func refuse(_ writer: inout Writer) throws(StoreError) {
        guard let tip = model.tip else { return }
        var block = newBlock(on: tip)
        let events = newEvents()
        if random.chance(50) {
            block.height += 1
            try expect(.wrongHeight(height: block.height, expected: tip.height + 1)) { () throws(StoreError) in
                try writer.append(block, events: events)
            }
        } else {
            block.parent = newHash(tip.height)
            let final = model.chain.finalHeight
            let wanted = StoreError.unlinked(
                height: block.height, tipHeight: tip.height, finalHeight: final >= 0 ? final : nil, undoneSequence: nil)
            try expect(wanted) { () throws(StoreError) in try writer.append(block, events: events) }
        }
    }
}
