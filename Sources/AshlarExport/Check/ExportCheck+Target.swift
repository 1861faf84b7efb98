extension ExportCheck {
    /// Hands out the rows that the target has, of one range of heights or all, in any order.
    func eachTargetRow(of table: CheckedTable, in range: Int64?, _ body: (CheckedRow) -> Void) throws(ExportError) {
        let columns =
            switch table {
            case .blocks:
                "sequence, height, hash, parent, time, appended_at, chain_value, request_id, event_count, undone_by"
            case .events:
                "sequence, ordinal, height, model_id, type_id, version, time, request_id, undone_by, payload, payload_bytes"
            }
        var condition = ""
        var bounds: [SQLValue] = []
        if range == Self.floating {
            condition = " WHERE height IS NULL"
        } else if let range {
            condition = " WHERE height BETWEEN $1 AND $2"
            let heights = Self.heights(ofRange: range)
            bounds = [.integer(heights.lowerBound), .integer(heights.upperBound)]
        }
        do throws(SQLFailure) {
            let sql = "SELECT \(columns) FROM \(table.rawValue)\(condition)"
            try target.query(sql, bounds) { (row) throws(SQLFailure) in
                body(table == .blocks ? block(row) : event(row))
            }
        } catch {
            throw .database(target: target.name, error)
        }
    }

    private func block(_ row: [SQLValue]) -> CheckedRow {
        var digest = RowDigest()
        digest.add(row[2].bytes)
        digest.add(row[3].bytes)
        digest.add(row[4].integer)
        digest.add(row[5].integer)
        digest.add(UInt64(bitPattern: row[6].integer ?? 0))
        digest.add(row[7].bytes)
        digest.add(row[8].integer)
        digest.add(row[9].integer)
        return CheckedRow(
            key: RowKey(sequence: row[0].integer ?? -1, ordinal: 0), height: row[1].integer, digest)
    }

    private func event(_ row: [SQLValue]) -> CheckedRow {
        var digest = RowDigest()
        digest.add(row[3].integer.flatMap { models[$0] })
        digest.add(row[4].integer.flatMap { types[$0] })
        digest.add(row[5].integer)
        digest.add(row[6].integer)
        digest.add(row[7].bytes)
        digest.add(row[8].integer)
        digest.add(row[9].isNull ? 2 : 1 as UInt64)
        if let text = row[9].text {
            let bytes = Array(text.utf8)
            digest.add(json: bytes.span.bytes, target.dialect)
        } else {
            let bytes = row[10].bytes ?? []
            digest.add(bytes.span.bytes)
        }
        return CheckedRow(
            key: RowKey(sequence: row[0].integer ?? -1, ordinal: row[1].integer ?? -1), height: row[2].integer,
            digest)
    }
}
