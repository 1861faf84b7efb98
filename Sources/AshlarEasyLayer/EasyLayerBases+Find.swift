import AshlarExport
import AshlarJSON

extension EasyLayerBases {
    /// Looks for the models whose first events are gone, and for the snapshots they go on from.
    ///
    /// `heights` are those that a block can be had for; nil for any. Complexity: O(rows up to the first one with a height), and one payload
    /// at a time.
    init(_ files: EasyLayerFiles, heights: ClosedRange<Int64>?) throws(EasyLayerError) {
        for model in files.models {
            let search = BaseSearch(files: files, model: model, heights: heights)
            let snapshots = try search.snapshots()
            guard try search.lacksItsBeginning(snapshots) else { continue }
            var base: EasyLayerBase?
            for snapshot in snapshots where base == nil {
                switch try search.check(snapshot, isLast: snapshot == snapshots.last) {
                case .success(let found): base = found
                case .failure(let problem):
                    unusable.append(
                        EasyLayerUnusable(model: model, height: snapshot.height, reason: problem.reason))
                }
            }
            if let base { taken.append(base) } else { missing.append(model) }
        }
    }
}

/// A row of `snapshots` without its payload.
private struct SnapshotPlace: Hashable {
    var file: Int
    var height: Int64
    var version: Int64
}

/// Why a snapshot cannot be used.
private struct BaseProblem: Error {
    let reason: String
}

/// The search for one model's base.
private struct BaseSearch {
    let files: EasyLayerFiles
    let model: String
    let heights: ClosedRange<Int64>?

    /// The condition that a row stands at a height.
    private static let isInBlock = "\"blockHeight\" >= 0"

    /// The model's snapshots that count, lowest first; a later file's do not where an earlier one has one of the same height.
    func snapshots() throws(EasyLayerError) -> [SnapshotPlace] {
        var places: [Int64: SnapshotPlace] = [:]
        for (index, file) in files.files.enumerated() where file.layout.hasSnapshots {
            let sql = """
                SELECT "blockHeight", "version" FROM snapshots WHERE "aggregateId" = $1 AND \(file.condition)
                AND "blockHeight" IS NOT NULL
                """
            let rows = try reading { () throws(SQLFailure) in try file.connection.rows(sql, [.text(model)]) }
            for row in rows where row.count == 2 {
                // What is no integer cannot be used either, and is told apart from no other such row.
                let (height, version) = (row[0].integer ?? -1, row[1].integer ?? -1)
                if places[height] == nil {
                    places[height] = SnapshotPlace(file: index, height: height, version: version)
                }
            }
        }
        return places.values.sorted { $0.height < $1.height }
    }

    /// Whether events before the first one that stands in a block are gone.
    ///
    /// EasyLayer counts a model's events from 1 and deletes those up to a height; events without a height stay. So some of the versions
    /// before the first that stands in a block are missing then. Elsewhere holes say nothing.
    func lacksItsBeginning(_ snapshots: [SnapshotPlace]) throws(EasyLayerError) -> Bool {
        let first = try files.lowest("\"version\"", of: model, where: Self.isInBlock)
        // All events that stand in blocks may be gone: then a snapshot tells that there were some.
        guard let next = first ?? snapshots.last.map({ $0.version < .max ? $0.version + 1 : $0.version }), next > 1
        else {
            return false
        }
        guard try files.versions(model, in: 1...next - 1) != [1...next - 1] else { return false }
        // Without any snapshot nothing was deleted on its account, unless the model begins late.
        guard snapshots.isEmpty else { return true }
        let lowest = try files.lowest("\"version\"", of: model, where: "TRUE")
        return lowest ?? 1 > 1
    }

    /// The base that a snapshot makes, or why it makes none.
    func check(_ snapshot: SnapshotPlace, isLast: Bool) throws(EasyLayerError) -> Result<EasyLayerBase, BaseProblem> {
        if let reason = placeProblem(snapshot) { return .failure(BaseProblem(reason: reason)) }
        if let reason = try eventsProblem(snapshot, isLast) { return .failure(BaseProblem(reason: reason)) }
        return try load(snapshot)
    }

