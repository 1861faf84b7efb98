import Ashlar
import AshlarExport
import AshlarFormat

/// What must be known of a source before its first block is written.
struct EasyLayerOutline {
    /// A number that changes when rows come or go: an import goes on only with the source it began with.
    private(set) var source: UInt64 = 0
    /// The kind of chain; nil without a spine.
    private(set) var network: EasyLayerNetwork?
    /// The heights of the chain that stands in the end.
    private(set) var heights: ClosedRange<Int64>?
    /// After how many steps blocks go, and the lowest height that goes then or later still; ascending.
    private var undoing: [(step: UInt64, lowest: Int64)] = []
    private var next = 0
    /// The bases, and what else is to be said of events that are gone.
    private(set) var bases = EasyLayerBases()
    /// The step that brings the first block of the chain that stands in the end; nil if there is none.
    private var firstStep: UInt64?
    private var firstBlock: EasyLayerBlock?
    /// Number of steps.
    private(set) var steps: UInt64 = 0
    /// Number of rows, those too that do not count.
    private(set) var rows: UInt64 = 0

    init(
        _ files: EasyLayerFiles, _ spine: EasyLayerSpine?, stop: () -> Bool = { false }
    ) throws(EasyLayerError) {
        try spine?.forEachStep { (change) throws(EasyLayerError) in
            steps += 1
            take(change, steps)
            return !stop()
        }
        var lowest = Int64.max
        for index in undoing.indices.reversed() {
            lowest = min(lowest, undoing[index].lowest)
            undoing[index].lowest = lowest
        }
        // Who stops here never sees what is wrong with a part of it.
        guard !stop() else { return }
        if let spine { try requireBlocks(files, spine) }
        bases = try EasyLayerBases(files, heights: spine == nil ? nil : baseHeights)
        source = try fingerprint(files, spine)
    }

    private mutating func take(_ change: EasyLayerSpine.Step, _ step: UInt64) {
        switch change {
        case .add(let block, let event):
            if heights == nil { (firstStep, firstBlock) = (step, block) }
            heights = (heights?.lowerBound ?? block.height)...block.height
            if let event { network = EasyLayerNetwork.change(ofType: event.type)?.network }
        case .rollBack(let height):
            heights = heights.map { min($0.lowerBound, height)...height }
            undoing.append((step, height + 1))
        case .clear:
            heights = nil
            (firstStep, firstBlock) = (nil, nil)
            undoing.append((step, 0))
        }
    }

    /// The heights that a base can stand at: those of the chain, and the one below, whose hash the chain's first block names.
    private var baseHeights: ClosedRange<Int64> {
        guard let heights else { return -1 ... -1 }
        return parentBlock == nil ? heights : heights.lowerBound - 1...heights.upperBound
    }

    /// The block that the chain's first one stands on; nil if that does not say. What it stood on itself nobody knows.
    private var parentBlock: EasyLayerBlock? {
        guard let first = firstBlock, first.height > 0, first.parent.bytes.contains(where: { $0 != 0 }),
            let none = BlockHash([UInt8](repeating: 0, count: first.parent.count))
        else { return nil }
        return EasyLayerBlock(height: first.height - 1, hash: first.parent, parent: none, time: first.time)
    }

    /// The block below the chain's first one, where a base needs it, and the step it comes before.
    var baseBlock: (block: EasyLayerBlock, step: UInt64)? {
        guard let firstStep, let heights, let parentBlock, bases.reaches(below: heights.lowerBound) else { return nil }
        return (parentBlock, firstStep)
    }

    /// The commit in which a step of the chain is, or would be if there were one more: there is a commit for each, and one for `baseBlock`.
    func sequence(ofStep step: UInt64) -> UInt64 {
        guard let base = baseBlock, base.step <= step else { return step }
        return step + 1
    }

    /// Whether the block that comes with this step stays. Steps are asked about in ascending order.
    mutating func stays(_ height: Int64, step: UInt64) -> Bool {
        while next < undoing.count, undoing[next].step <= step { next += 1 }
        return next == undoing.count || height < undoing[next].lowest
    }

    /// Makes sure that each row with a height finds a block of the spine.
    private func requireBlocks(_ files: EasyLayerFiles, _ spine: EasyLayerSpine) throws(EasyLayerError) {
        let isOutside =
            heights.map { "\"blockHeight\" < \($0.lowerBound) OR \"blockHeight\" > \($0.upperBound)" } ?? "TRUE"
        for file in files.files {
            for model in file.layout.models {
                let isOther = model == spine.model ? "NOT \(EasyLayerSpine.isOfSpine)" : "TRUE"
                let sql = """
                    SELECT count(*) FROM \(quoted(model)) WHERE \(file.condition) AND "blockHeight" >= 0
                    AND (\(isOutside)) AND \(isOther)
                    """
                let count = try reading { () throws(SQLFailure) in try file.connection.value(sql)?.integer ?? 0 }
                guard count == 0 else {
                    let range = heights.map { "\($0.lowerBound)–\($0.upperBound)" } ?? "none"
                    throw .layout(
                        """
                        \(file.name): \(count) rows of `\(model)` stand at heights of which `\(spine.model)` has no \
                        block (it has \(range)); import without a spine, or the models of that network alone
                        """)
                }
            }
        }
    }

    private mutating func fingerprint(
        _ files: EasyLayerFiles, _ spine: EasyLayerSpine?
    ) throws(EasyLayerError) -> UInt64 {
        var digest = EasyLayerDigest()
        digest.add(spine?.model ?? "")
        for file in files.files {
            digest.add(file.upTo ?? -1)
            for model in file.layout.models {
                let sql = "SELECT count(*), COALESCE(max(\"id\"), 0) FROM \(quoted(model))"
                let row = try reading { () throws(SQLFailure) in try file.connection.rows(sql).first ?? [] }
                digest.add(model)
                for value in row { digest.add(value.integer ?? -1) }
                rows += UInt64(clamping: row.first?.integer ?? 0)
            }
        }
        for base in bases.taken {
            digest.add(base.model)
            digest.add(base.row)
        }
        return digest.value
    }
}
