import Ashlar
import AshlarExport
import AshlarFormat

/// Tells, in the rows of a network model, what happened to the chain: all of it in the order of the log, undone blocks too.
///
/// A store that was imported has the events that brought its blocks; they are written as they are, each where its last block came. What no such
/// event tells is written in rows that are made: rollbacks, blocks taken up again, and all blocks of a store that has no such events.
///
/// Invariant: the rows written so far and then `pending` tell the commits walked so far; `heights` is the chain as they leave it.
struct EasyLayerChainTeller: ~Copyable {
    private let store: Store
    private let text: EasyLayerBlockText
    private var commits: CommitSequence.Iterator
    private var events: EventCursor?
    /// The next of the events that brought blocks.
    private var event: StoredEvent?
    /// The commit after the last one walked.
    private var commit: StoredCommit?
    private var pending: [EasyLayerChainStep] = []
    private var heights: ClosedRange<Int64>?

    /// Most blocks in a row that is made.
    static let batchBlocks = 100
    /// Most blocks that a row made for a rollback names.
    static let mostRemoved = 10_000

    /// Tells a store's log as it is in `view`; `model` is the one with the events, if there is one.
    init(
        _ view: View, _ store: Store, _ network: EasyLayerNetwork, model: String?
    ) throws(EasyLayerExportError) {
        self.store = store
        text = EasyLayerBlockText(network: network)
        commits = store.commits(view.sequence > 0 ? 1...view.sequence : nil).makeIterator()
        if let model {
            var query = EventQuery()
            query.scope = .log
            query.models = [model]
            query.types = EasyLayerNetwork.spineTypes
            events = try exporting { () throws(StoreError) in try view.cursor(query) }
        }
        try nextEvent()
        if view.sequence > 0 { try nextCommit() }
    }

    /// Walks the commits up to `sequence` and hands out the rows that are ready.
    mutating func advance(
        through sequence: UInt64,
        _ body: (borrowing EasyLayerExportRow) throws(EasyLayerExportError) -> Void
    ) throws(EasyLayerExportError) {
        while let commit, commit.sequence <= sequence {
            try take(commit)
            if let event, event.sequence == commit.sequence { try write(event, body) }
            // An event that is still to come may tell what is pending.
            if event == nil, pending.count >= Self.batchBlocks { try flush(takePending(), body) }
            try nextCommit()
        }
    }

    /// Hands out the rows that are left.
    mutating func finish(
        _ body: (borrowing EasyLayerExportRow) throws(EasyLayerExportError) -> Void
    ) throws(EasyLayerExportError) {
        try advance(through: .max, body)
        try flush(takePending(), body)
    }

    private mutating func nextCommit() throws(EasyLayerExportError) {
        guard let result = commits.next() else {
            commit = nil
            return
        }
        commit = try exporting { () throws(StoreError) in try result.get() }
    }

    private mutating func nextEvent() throws(EasyLayerExportError) {
        event = nil
        guard events != nil else { return }
        do throws(StoreError) {
            if try events?.next() == true { event = events?.event }
        } catch {
            throw .store(error)
        }
    }
}

// MARK: - Steps

extension EasyLayerChainTeller {
    private mutating func take(_ commit: StoredCommit) throws(EasyLayerExportError) {
        switch commit.content {
        case .block(let stored, let rollback):
            if let rollback { try take(rollback, commit) }
            try add(stored.block, commit.sequence)
        case .rollback(let rollback): try take(rollback, commit)
        case .floating, .control: break
        }
    }

    private mutating func take(_ rollback: StoredRollback, _ commit: StoredCommit) throws(EasyLayerExportError) {
        if rollback.undoneBlocks > 0, let heights {
            let stays = rollback.toHeight >= heights.lowerBound
            let from = stays ? rollback.toHeight + 1 : heights.lowerBound
            let removed = try removed(from...heights.upperBound, before: commit.sequence)
            pending.append(
                .rollBack(
                    toHeight: stays ? rollback.toHeight : nil, from: from, removed: removed,
                    sequence: commit.sequence, time: commit.appendTime))
            self.heights = stays ? heights.lowerBound...rollback.toHeight : nil
        }
        for sequence in rollback.readopted {
            for result in store.commits(sequence...sequence) {
                let known = try exporting { () throws(StoreError) in try result.get() }
                if case .block(let stored, _) = known.content { try add(stored.block, sequence) }
            }
        }
    }

    private mutating func add(_ block: Block, _ sequence: UInt64) throws(EasyLayerExportError) {
        if let heights, block.height != heights.upperBound + 1 {
            throw .refused(
                code: "heightGap",
                "block \(block.height) follows block \(heights.upperBound): a network model of EasyLayer's skips no height; "
                    + "export with `--network none`")
        }
        heights = (heights?.lowerBound ?? block.height)...block.height
        pending.append(.add(block, sequence: sequence))
    }

