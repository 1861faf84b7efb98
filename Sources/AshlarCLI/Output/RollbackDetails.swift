import Ashlar
import AshlarFormat

/// A commit with what is told about it: whether it is canonical, and which blocks it undid and took up again.
struct LogEntry {
    /// A block that a rollback undid or took up again.
    struct Block: Hashable {
        var sequence: UInt64
        var height: Int64
        var hash: BlockHash

        init(_ block: StoredBlock) {
            sequence = block.sequence
            height = block.block.height
            hash = block.block.hash
        }
    }

    var commit: StoredCommit
    /// Whether its block is canonical now; nil if it has none.
    var isCanonical: Bool?
    /// What it undid, highest first.
    var undone: [Block] = []
    /// What it took up again, in ascending height.
    var readopted: [Block] = []
}

/// Finds out which blocks each rollback of the log undid.
///
/// A walk from the beginning to the end remembers the top of the chain, so that most reorganisations need no look-up. What is not remembered
/// is looked up in the chain as of the commit before.
struct RollbackDetails {
    private static let capacity = 4_096

    private let store: Store
    private let remembers: Bool
    /// The top of the chain as of the commit before, in ascending height, without a gap.
    private var top: [LogEntry.Block] = []

    /// Details for a walk over the log of `store`.
    init(_ store: Store, descending: Bool) {
        self.store = store
        remembers = !descending
    }

    /// A commit with its details; commits come in the order of the walk.
    mutating func entry(_ commit: StoredCommit) throws(StoreError) -> LogEntry {
        var entry = LogEntry(commit: commit)
        var block: StoredBlock?
        var rollback: StoredRollback?
        switch commit.content {
        case .block(let stored, let part): (block, rollback) = (stored, part)
        case .rollback(let part): rollback = part
        case .floating, .control: break
        }
        if let rollback {
            entry.undone = try takeUndone(by: rollback, before: commit.sequence)
            for sequence in rollback.readopted {
                if let block = try self.block(sequence) { entry.readopted.append(LogEntry.Block(block)) }
            }
            remember(entry.readopted)
        }
        if let block {
            entry.isCanonical = try store.isCanonical(block)
            remember([LogEntry.Block(block)])
        }
        return entry
    }

    /// The blocks a rollback undid, highest first.
    private mutating func takeUndone(
        by rollback: StoredRollback, before sequence: UInt64
    ) throws(StoreError) -> [LogEntry.Block] {
        var undone: [LogEntry.Block] = []
        while let last = top.last, last.height > rollback.toHeight { undone.append(top.removeLast()) }
        guard undone.count != rollback.undoneBlocks, sequence > 0 else { return undone }
        undone = []
        let view = try store.view(asOf: sequence - 1)
        for block in view.blocks((rollback.toHeight + 1)...Limits.height, descending: true) {
            undone.append(LogEntry.Block(try block.get()))
        }
        return undone
    }

    private func block(_ sequence: UInt64) throws(StoreError) -> StoredBlock? {
        var commits = store.commits(sequence...sequence).makeIterator()
        guard case .block(let block, _) = try commits.next()?.get().content else { return nil }
        return block
    }

    private mutating func remember(_ blocks: [LogEntry.Block]) {
        guard remembers else { return }
        top += blocks
        if top.count > 2 * Self.capacity { top.removeFirst(top.count - Self.capacity) }
    }
}
