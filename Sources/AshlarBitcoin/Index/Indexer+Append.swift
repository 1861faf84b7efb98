import Ashlar
import AshlarCLI

extension Indexer {
    /// The most bytes of blocks that are switched to at once; longer branches are taken block by block.
    private static let maximumBranchBytes = 32 << 20

    /// Makes the chain end at `best`, or below it at the height to stop at, if that has more work than the tip.
    mutating func advance(to best: NodeIndex) throws(CommandError) {
        var target = best
        while target >= 0, chain[target].height > settings.stopAt { target = chain[target].parent }
        guard target >= 0, chain[target].work > chain.tip.map({ chain[$0].work }) ?? 0 else { return }
        var path = chain.path(to: target)[...]
        if let tip = chain.tip, let first = path.first, chain[first].parent != tip || chain[first].isLogged {
            path = path.dropFirst(try switchBranch(path, from: tip))
        }
        for node in path {
            guard !isOver else { return }
            try append(node)
        }
    }

    /// Switches to the beginning of a path, as much of it as has more work than the tip, in one commit; gives how many blocks that are.
    private mutating func switchBranch(_ path: ArraySlice<NodeIndex>, from tip: NodeIndex) throws(CommandError) -> Int {
        let needed = 1 + (path.firstIndex { chain[$0].work > chain[tip].work } ?? path.endIndex - 1) - path.startIndex
        let known = path.prefix { chain[$0].isLogged }.count
        var count = max(needed, known)
        let bytes = path.prefix(count).dropFirst(known).reduce(0) { $0 + chain[$1].record.size }
        if bytes > Self.maximumBranchBytes { count = known }
        // One new block forks by itself.
        guard count > 1 || known == 1 else { return 0 }
        try adopt(path.prefix(count), known: known)
        return count
    }

    private mutating func adopt(_ path: ArraySlice<NodeIndex>, known: Int) throws(CommandError) {
        var branch = path.prefix(known).map { BranchBlock.known(sequence: chain[$0].sequence) }
        var counts = [Int](repeating: 0, count: known)
        for node in path.dropFirst(known) {
            try hold(node)
            var events: [Event] = []
            do throws(StoreError) {
                try encoder.encode(block, height: chain[node].height) { (kind, payload) throws(StoreError) in
                    let bytes = payload.withUnsafeBytes { Array($0) }
                    events.append(Event(model: kind.names.model, type: kind.names.type, payload: bytes))
                }
                branch.append(.new(try Self.place(of: block, height: chain[node].height, mark: nil), events))
            } catch {
                throw .store(error)
            }
            counts.append(events.count)
        }
        let mark = mark()
        let outcome: RollbackOutcome
        do throws(StoreError) { outcome = try writer.adopt(branch: branch, mark: mark) } catch {
            throw CommandError(appending: error)
        }
        summary.counts.countRollback(undone: outcome.undone)
        summary.readopted += outcome.readopted
        // New blocks are the last commits of the log, one each.
        let firstNew = outcome.sequence - UInt64(outcome.appended) + 1
        for (index, node) in path.enumerated() {
            let isNew = index >= known
            finish(
                node, isNew ? firstNew + UInt64(index - known) : chain[node].sequence,
                events: isNew ? counts[index] : nil)
        }
    }

    /// Appends a block to the chain, or where it forks it.
    private mutating func append(_ node: NodeIndex) throws(CommandError) {
        try hold(node)
        let mark = mark()
        let appended: (outcome: AppendOutcome, events: Int)
        do throws(StoreError) {
            let place = try Self.place(of: block, height: chain[node].height, mark: mark)
            appended = try Self.append(place, block, handles, &encoder, &writer)
        } catch {
            throw CommandError(appending: error)
        }
        if case .forked(_, let undone) = appended.outcome { summary.counts.countRollback(undone: undone) }
        finish(node, appended.outcome.sequence, events: appended.events)
    }

    private static func append(
        _ place: Block, _ block: ParsedBlock, _ handles: [(ModelHandle, TypeHandle)],
        _ encoder: inout EventEncoder, _ writer: inout Writer
    ) throws(StoreError) -> (AppendOutcome, Int) {
        var count = 0
        let outcome = try writer.append(place) { (batch) throws(StoreError) in
            try encoder.encode(block, height: Int32(place.height)) { (kind, payload) throws(StoreError) in
                let (model, type) = handles[kind.rawValue]
                try batch.add(model, type, payload: payload)
            }
            count = batch.count
        }
        return (outcome, count)
    }

    /// Notes that a block is the tip now; `events` is nil if it was in the log before.
    private mutating func finish(_ node: NodeIndex, _ sequence: UInt64, events: Int?) {
        if let events {
            summary.counts.blocks += 1
            summary.counts.events += events
        }
        chain.makeCanonical(node, sequence: sequence)
        wakeModels()
    }

    /// A block's place in the chain, as the store has it.
    private static func place(
        of block: ParsedBlock, height: Int32, mark: [UInt8]?
    ) throws(StoreError) -> Block {
        guard let header = block.header else { throw .invalidArgument("internal inconsistency: no block was parsed") }
        return Block(
            height: Int64(height), hash: try header.hash.stored(), parent: try header.previous.stored(),
            timestamp: Timestamp(seconds: Int64(header.time)), mark: mark)
    }

    /// Brings a block into `block`: reads it from its file again, unless it is the one that was read last.
    private mutating func hold(_ node: NodeIndex) throws(CommandError) {
        guard held != node else { return }
        held = nil
        let (number, record) = (chain[node].file, chain[node].record)
        let name = files[Int(number)].name
        var problem = ""
        // What the open file has in memory may have been written since.
        for isAnew in [false, true] {
            if isAnew || side?.number != number { side = (number, try directory.open(name)) }
            let bytes = try side?.file.block(record) ?? []
            do throws(BlockProblem) { try block.parse(bytes, of: settings.network) } catch {
                problem = "\(error)"
                continue
            }
            if let header = block.header, chain.find(header.hash) == node {
                held = node
                return
            }
            problem = "another block stands there"
        }
        let message = "\(name) at offset \(record.offset): the block that stood there cannot be read any more: "
        throw .refused(code: "changed", message: message + problem)
    }
}

extension CommandError {
    /// What came of an append.
    fileprivate init(appending error: StoreError) {
        guard case .belowFinality(let height, let final) = error else {
            self = .store(error)
            return
        }
        self = .refused(
            code: "belowFinality",
            message: "the branch with the most work leaves the chain at height \(height), below the final height "
                + "\(final); roll the store back with `ashlar rollback --below-finality` if it is right")
    }
}
