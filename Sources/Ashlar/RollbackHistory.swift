/// A block that some rollback undid: 32 bytes.
struct UndoneBlock: Sendable, Hashable {
    var sequence: UInt64
    var height: Int64
    var location: Location
    /// The commit that undid it.
    var undoneBy: UInt64
}

/// What every rollback so far undid: from it the chain as of any earlier sequence follows.
///
/// Invariant: `undone` and `rollbacks` are in the order of the log; each rollback's blocks are a range of `undone` in ascending height.
struct RollbackHistory: Sendable {
    struct Rollback: Sendable {
        var sequence: UInt64
        /// Height of the highest block that stayed; −1 if none did.
        var toHeight: Int64
        var undone: Range<Int>
    }

    private(set) var undone: [UndoneBlock] = []
    private(set) var rollbacks: [Rollback] = []

    /// Notes a rollback and the blocks it undid, in ascending height.
    mutating func append(sequence: UInt64, toHeight: Int64, _ blocks: [UndoneBlock]) {
        let start = undone.count
        undone.append(contentsOf: blocks)
        rollbacks.append(Rollback(sequence: sequence, toHeight: toHeight, undone: start..<undone.count))
    }

    /// The latest undone block with this sequence. Complexity: O(undone blocks) at worst, from the newest on.
    func block(sequence: UInt64) -> UndoneBlock? { undone.last { $0.sequence == sequence } }

    /// The blocks that the commit with this sequence undid, in ascending height; none if it undid none. Complexity: O(log rollbacks).
    func undone(by sequence: UInt64) -> ArraySlice<UndoneBlock> {
        var low = 0
        var high = rollbacks.count
        while low < high {
            let middle = (low + high) / 2
            if rollbacks[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        guard low < rollbacks.count, rollbacks[low].sequence == sequence else { return [] }
        return undone[rollbacks[low].undone]
    }

    /// The canonical chain as of `sequence`, given the current index: which heights differ from the index.
    ///
    /// It undoes the rollbacks after `sequence`, newest first. Complexity: O(blocks undone since then).
    func overlay(asOf sequence: UInt64) -> ChainOverlay {
        var overlay = ChainOverlay()
        for rollback in rollbacks.reversed() {
            guard rollback.sequence > sequence else { break }
            overlay.rewind(toHeight: rollback.toHeight, undone[rollback.undone])
        }
        return overlay
    }

    /// The history without the rollbacks up to `sequence`. Complexity: O(blocks undone since).
    func removing(upTo sequence: UInt64) -> RollbackHistory {
        var rest = RollbackHistory()
        for rollback in rollbacks where rollback.sequence > sequence {
            rest.append(sequence: rollback.sequence, toHeight: rollback.toHeight, Array(undone[rollback.undone]))
        }
        return rest
    }

    var byteCount: Int { undone.capacity * MemoryLayout<UndoneBlock>.stride }
}

/// How an earlier canonical chain differs from the present one: above `floor` its own blocks, below it the present index.
struct ChainOverlay: Sendable {
    /// Nil while nothing differs.
    private(set) var floor: Int64?
    private(set) var blocks: [UndoneBlock] = []

    mutating func rewind(toHeight: Int64, _ undone: ArraySlice<UndoneBlock>) {
        while let last = blocks.last, last.height > toHeight { blocks.removeLast() }
        blocks.append(contentsOf: undone)
        floor = min(floor ?? .max, toHeight)
    }

    /// The position in `blocks` of the highest one not above `height`.
    func position(notAbove height: Int64) -> Int? {
        var low = 0
        var high = blocks.count
        while low < high {
            let middle = (low + high) / 2
            if blocks[middle].height <= height { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : low - 1
    }
}
