import Ashlar

/// The log up to a commit, once more: what of it belongs in a target, and which of its blocks are undone as of that commit.
///
/// Complexity of making one: O(commits), without their events; memory: O(blocks that were ever undone).
struct ExportedLog {
    /// A row of `rollbacks`.
    struct Rollback {
        var sequence: UInt64
        var appendTime: Timestamp
        var toHeight: Int64
        var count: Int
    }

    /// A row of `undone_blocks` or, without a hash, of `readopted_blocks`.
    struct MarkedBlock {
        var sequence: UInt64
        var block: UInt64
        var height: Int64
        var hash: BlockHash?
    }

    let store: Store
    let options: ExportOptions
    /// The commit up to which it is meant; 0 for none.
    let last: UInt64
    /// Which commit undid a block, by the block's commit; without those that count again.
    private(set) var undone: [UInt64: UInt64] = [:]
    private(set) var rollbacks: [Rollback] = []
    private(set) var undoneBlocks: [MarkedBlock] = []
    private(set) var readoptedBlocks: [MarkedBlock] = []

    init(_ store: Store, _ options: ExportOptions, upTo last: UInt64) throws(ExportError) {
        self.store = store
        self.options = options
        self.last = last
        guard last > 0 else { return }
        var following = SubscriptionOptions()
        following.models = []
        following.stopsAtEnd = true
        do throws(StoreError) {
            var follower = try store.follow(options: following)
            reading: while let batch = try follower.next() {
                for step in batch.steps {
                    if step.sequence > last { break reading }
                    take(step)
                }
            }
        } catch {
            throw .store(error)
        }
    }

    private mutating func take(_ step: Step) {
        switch step.content {
        case .floating: break
        case .applied(let applied):
            guard applied.isReadopted, step.isFirst else { return }
            let block = applied.block
            undone[block.sequence] = nil
            guard options.heights?.contains(block.block.height) ?? true else { return }
            readoptedBlocks.append(
                MarkedBlock(sequence: step.sequence, block: block.sequence, height: block.block.height))
        case .undone(let part):
            if step.isFirst {
                rollbacks.append(
                    Rollback(
                        sequence: step.sequence, appendTime: step.appendTime, toHeight: part.toHeight,
                        count: part.count))
            }
            for block in part.blocks {
                undone[block.sequence] = step.sequence
                guard options.heights?.contains(block.height) ?? true else { continue }
                undoneBlocks.append(
                    MarkedBlock(
                        sequence: step.sequence, block: block.sequence, height: block.height, hash: block.hash))
            }
        }
    }

    /// Whether rows of this commit, at this height, belong in the target.
    func isSelected(_ sequence: UInt64, _ height: Int64?) -> Bool {
        if !options.keepsUndone, undone[sequence] != nil { return false }
        guard let heights = options.heights else { return true }
        return height.map(heights.contains) ?? false
    }

    /// Hands out the events that belong in the target, in the order of the log: of one model if it is given, and of some heights, which leaves
    /// out floating events.
    func eachEvent(
        ofModel model: String? = nil, heights: ClosedRange<Int64>? = nil, includingUndone: Bool = false,
        _ body: (borrowing EventCursor) throws(ExportError) -> Void
    ) throws(ExportError) {
        guard last > 0 else { return }
        var query = EventQuery()
        query.scope = .log
        query.order = .sequence
        query.models = options.models
        if let model {
            if let models = options.models, !models.contains(where: { $0.utf8.elementsEqual(model.utf8) }) { return }
            query.models = [model]
        }
        query.sequences = 1...last
        query.heights = heights ?? options.heights
        var events: EventCursor
        do throws(StoreError) { events = try store.view().cursor(query) } catch { throw .store(error) }
        while true {
            do throws(StoreError) { guard try events.next() else { return } } catch { throw .store(error) }
            guard isSelected(events.sequence, events.height) || includingUndone else { continue }
            try body(events)
        }
    }
}
