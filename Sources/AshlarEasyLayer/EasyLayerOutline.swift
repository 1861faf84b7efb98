import AshlarExport

/// What must be known of a source before its first block is written.
struct EasyLayerOutline {
    /// A number that changes when rows come or go: an import goes on only with the source it began with.
    private(set) var source: UInt64
    /// The kind of chain; nil without a spine.
    private(set) var network: EasyLayerNetwork?
    /// The heights of the chain that stands in the end.
    private(set) var heights: ClosedRange<Int64>?
    /// After how many steps blocks go, and the lowest height that goes then or later still; ascending.
    private var undoing: [(step: UInt64, lowest: Int64)] = []
    private var next = 0

    init(_ files: EasyLayerFiles, _ spine: EasyLayerSpine?) throws(EasyLayerError) {
        source = try Self.fingerprint(files, spine)
        guard let spine else { return }
        var step: UInt64 = 0
        try spine.forEachStep { (change) throws(EasyLayerError) in
            step += 1
            take(change, step)
        }
        var lowest = Int64.max
        for index in undoing.indices.reversed() {
            lowest = min(lowest, undoing[index].lowest)
            undoing[index].lowest = lowest
        }
        try requireBlocks(files, spine)
    }

    private mutating func take(_ change: EasyLayerSpine.Step, _ step: UInt64) {
        switch change {
        case .add(let block, let event):
            heights = (heights?.lowerBound ?? block.height)...block.height
            if let event { network = EasyLayerNetwork.change(ofType: event.type)?.network }
        case .rollBack(let height):
            heights = heights.map { min($0.lowerBound, height)...height }
            undoing.append((step, height + 1))
        case .clear:
            heights = nil
            undoing.append((step, 0))
        }
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

    private static func fingerprint(
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
            }
        }
        return digest.value
    }
}
