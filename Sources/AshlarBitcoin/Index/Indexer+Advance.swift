import Ashlar

extension Indexer {
    /// The most bytes of blocks that are switched to at once; longer branches are taken block by block.
    private static let maximumBranchBytes = 32 << 20

    /// Makes the chain end at `best` if that has more work than the tip; `bytes` are those of the block `hand`, which `block` holds parsed.
    mutating func advance(to best: NodeIndex, hand: NodeIndex?, _ bytes: RawSpan) throws(IndexFailure) {
        let target = clipped(best)
        guard target >= 0 else { return }
        if let tip = chain.tip {
            guard chain[target].work > chain[tip].work else { return }
        }
        var path = chain.path(to: target)[...]
        guard let first = path.first else { return }
        if let tip = chain.tip, chain[first].parent != tip || chain[first].state == .inLog {
            path = path.dropFirst(try switchBranch(path, from: tip))
        }
        for node in path {
            guard !isOver else { return }
            node == hand ? try append(node, bytes) : try appendFromFile(node)
        }
    }

    /// The highest block at or below a block that is not above the height to stop at.
    private func clipped(_ node: NodeIndex) -> NodeIndex {
        var node = node
        while node >= 0, chain[node].height > settings.stopAt { node = chain[node].parent }
        return node
    }

    /// Switches to the beginning of a path, as much of it as has more work than the tip, in one commit; gives how many blocks that are.
    private mutating func switchBranch(_ path: ArraySlice<NodeIndex>, from tip: NodeIndex) throws(IndexFailure) -> Int {
        let needed = 1 + (path.firstIndex { chain[$0].work > chain[tip].work } ?? path.endIndex - 1) - path.startIndex
        let known = path.prefix { chain[$0].state == .inLog }.count
        var count = max(needed, known)
        let bytes = path.prefix(count).dropFirst(known).reduce(0) { $0 + chain[$1].size }
        if bytes > Self.maximumBranchBytes { count = known }
        // One new block forks by itself.
        guard count > 1 || known == 1 else { return 0 }
        try adopt(Array(path.prefix(count)), known: known)
        return count
    }

    private mutating func adopt(_ path: [NodeIndex], known: Int) throws(IndexFailure) {
        var elements: [BranchBlock] = []
        for node in path.prefix(known) { elements.append(.known(sequence: chain[node].place)) }
        for node in path.dropFirst(known) {
            let height = chain[node].height
            var events: [Event] = []
            let place = try read(node) { (block, bytes, encoder, _) throws(StoreError) in
                try encoder.encode(block, bytes, height: height) { (kind, payload) throws(StoreError) in
                    events.append(Event(kind, payload))
                }
                return try Self.place(of: block, height: height, mark: nil)
            }
            elements.append(.new(place, events))
        }
        let added = Set(path)
        let mark = mark { added.contains($0) }
        let outcome: RollbackOutcome
        do throws(StoreError) { outcome = try writer.adopt(branch: elements, mark: mark) } catch { throw .store(error) }
        summary.countRollback(undone: outcome.undone)
        summary.readopted += outcome.readopted
        summary.blocks += outcome.appended
        // New blocks are the last commits of the log, one each.
        var sequence = outcome.sequence - UInt64(outcome.appended)
        for (element, node) in zip(elements, path) {
            if case .new(_, let events) = element {
                sequence += 1
                summary.events += events.count
                chain.markLogged(node, sequence: sequence)
            }
            chain.makeCanonical(node)
        }
        wakeModels()
    }

    /// Appends the block that was just read, which `block` holds parsed.
    private mutating func append(_ node: NodeIndex, _ bytes: RawSpan) throws(IndexFailure) {
        let mark = mark { $0 == node }
        let (height, names) = (chain[node].height, names)
        let count: (AppendOutcome, Int)
        do throws(StoreError) {
            let place = try Self.place(of: block, height: height, mark: mark)
            count = try Self.append(place, block, bytes, names, &encoder, &writer)
        } catch {
            throw .store(error)
        }
        finish(node, count.0, events: count.1)
    }

    /// Appends a block that waited in its file.
    private mutating func appendFromFile(_ node: NodeIndex) throws(IndexFailure) {
        let mark = mark { $0 == node }
        let (height, names) = (chain[node].height, names)
        let (outcome, events) = try read(node) { (block, bytes, encoder, writer) throws(StoreError) in
            let place = try Self.place(of: block, height: height, mark: mark)
            return try Self.append(place, block, bytes, names, &encoder, &writer)
        }
        finish(node, outcome, events: events)
    }

