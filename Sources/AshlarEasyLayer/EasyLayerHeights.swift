import AshlarExport

/// The rows of all models that have a height, height by height; events of the spine are left out.
///
/// Within a height they come by model, then file, then id.
struct EasyLayerHeights {
    /// The rows of one model in one file.
    private struct Source {
        let model: String
        let file: Int
        var rows: ArraySlice<EasyLayerRow> = []
        var last: (height: Int64, id: Int64)
        var isWhole = false
    }

    private let files: EasyLayerFiles
    private let spine: String?
    private var sources: [Source] = []

    /// Starts behind a height.
    init(_ files: EasyLayerFiles, _ spine: EasyLayerSpine?, after height: Int64) {
        self.files = files
        self.spine = spine?.model
        for model in files.models {
            for file in files.files.indices where files.files[file].layout.models.contains(model) {
                sources.append(Source(model: model, file: file, last: (height, .max)))
            }
        }
    }

    /// The lowest height that has rows left; nil if none has.
    mutating func nextHeight() throws(EasyLayerError) -> Int64? {
        var lowest: Int64?
        for index in sources.indices {
            guard let height = try first(index)?.height else { continue }
            lowest = min(lowest ?? height, height)
        }
        return lowest
    }

    /// Takes out the rows of a height, and whatever stands below it.
    mutating func rows(at height: Int64) throws(EasyLayerError) -> [(model: String, row: EasyLayerRow)] {
        var rows: [(model: String, row: EasyLayerRow)] = []
        for index in sources.indices {
            while let row = try first(index), let own = row.height, own <= height {
                if own == height { rows.append((sources[index].model, row)) }
                sources[index].rows.removeFirst()
            }
        }
        return rows
    }

    /// A source's next row; looks for more if there are none at hand.
    private mutating func first(_ index: Int) throws(EasyLayerError) -> EasyLayerRow? {
        while sources[index].rows.isEmpty, !sources[index].isWhole {
            let source = sources[index]
            let isOther = source.model == spine ? "NOT \(EasyLayerSpine.isOfSpine)" : "TRUE"
            let page = try files.page(
                source.model, in: source.file,
                where: """
                    "blockHeight" >= 0 AND \(isOther)
                    AND ("blockHeight", "id") > (CAST($1 AS bigint), CAST($2 AS bigint))
                    """,
                [.integer(source.last.height), .integer(source.last.id)], order: "\"blockHeight\", \"id\"")
            sources[index].rows = page.rows[...]
            sources[index].isWhole = page.isWhole
            if let last = page.last, let height = last.height { sources[index].last = (height, last.id) }
        }
        return sources[index].rows.first
    }
}
