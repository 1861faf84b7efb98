import AshlarExport
import AshlarFormat

/// The chain as a network model's events tell it, in the order in which it happened.
///
/// The events are taken in `id` order, file by file: their versions do not follow the heights. What they tell is made whole: where
/// blocks come at a height that is taken, without a reorganisation in between (its event may have been left in an archive), the
/// blocks from there on are rolled back first; a rollback to the tip or above it is none.
package struct EasyLayerSpine {
    /// What happened.
    package enum Step: Sendable, Hashable {
        /// A block came; `event` is the event that brought it, at the last of its blocks.
        case add(EasyLayerBlock, event: EasyLayerRow?)
        /// The blocks above this height went.
        case rollBack(toHeight: Int64)
        /// All blocks went.
        case clear
    }

    /// Where the events are.
    let files: EasyLayerFiles
    /// The network model.
    package let model: String

    /// The spine of the network model called `model`.
    package init(_ files: EasyLayerFiles, model: String) {
        self.files = files
        self.model = model
    }

    /// The spine of the only network model there is; nil if there is none, `layout` if there are several.
    package static func find(in files: EasyLayerFiles) throws(EasyLayerError) -> EasyLayerSpine? {
        var found: [String] = []
        for model in files.models {
            for file in files.files.indices where found.last != model {
                if try files.hasRows(model, in: file, where: isOfSpine) { found.append(model) }
            }
        }
        guard found.count <= 1 else {
            throw .layout("several models have a network's events: \(found.joined(separator: ", ")); name one of them")
        }
        return found.first.map { EasyLayerSpine(files, model: $0) }
    }

    /// The condition, in SQL, that an event is of the spine.
    static let isOfSpine =
        "\"type\" IN (\(EasyLayerNetwork.spineTypes.map { "'\($0)'" }.joined(separator: ", ")))"

    /// Hands out the steps one by one until `body` says that it wants no more. Complexity: O(bytes of the events); holds some events at a time.
    ///
    /// `seen` is told the id and the file of each event before the steps that come of it.
    package func forEachStep(
        seen: (Int64, _ file: Int) -> Void = { _, _ in }, _ body: (Step) throws(EasyLayerError) -> Bool
    ) throws(EasyLayerError) {
        var walk = SpineWalk(model: model)
        var goesOn = true
        for file in files.files.indices {
            var id = Int64.min
            var size = EasyLayerPageSize()
            while true {
                let page = try files.page(
                    model, in: file, where: "\(Self.isOfSpine) AND \"id\" > CAST($1 AS bigint)", [.integer(id)],
                    order: "\"id\"", size: &size)
                for row in page.rows where goesOn {
                    seen(row.id, file)
                    try walk.take(row) { (step) throws(EasyLayerError) in
                        if goesOn { goesOn = try body(step) }
                    }
                }
                guard goesOn else { return }
                guard !page.isWhole, let last = page.last else { break }
                id = last.id
            }
        }
    }

    /// All steps at once.
    package func steps() throws(EasyLayerError) -> [Step] {
        var steps: [Step] = []
        try forEachStep { (step) throws(EasyLayerError) in
            steps.append(step)
            return true
        }
        return steps
    }
}

/// Where the chain stands between two events.
private struct SpineWalk {
    let model: String
    /// The heights that are taken.
    var heights: ClosedRange<Int64>?
    /// The tip's hash; nil if it is not known, as after a rollback.
    var tipHash: BlockHash?

    init(model: String) { self.model = model }

    mutating func take(
        _ row: EasyLayerRow, _ body: (EasyLayerSpine.Step) throws(EasyLayerError) -> Void
    ) throws(EasyLayerError) {
        guard let (network, change) = EasyLayerNetwork.change(ofType: row.type) else { return }
        switch change {
        case .cleared: try clear(body)
        case .reorganized:
            guard let height = row.height else { throw wrong(row, "a reorganisation has no height to go back to") }
            try rollBack(to: height, body)
        case .blocksAdded:
            let blocks: [EasyLayerBlock]
            do throws(BlockProblem) {
                blocks = try EasyLayerBlock.blocks(in: row.payload, of: network)
            } catch {
                throw wrong(row, error.reason)
            }
            guard let last = blocks.last else { throw wrong(row, "it adds no blocks") }
            guard row.height == last.height else {
                throw wrong(row, "it stands at height \(row.height ?? -1), but its last block at \(last.height)")
            }
            for (index, block) in blocks.enumerated() {
                try add(block, index == blocks.count - 1 ? row : nil, row, body)
            }
        }
    }

    private mutating func add(
        _ block: EasyLayerBlock, _ event: EasyLayerRow?, _ row: EasyLayerRow,
        _ body: (EasyLayerSpine.Step) throws(EasyLayerError) -> Void
    ) throws(EasyLayerError) {
        if let heights, block.height <= heights.upperBound { try rollBack(to: block.height - 1, body) }
        if let heights {
            guard block.height == heights.upperBound + 1 else {
                throw wrong(row, "block \(block.height) follows block \(heights.upperBound)")
            }
            if let tipHash, tipHash != block.parent {
                throw wrong(row, "block \(block.height) does not stand on the block before it")
            }
        }
        heights = (heights?.lowerBound ?? block.height)...block.height
        tipHash = block.hash
        try body(.add(block, event: event))
    }

    private mutating func rollBack(
        to height: Int64, _ body: (EasyLayerSpine.Step) throws(EasyLayerError) -> Void
    ) throws(EasyLayerError) {
        guard let heights, height < heights.upperBound else { return }
        guard height >= heights.lowerBound else { return try clear(body) }
        self.heights = heights.lowerBound...height
        tipHash = nil
        try body(.rollBack(toHeight: height))
    }

    private mutating func clear(
        _ body: (EasyLayerSpine.Step) throws(EasyLayerError) -> Void
    ) throws(EasyLayerError) {
        guard heights != nil else { return }
        heights = nil
        tipHash = nil
        try body(.clear)
    }

    private func wrong(_ row: EasyLayerRow, _ reason: String) -> EasyLayerError {
        .row(table: model, id: row.id, reason: reason)
    }
}
