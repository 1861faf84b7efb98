import AshlarFormat

/// The canonical chain and what was undone of it, kept in step with the log.
///
/// The log replays into it: opening feeds it runs and rollbacks from footers, the writer each commit. Invariants: heights ascend, and all are above
/// `baseHeight`.
struct Chain: Sendable {
    private(set) var index = HeightIndex()
    private(set) var history = RollbackHistory()
    /// Height of the highest block that was pruned, on which the lowest one here stands; −1 if none was.
    private(set) var baseHeight: Int64

    init(baseHeight: Int64 = -1) { self.baseHeight = baseHeight }

    /// Adds a block on top.
    mutating func append(height: Int64, _ location: Location) throws(FormatError) {
        try require(height > index.tipHeight ?? baseHeight, "a block's height \(height) is not above the tip")
        index.append(height: height, location)
    }

    /// Undoes every canonical block above `toHeight` and takes up `readopted` again.
    ///
    /// `sequenceOf` tells the sequence of the commit at a location. Complexity: O(depth).
    mutating func rollback(
        sequence: UInt64, toHeight: Int64, undoneBlocks: UInt32, readopted: [Readopted],
        sequenceOf: (Location) throws(StoreError) -> UInt64
    ) throws(StoreError) {
        guard toHeight >= baseHeight else {
            throw .invalidArgument("commit \(sequence) undoes blocks up to height \(baseHeight), which were pruned")
        }
        let keep = index.position(notAbove: toHeight).map { $0 + 1 } ?? 0
        var undone: [UndoneBlock] = []
        undone.reserveCapacity(index.count - keep)
        for position in keep..<index.count {
            let location = index.location(at: position)
            undone.append(
                UndoneBlock(
                    sequence: try sequenceOf(location), height: index.height(at: position), location: location,
                    undoneBy: sequence))
        }
        guard undone.count == Int(undoneBlocks) else {
            throw .invalidArgument(
                "commit \(sequence) says it undoes \(undoneBlocks) blocks, but it undoes \(undone.count)")
        }
        var taken: [(Int64, Location)] = []
        var top = keep > 0 ? index.height(at: keep - 1) : baseHeight
        // What stands above the highest block kept, not above `toHeight`: with heights skipped, blocks may come between the two later.
        let floor = top
        for block in readopted {
            let known = undone.last { $0.sequence == block.sequence } ?? history.block(sequence: block.sequence)
            guard let known, known.height == block.height, block.height > top else {
                throw .invalidArgument("commit \(sequence) takes up block \(block.height), which was never undone")
            }
            top = block.height
            taken.append((block.height, known.location))
        }
        index.truncate(to: keep)
        for (height, location) in taken { index.append(height: height, location) }
        history.append(sequence: sequence, toHeight: floor, undone)
    }

    /// Forgets the blocks up to `height`, and the rollbacks up to `sequence`, which concerned no other blocks. Complexity: O(blocks that stay).
    mutating func rebase(toHeight height: Int64, sequence: UInt64) {
        index = index.removing(first: index.position(notAbove: height).map { $0 + 1 } ?? 0)
        history = history.removing(upTo: sequence)
        baseHeight = height
    }

    /// Replays a segment's blocks and rollbacks in the order of its log.
    mutating func replay(
        _ segment: SegmentIndex, number: UInt64, opening: UInt64, sequenceOf: (Location) throws(StoreError) -> UInt64
    ) throws(StoreError) {
        var rollbacks = segment.rollbacks[...]
        func location(_ index: UInt32) -> Location {
            Location(segment: number, offset: Int(segment.offsets[Int(index)]) * 8)
        }
        func undo(before limit: UInt32) throws(StoreError) {
            while let next = rollbacks.first, next.index < limit {
                rollbacks.removeFirst()
                try rollback(
                    sequence: opening + 1 + UInt64(next.index), toHeight: next.toHeight,
                    undoneBlocks: next.undoneBlocks,
                    readopted: next.readopted, sequenceOf: sequenceOf)
            }
        }
        do {
            for run in segment.runs {
                try undo(before: run.firstIndex + 1)
                try require(
                    run.firstHeight > index.tipHeight ?? baseHeight,
                    "a block's height \(run.firstHeight) is not above the tip")
                index.append(heightsFrom: run.firstHeight, count: Int(run.count)) {
                    location(run.firstIndex + UInt32($0))
                }
            }
            try undo(before: .max)
        } catch let error as StoreError {
            throw error
        } catch {
            throw .invalidArgument("segment \(number): its blocks are out of order")
        }
    }
}