    private static func append(
        _ place: Block, _ block: borrowing ParsedBlock, _ bytes: RawSpan, _ names: EventNames,
        _ encoder: inout EventEncoder, _ writer: inout Writer
    ) throws(StoreError) -> (AppendOutcome, Int) {
        var count = 0
        let outcome = try writer.append(place) { (batch) throws(StoreError) in
            try encoder.encode(block, bytes, height: Int32(place.height)) { (kind, payload) throws(StoreError) in
                let (model, type) = names[kind]
                try batch.add(model, type, payload: payload)
            }
            count = batch.count
        }
        return (outcome, count)
    }

    private mutating func finish(_ node: NodeIndex, _ outcome: AppendOutcome, events: Int) {
        if case .forked(_, let undone) = outcome { summary.countRollback(undone: undone) }
        summary.blocks += 1
        summary.events += events
        chain.markLogged(node, sequence: outcome.sequence)
        chain.makeCanonical(node)
        wakeModels()
    }

    /// A block's place in the chain, as the store has it.
    private static func place(
        of block: borrowing ParsedBlock, height: Int32, mark: [UInt8]?
    ) throws(StoreError) -> Block {
        guard let header = block.header else { throw .invalidArgument("internal inconsistency: no block was parsed") }
        return Block(
            height: Int64(height), hash: try header.hash.stored(), parent: try header.previous.stored(),
            timestamp: Timestamp(seconds: Int64(header.time)), mark: mark)
    }

    /// How far the files are taken once `isTaken` blocks are in the log too.
    private mutating func mark(_ isTaken: (NodeIndex) -> Bool) -> [UInt8] {
        let finalHeight = writer.store.finalHeight ?? -1
        let chain = chain
        return files.mark { node in
            switch chain[node].state {
            case .inLog: true
            // What is not canonical below the final height never will be.
            case .aside: isTaken(node) || Int64(chain[node].height) <= finalHeight
            case .missing, .waiting: false
            }
        }.encoded
    }

    /// Reads a block from its file again, and gives it to `body`.
    private mutating func read<Result>(
        _ node: NodeIndex,
        _ body: (borrowing ParsedBlock, RawSpan, inout EventEncoder, inout Writer) throws(StoreError) -> Result
    ) throws(IndexFailure) -> Result {
        let (place, size, network) = (FilePlace(bits: chain[node].place), chain[node].size, settings.network)
        var file = try openSide(place.file)
        let record = RecordPlace(offset: place.offset, size: size)
        func changed(_ problem: String) -> IndexFailure {
            .input(.changed(file: files.files[place.file].name, offset: place.offset, problem: problem))
        }
        guard try file.reload(record) else { throw changed("the file is shorter than it was") }
        if let problem = Self.parse(file.bytes(size, at: record.body), of: network, into: &side.block) {
            throw changed("\(problem)")
        }
        guard side.block.header?.hash == chain[node].hash else { throw changed("another block stands there") }
        let result: Result
        do throws(StoreError) {
            result = try body(side.block, file.bytes(size, at: record.body), &encoder, &writer)
        } catch {
            throw .store(error)
        }
        side.file = consume file
        return result
    }

    /// The file with a number, for blocks that are read again; it stays open for the next one.
    private mutating func openSide(_ number: Int) throws(IndexFailure) -> BlockFile {
        if side.number == number, let file = side.file.take() { return file }
        side.number = number
        let (directory, name) = (directory, files.files[number].name)
        return try withInput { () throws(InputProblem) in try directory.open(name) }
    }
}

/// What is needed to read blocks again that waited for others.
struct SideReader: ~Copyable {
    var block = ParsedBlock()
    var number = -1
    var file: BlockFile?
}

extension BlockFile {
    /// Reads a record that was seen before; false if the file has it no longer.
    fileprivate mutating func reload(_ record: RecordPlace) throws(IndexFailure) -> Bool {
        do throws(InputProblem) {
            if try load(record.size, at: record.body) { return true }
            try refresh()
            return try load(record.size, at: record.body)
        } catch {
            throw .input(error)
        }
    }
}

extension Event {
    /// An event of a kind, by value.
    fileprivate init(_ kind: EventKind, _ payload: RawSpan) {
        let bytes = payload.withUnsafeBytes { Array($0) }
        switch kind {
        case .blockAdded: self.init(model: "headers", type: "block.added", payload: bytes)
        case .outputSpent: self.init(model: "utxo", type: "output.spent", payload: bytes)
        case .outputCreated: self.init(model: "utxo", type: "output.created", payload: bytes)
        }
    }
}
