import AshlarExport

extension OutboxSearch {
    /// The search for what `outbox` of the file that is written to has; archives keep old copies of theirs.
    ///
    /// `outline` is that of an import that is over. Complexity: O(rows of the outbox), and a walk along the spine if a rollback is among
    /// them; holds some bytes a row.
    init(_ files: EasyLayerFiles, _ spine: EasyLayerSpine?, _ outline: EasyLayerOutline) throws(EasyLayerError) {
        guard let file = files.files.last, file.layout.hasOutbox else { return }
        var markers: [RowPlace: Int] = [:]
        var (id, index) = (Int64.min, 0)
        while true {
            let rows = try reading { () throws(SQLFailure) in
                try file.connection.rows(Self.page, [.integer(id)])
            }
            for row in rows {
                guard row.count == 4, let own = row[0].integer else {
                    throw .layout("\(file.name): a row of `outbox` has no integer `id`")
                }
                id = own
                try take(row, index, files, spine, &markers)
                index += 1
            }
            if rows.isEmpty { break }
        }
        count(UInt64(index))
        try place(markers, spine, outline)
    }

    /// Where a row of the spine stands.
    private struct RowPlace: Hashable {
        var file: Int
        var id: Int64
    }

    private static let page = """
        SELECT "id", "aggregateId", "eventVersion", CAST("requestId" AS text) FROM outbox WHERE "id" > CAST($1 AS bigint)
        ORDER BY "id" LIMIT 256
        """

    private mutating func take(
        _ values: [SQLValue], _ index: Int, _ files: EasyLayerFiles, _ spine: EasyLayerSpine?,
        _ markers: inout [RowPlace: Int]
    ) throws(EasyLayerError) {
        guard let model = values[1].text, files.models.contains(model), let version = values[2].integer else { return }
        let requestID = values[3].text.flatMap { $0.isEmpty ? nil : $0 }
        guard let (row, file) = try files.row(model, version: version, requestID: requestID) else { return }
        let change = model == spine?.model ? EasyLayerNetwork.change(ofType: row.type)?.change : nil
        guard change == .reorganized || change == .cleared else { return want(row, of: model, index: index) }
        markers[RowPlace(file: file, id: row.id)] = index
    }

    /// Finds the commits of what became of rows that stand for rollbacks: those of the steps that follow.
    private mutating func place(
        _ markers: [RowPlace: Int], _ spine: EasyLayerSpine?, _ outline: EasyLayerOutline
    ) throws(EasyLayerError) {
        guard let spine, !markers.isEmpty else { return }
        var step: UInt64 = 0
        var places: [(index: Int, step: UInt64)] = []
        try spine.forEachStep(
            seen: { (id, file) in
                if let index = markers[RowPlace(file: file, id: id)] { places.append((index, step + 1)) }
            },
            { (_) throws(EasyLayerError) in
                step += 1
                return true
            })
        for (index, step) in places { found(index: index, sequence: outline.sequence(ofStep: step)) }
    }
}
