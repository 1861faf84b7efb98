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
        /// No row that is left stands below this height; nil before it was looked for.
        var lowest: Int64?
        var isWhole = false
        var size = EasyLayerPageSize()
    }

    private let files: EasyLayerFiles
    private let spine: String?
    private var sources: [Source] = []
    /// The bases that are left, highest first.
    private var bases: [EasyLayerBase]

    /// Starts behind a height.
    init(_ files: EasyLayerFiles, _ spine: EasyLayerSpine?, bases: [EasyLayerBase], after height: Int64) {
        self.files = files
        self.spine = spine?.model
        self.bases = bases.filter { $0.height > height }.sorted { $0.height > $1.height }
        for model in files.models {
            for file in files.files.indices where files.files[file].layout.models.contains(model) {
                sources.append(Source(model: model, file: file, last: (height, .max)))
            }
        }
    }

    /// The lowest height that has rows or a base left; nil if none has.
    mutating func nextHeight() throws(EasyLayerError) -> Int64? {
        var lowest = bases.last?.height
        for index in sources.indices {
            guard let height = try first(index, upTo: lowest ?? .max)?.height else { continue }
            lowest = min(lowest ?? height, height)
        }
        return lowest
    }

    /// Takes out the rows and bases of a height, and whatever stands below it.
    mutating func rows(at height: Int64) throws(EasyLayerError) -> [(model: String, row: EasyLayerRow)] {
        var rows: [(model: String, row: EasyLayerRow)] = []
        for index in sources.indices {
            while let row = try first(index, upTo: height), let own = row.height, own <= height {
                if own == height { rows.append((sources[index].model, row)) }
                sources[index].rows.removeFirst()
            }
        }
        while let base = bases.last, base.height <= height {
            bases.removeLast()
            if base.height == height { Self.insert(base, into: &rows) }
        }
        return rows
    }

    /// Puts a base behind the rows of its model that are in it, and before those that are not.
    private static func insert(_ base: EasyLayerBase, into rows: inout [(model: String, row: EasyLayerRow)]) {
        let others = rows.firstIndex { !$0.model.utf8.lexicographicallyPrecedes(base.model.utf8) } ?? rows.count
        let end = rows[others...].firstIndex { $0.model != base.model } ?? rows.count
        let own = rows[others..<end]
        let (before, behind) = (
            own.filter { $0.row.version <= base.version }, own.filter { $0.row.version > base.version }
        )
        rows.replaceSubrange(others..<end, with: before + [(base.model, base.row)] + behind)
    }

    /// A source's next row if it stands at most at this height; looks for more if there are none at hand.
    ///
    /// A source whose rows all stand higher holds none of them, only the lowest height: so a directory of many archives takes no more
    /// memory than the file whose turn it is.
    private mutating func first(_ index: Int, upTo height: Int64) throws(EasyLayerError) -> EasyLayerRow? {
        while sources[index].rows.isEmpty, !sources[index].isWhole {
            let source = sources[index]
            let isOther = source.model == spine ? "NOT \(EasyLayerSpine.isOfSpine)" : "TRUE"
            // By the first bound the index is entered where the last page ended; the second one tells rows of one height apart.
            let condition = """
                "blockHeight" >= CAST($1 AS bigint) AND \(isOther)
                AND ("blockHeight", "id") > (CAST($1 AS bigint), CAST($2 AS bigint))
                """
            let parameters = [SQLValue.integer(source.last.height), .integer(source.last.id)]
            if source.lowest == nil {
                let lowest = try files.lowest(
                    "\"blockHeight\"", of: source.model, in: source.file, where: condition, parameters)
                sources[index].lowest = lowest
                sources[index].isWhole = lowest == nil
                continue
            }
            guard source.lowest ?? 0 <= height else { return nil }
            let page = try files.page(
                source.model, in: source.file, where: condition, parameters, order: "\"blockHeight\", \"id\"",
                size: &sources[index].size)
            sources[index].rows = page.rows[...]
            sources[index].isWhole = page.isWhole
            if let last = page.last, let height = last.height { sources[index].last = (height, last.id) }
        }
        return sources[index].rows.first
    }
}