    private func placeProblem(_ snapshot: SnapshotPlace) -> String? {
        guard snapshot.height >= 0, snapshot.version >= 0 else { return "its height or version is no number from 0 on" }
        guard let heights, !heights.contains(snapshot.height) else { return nil }
        return "the chain has no block of this height; it has \(heights.lowerBound) to \(heights.upperBound)"
    }

    /// What is wrong with the events behind it; nil if they are all there.
    private func eventsProblem(_ snapshot: SnapshotPlace, _ isLast: Bool) throws(EasyLayerError) -> String? {
        let (height, version) = (SQLValue.integer(snapshot.height), SQLValue.integer(snapshot.version))
        let late = try files.lowest(
            "\"version\"", of: model,
            where: "\"version\" > CAST($1 AS bigint) AND \(Self.isInBlock) AND \"blockHeight\" < CAST($2 AS bigint)",
            [version, height])
        if let late { return "version \(late) came after it, but stands in a block below it" }
        let next = try files.lowest(
            "\"version\"", of: model, where: "\"version\" > CAST($1 AS bigint) AND \(Self.isInBlock)", [version])
        guard let next else {
            return isLast ? nil : "there are later snapshots, but none of the events between them"
        }
        // What is deleted is deleted up to a height: where an event of a block up to here is left, none behind it is gone.
        let left = try files.lowest(
            "\"version\"", of: model,
            where: "\"version\" <= CAST($1 AS bigint) AND \(Self.isInBlock) AND \"blockHeight\" <= CAST($2 AS bigint)",
            [version, height])
        guard left == nil, next - 1 > snapshot.version else { return nil }
        let between = snapshot.version + 1...next - 1
        guard try files.versions(model, in: between) != [between] else { return nil }
        return "events between its version, \(snapshot.version), and the next one that is left, \(next), are missing"
    }

    private func load(_ snapshot: SnapshotPlace) throws(EasyLayerError) -> Result<EasyLayerBase, BaseProblem> {
        let file = files.files[snapshot.file]
        let sql = """
            SELECT \(Self.payload(file.connection.dialect)), CASE WHEN "isCompressed" THEN 1 ELSE 0 END,
            \(Self.createdAt(file.connection.dialect))
            FROM snapshots WHERE "aggregateId" = $1 AND "blockHeight" = CAST($2 AS bigint) LIMIT 1
            """
        let row = try reading { () throws(SQLFailure) in
            try file.connection.rows(sql, [.text(model), .integer(snapshot.height)]).first ?? []
        }
        guard row.count == 3, let stored = row[0].bytes ?? row[0].text.map({ Array($0.utf8) }) else {
            return .failure(BaseProblem(reason: "its payload is neither bytes nor text"))
        }
        let payload: [UInt8]
        do throws(EasyLayerPayloadProblem) {
            payload = try files.payloads.plain(stored, isCompressed: row[1] == .integer(1))
        } catch {
            return .failure(BaseProblem(reason: "\(error)"))
        }
        do throws(JSONError) {
            var scanner = JSONScanner(payload.span.bytes)
            _ = try scanner.skipValue()
            try scanner.finish()
        } catch {
            return .failure(BaseProblem(reason: BlockProblem(error).reason))
        }
        return .success(
            EasyLayerBase(
                model: model, height: snapshot.height, version: snapshot.version, timestamp: row[2].integer ?? 0,
                payload: payload))
    }

    private static func payload(_ dialect: SQLDialect) -> String {
        switch dialect {
        case .sqlite: #"CASE typeof("payload") WHEN 'text' THEN CAST("payload" AS BLOB) ELSE "payload" END"#
        case .postgres: #""payload""#
        }
    }

    /// The time of a snapshot in microseconds, be it kept as a number or as a date.
    private static func createdAt(_ dialect: SQLDialect) -> String {
        switch dialect {
        case .sqlite:
            #"CASE typeof("createdAt") WHEN 'integer' THEN "createdAt" "#
                + #"ELSE CAST(strftime('%s', "createdAt") AS integer) * 1000000 END"#
        case .postgres:
            #"CASE WHEN pg_typeof("createdAt")::text IN ('bigint', 'integer') THEN "createdAt"::text::bigint "#
                + #"WHEN NOT isfinite("createdAt"::text::timestamp) THEN NULL "#
                + #"ELSE CAST(extract(epoch FROM "createdAt"::text::timestamp) * 1000000 AS bigint) END"#
        }
    }
}
