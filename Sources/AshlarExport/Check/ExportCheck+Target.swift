extension ExportCheck {
    /// Hands out the rows that the target has, of one range of heights or all, in any order.
    func eachTargetRow(of table: CheckedTable, in range: Int64?, _ body: (CheckedRow) -> Void) throws(ExportError) {
        var condition = ""
        var bounds: [SQLValue] = []
        if table.hasHeights, range == Self.floating {
            condition = " WHERE height IS NULL"
        } else if table.hasHeights, let range {
            condition = " WHERE height BETWEEN $1 AND $2"
            let heights = Self.heights(ofRange: range)
            bounds = [.integer(heights.lowerBound), .integer(heights.upperBound)]
        }
        let columns = table.columns.map(quoted).joined(separator: ", ")
        do throws(SQLFailure) {
            let sql = "SELECT \(columns) FROM \(quoted(table.name))\(condition)"
            try target.query(sql, bounds) { (row) throws(SQLFailure) in body(checked(row, of: table)) }
        } catch {
            throw .database(target: target.name, error)
        }
    }

    private func checked(_ row: [SQLValue], of table: CheckedTable) -> CheckedRow {
        switch table {
        case .blocks: block(row)
        case .events: event(row)
        case .rollbacks: rollback(row)
        case .undoneBlocks, .readoptedBlocks: markedBlock(row)
        case .tip: tip(row)
        case .typed(let typed): self.row(row, of: typed)
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
            key: RowKey(first: row[0].integer ?? -1), height: row[1].integer, digest)
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
            key: RowKey(first: row[0].integer ?? -1, second: row[1].integer ?? -1), height: row[2].integer,
            digest)
    }

    /// A row of a table of the map, from either side.
    func row(_ values: [SQLValue], of typed: TypedTable) -> CheckedRow {
        var digest = RowDigest()
        for (value, column) in zip(values, typed.table.columns).dropFirst(3) {
            digest.add(value, column.type, target.dialect)
        }
        return CheckedRow(
            key: RowKey(first: values[0].integer ?? -1, second: values[1].integer ?? -1), height: values[2].integer,
            digest)
    }

    private func rollback(_ row: [SQLValue]) -> CheckedRow {
        var digest = RowDigest()
        for value in row.dropFirst() { digest.add(value.integer) }
        return CheckedRow(key: RowKey(first: row[0].integer ?? -1), height: nil, digest)
    }

    private func markedBlock(_ row: [SQLValue]) -> CheckedRow {
        var digest = RowDigest()
        if row.count > 3 { digest.add(row[3].bytes) }
        return CheckedRow(
            key: RowKey(first: row[0].integer ?? -1, second: row[1].integer ?? -1), height: row[2].integer, digest)
    }

    private func tip(_ row: [SQLValue]) -> CheckedRow {
        var digest = RowDigest()
        digest.add(row[1].integer)
        digest.add(row[2].integer)
        digest.add(row[3].bytes)
        digest.add(row[4].integer)
        return CheckedRow(key: RowKey(first: row[0].integer ?? -1), height: nil, digest)
    }
}