    /// The blocks that stood at these heights before a commit, the highest first, as many as are named.
    private func removed(
        _ heights: ClosedRange<Int64>, before sequence: UInt64
    ) throws(EasyLayerExportError) -> [Block] {
        try exporting { () throws(StoreError) in
            var blocks: [Block] = []
            for result in try store.view(asOf: sequence - 1).blocks(heights, descending: true) {
                guard blocks.count < Self.mostRemoved else { break }
                blocks.append(try result.get().block)
            }
            return blocks
        }
    }
}

// MARK: - Rows

extension EasyLayerChainTeller {
    /// Writes an event that brought blocks, and before it what is pending and not told by it.
    private mutating func write(
        _ event: StoredEvent, _ body: (borrowing EasyLayerExportRow) throws(EasyLayerExportError) -> Void
    ) throws(EasyLayerExportError) {
        guard let first = firstStep(of: event) else { throw foreign(event) }
        try flush(Array(takePending()[..<first]), body)
        try body(
            EasyLayerExportRow(
                type: event.type, requestID: event.requestID, isMade: false, height: event.height,
                timestamp: event.timestamp,
                payload: event.payload.span.bytes))
        try nextEvent()
        if self.event?.sequence == event.sequence { throw foreign(event) }
    }

    /// Where in `pending` the blocks begin that an event brought; nil if it did not bring what is there.
    ///
    /// They are the last ones, and a rollback among them is one that the next block's height implies.
    private func firstStep(of event: StoredEvent) -> Int? {
        guard let (network, change) = EasyLayerNetwork.change(ofType: event.type), change == .blocksAdded,
            let told = try? EasyLayerBlock.blocks(in: event.payload, of: network), !told.isEmpty,
            event.height == told.last?.height
        else { return nil }
        var index = pending.count
        var next: Int64?
        for block in told.reversed() {
            while index > 0, case .rollBack(let height, let from, _, _, _) = pending[index - 1] {
                guard let next, height.map({ $0 == next - 1 }) ?? (next <= from) else { return nil }
                index -= 1
            }
            guard index > 0, case .add(let known, _) = pending[index - 1] else { return nil }
            guard known.height == block.height, known.hash == block.hash, known.parent == block.parent else {
                return nil
            }
            index -= 1
            next = block.height
        }
        return index
    }

    private func foreign(_ event: StoredEvent) -> EasyLayerExportError {
        .refused(
            code: "foreignNetwork",
            "\(event.type.debugDescription) of the model \(event.model.debugDescription) in commit \(event.sequence) does "
                + "not tell the blocks that came there, as a network model's events do; export with `--network none`, or "
                + "with `--network-model` and another name")
    }

    private mutating func takePending() -> [EasyLayerChainStep] {
        defer { pending.removeAll() }
        return pending
    }

    /// Makes rows of steps.
    private func flush(
        _ steps: [EasyLayerChainStep],
        _ body: (borrowing EasyLayerExportRow) throws(EasyLayerExportError) -> Void
    ) throws(EasyLayerExportError) {
        var blocks: [Block] = []
        var last: UInt64 = 0
        for step in steps {
            switch step {
            case .add(let block, let sequence):
                blocks.append(block)
                last = sequence
                let isBatch = blocks.count == Self.batchBlocks || !EasyLayerBlockText.hasWholeTime(block)
                if isBatch { try added(&blocks, last, body) }
            case .rollBack(let height, _, let removed, let sequence, let time):
                try added(&blocks, last, body)
                let payload = height == nil ? Array("{}".utf8) : text.payload(removed)
                try body(made(height == nil ? .cleared : .reorganized, sequence, height, time, payload.span.bytes))
            }
        }
        try added(&blocks, last, body)
    }

    /// Makes a row of blocks that came and forgets these.
    private func added(
        _ blocks: inout [Block], _ sequence: UInt64,
        _ body: (borrowing EasyLayerExportRow) throws(EasyLayerExportError) -> Void
    ) throws(EasyLayerExportError) {
        guard let last = blocks.last else { return }
        let payload = text.payload(blocks)
        try body(made(.blocksAdded, sequence, last.height, last.timestamp, payload.span.bytes))
        blocks.removeAll()
    }

    @_lifetime(copy payload)
    private func made(
        _ change: EasyLayerNetwork.Change, _ sequence: UInt64, _ height: Int64?, _ time: Timestamp, _ payload: RawSpan
    ) -> EasyLayerExportRow {
        EasyLayerExportRow(
            type: text.network.typeName(change), requestID: EasyLayerRequestID.made(of: sequence), isMade: true,
            height: height, timestamp: time, payload: payload)
    }
}

extension EasyLayerExportRow {
    /// A row whose type is not among those kept at hand.
    @_lifetime(copy payload)
    fileprivate init(
        type: String, requestID: [UInt8]?, isMade: Bool, height: Int64?, timestamp: Timestamp, payload: RawSpan
    ) {
        var digest = EasyLayerDigest()
        digest.add(type)
        self.init(
            typeDigest: digest, type: Array(type.utf8), requestID: requestID, isMade: isMade, height: height,
            timestamp: timestamp, payload: payload)
    }
}
