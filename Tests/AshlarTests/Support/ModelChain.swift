import AshlarTestSupport

@testable import Ashlar
@testable import AshlarFormat

/// What the log must hold, kept in plain arrays: the simulator compares the store with it.
struct ModelChain {
    /// What a commit must look like.
    struct Commit {
        var kind: CommitKind
        var continues = false
        var block: Block?
        var rollback: RollbackPart?
        var key: [UInt8]?
        var mark: [UInt8]?
        var events: [StoredEvent] = []
        /// The chain after it.
        var after: Chain
        /// Nil if the append failed, so that it was never told.
        var chainValue: UInt64?
    }

    /// The canonical chain at one point, with the sequences of its blocks.
    struct Chain {
        var blocks: [UInt64] = []
        var versions: [String: UInt64] = [:]
        var finalHeight: Int64 = -1
        /// Names the log has seen.
        var models: Set<String> = []
    }

    var commits: [Commit] = []
    /// The store does not have the commits up to here any more; they stay here, for what they add up to.
    var pruned: UInt64 = 0
    let finalityDepth: Int64

    init(finalityDepth: Int64) { self.finalityDepth = finalityDepth }

    /// The chain now.
    var chain: Chain { commits.last?.after ?? Chain() }

    var lastSequence: UInt64 { UInt64(commits.count) }

    func block(_ sequence: UInt64) -> Block? { commits[Int(sequence) - 1].block }

    func events(_ sequence: UInt64) -> [StoredEvent] { commits[Int(sequence) - 1].events }

    /// The canonical tip.
    var tip: Block? { chain.blocks.last.flatMap { block($0) } }

    var tipHeight: Int64 { tip?.height ?? -1 }

    /// Blocks in the log that are not canonical now.
    var undone: [UInt64] {
        let canonical = Set(chain.blocks)
        return (pruned + 1..<lastSequence + 1).filter { block($0) != nil && !canonical.contains($0) }
    }

    /// Forgets everything after `sequence`: a power cut took it.
    mutating func cut(to sequence: UInt64) { commits.removeLast(commits.count - Int(sequence)) }

    /// Height of the last block that was pruned; −1 if none was.
    var prunedHeight: Int64 {
        pruned == 0 ? -1 : commits[Int(pruned) - 1].after.blocks.last.flatMap { block($0)?.height } ?? -1
    }

    /// Describes undoing all canonical blocks from position `keep` on and taking up `readopted`; nil if versions would not continue.
    func rollback(keep: Int, toHeight: Int64, readopted: [UInt64] = []) -> (RollbackPart, Chain)? {
        var after = chain
        var part = RollbackPart(toHeight: toHeight)
        var changed: [String: UInt64] = [:]
        for sequence in chain.blocks[keep...] {
            part.undoneBlocks += 1
            part.undoneEvents += UInt64(events(sequence).count)
            for event in events(sequence) where changed[event.model] == nil { changed[event.model] = event.version - 1 }
        }
        after.blocks.removeLast(after.blocks.count - keep)
        after.versions.merge(changed) { $1 }
        for sequence in readopted {
            guard let block = block(sequence) else { return nil }
            for event in events(sequence) {
                guard event.version == (after.versions[event.model] ?? 0) + 1 else { return nil }
                after.versions[event.model] = event.version
            }
            after.blocks.append(sequence)
            part.readopted.append(Readopted(sequence: sequence, height: block.height))
            part.readoptedEvents += UInt64(events(sequence).count)
        }
        if let top = after.blocks.last.flatMap({ block($0) }) {
            part.tipHeight = top.height
            part.tipTimestamp = top.timestamp.microseconds
            part.tipHash = top.hash
        }
        return (part, after)
    }
}

extension ModelChain {
    /// Appends a block commit, after `rollback` if it has one.
    mutating func append(
        _ block: Block, _ events: [Event], rollback: (RollbackPart, Chain)? = nil, continues: Bool = false
    ) {
        var commit = Commit(kind: .block, continues: continues, block: block, after: rollback?.1 ?? chain)
        commit.rollback = rollback?.0
        commit.mark = block.mark
        commit.events = number(events, &commit.after.versions)
        commit.after.blocks.append(lastSequence + 1)
        commit.after.models.formUnion(events.map(\.model))
        append(commit, tipHeight: block.height)
    }

    /// The commits behind the first `count`, in a few words.
    func summary(from count: Int) -> String {
        commits.dropFirst(count).enumerated().map { offset, commit in
            var words = [" \(count + offset + 1): \(commit.kind)"]
            if let block = commit.block { words.append("\(block.height)") }
            if let rollback = commit.rollback {
                words.append("undoing \(rollback.undoneBlocks), taking up \(rollback.readopted.count)")
            }
            return words.joined(separator: " ") + ", \(commit.events.count) events"
        }.joined(separator: ";")
    }

    mutating func appendRollback(_ rollback: (RollbackPart, Chain), mark: [UInt8]? = nil) {
        var commit = Commit(kind: .rollback, rollback: rollback.0, after: rollback.1)
        commit.mark = mark
        append(commit, tipHeight: rollback.0.tipHeight)
    }

    mutating func appendFloating(_ events: [Event], key: [UInt8]?) {
        var commit = Commit(kind: .floating, key: key ?? [], after: chain)
        commit.events = events.map {
            StoredEvent(
                model: $0.model, type: $0.type, payload: $0.payload, timestamp: $0.timestamp?.microseconds,
                requestID: $0.requestID, version: 0)
        }
        commit.after.models.formUnion(events.map(\.model))
        append(commit, tipHeight: tipHeight)
    }

    mutating func appendDeclaration(_ model: String) {
        var commit = Commit(kind: .control, after: chain)
        commit.after.models.insert(model)
        append(commit, tipHeight: tipHeight)
    }

    /// Appends what records a prune up to `sequence`: a mark that stood there is written again.
    mutating func appendPrune(upTo sequence: UInt64) {
        var commit = Commit(kind: .control, after: chain)
        if let last = commits.lastIndex(where: { $0.mark != nil }), last < sequence { commit.mark = commits[last].mark }
        append(commit, tipHeight: tipHeight)
    }

    private mutating func append(_ commit: Commit, tipHeight: Int64) {
        var commit = commit
        commit.after.finalHeight = max(chain.finalHeight, tipHeight - finalityDepth, -1)
        commits.append(commit)
    }

    private func number(_ events: [Event], _ versions: inout [String: UInt64]) -> [StoredEvent] {
        var stored: [StoredEvent] = []
        for event in events {
            versions[event.model, default: 0] += 1
            stored.append(
                StoredEvent(
                    model: event.model, type: event.type, payload: event.payload,
                    timestamp: event.timestamp?.microseconds, requestID: event.requestID,
                    version: versions[event.model] ?? 0))
        }
        return stored
    }
}
