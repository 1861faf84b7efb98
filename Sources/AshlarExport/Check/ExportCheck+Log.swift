import Ashlar

extension ExportCheck {
    /// Hands out the rows that the target should have, of one range of heights or all.
    func eachLogRow(
        of table: CheckedTable, _ log: ExportedLog, in range: Int64?, _ body: (CheckedRow) -> Void
    ) throws(ExportError) {
        func give(_ row: CheckedRow) { if range == nil || row.range == range { body(row) } }
        switch table {
        case .blocks: try eachLogBlock(log, give)
        case .events: try eachLogEvent(log, in: range, give)
        case .typed(let typed): try eachLogRow(of: typed, log, in: range, give)
        case .rollbacks: for rollback in log.rollbacks { give(row(rollback)) }
        case .undoneBlocks: for block in log.undoneBlocks { give(row(block)) }
        case .readoptedBlocks: for block in log.readoptedBlocks { give(row(block)) }
        case .tip: give(try tip(log))
        }
    }

    private func eachLogBlock(_ log: ExportedLog, _ body: (CheckedRow) -> Void) throws(ExportError) {
        guard log.last > 0 else { return }
        for result in store.commits(1...log.last) {
            let content: StoredCommit.Content
            do throws(StoreError) { content = try result.get().content } catch { throw .store(error) }
            guard case .block(let stored, _) = content, log.isSelected(stored.sequence, stored.block.height)
            else { continue }
            let block = stored.block
            var digest = RowDigest()
            digest.add(block.hash.bytes)
            digest.add(block.parent.bytes)
            digest.add(target.dialect.stored(time: block.timestamp.microseconds))
            digest.add(target.dialect.stored(time: stored.appendTime.microseconds))
            digest.add(stored.chainValue)
            digest.add(block.requestID)
            digest.add(Int64(stored.eventCount))
            digest.add(log.undone[stored.sequence].map { Int64($0) })
            body(CheckedRow(key: RowKey(first: Int64(stored.sequence)), height: block.height, digest))
        }
    }

    private func eachLogEvent(
        _ log: ExportedLog, in range: Int64?, _ body: (CheckedRow) -> Void
    ) throws(ExportError) {
        var classifier = PayloadClassifier(target.dialect)
        try log.eachEvent(heights: Self.heightsOrNil(range)) { (event) throws(ExportError) in
            var digest = RowDigest()
            digest.add(Array(event.model.utf8))
            digest.add(Array(event.type.utf8))
            digest.add(event.version.map { Int64(clamping: $0) })
            digest.add(target.dialect.stored(time: event.timestamp.microseconds))
            digest.add(event.requestID)
            digest.add(event.height == nil ? nil : log.undone[event.sequence].map { Int64($0) })
            let payload = event.payload
            let isJSON = classifier.isJSON(payload)
            digest.add(isJSON ? 1 : 2 as UInt64)
            if isJSON { digest.add(json: payload, target.dialect) } else { digest.add(payload) }
            body(
                CheckedRow(
                    key: RowKey(first: Int64(event.sequence), second: Int64(event.ordinal)), height: event.height,
                    digest))
        }
    }

    /// The rows of a table of the map, derived again.
    private func eachLogRow(
        of typed: TypedTable, _ log: ExportedLog, in range: Int64?, _ body: (CheckedRow) -> Void
    ) throws(ExportError) {
        var source = TypedLogRows(typed, log)
        var rows = RowBuffer(columnCount: typed.table.columns.count)
        try log.eachEvent(ofModel: typed.mapped.model, heights: Self.heightsOrNil(range)) {
            (event) throws(ExportError) in
            guard try source.append(event, to: &rows) else { return }
            body(row((0..<rows.columnCount).map { rows.value(row: 0, column: $0) }, of: typed))
            rows.removeAll()
        }
    }

    private static func heightsOrNil(_ range: Int64?) -> ClosedRange<Int64>? {
        range.flatMap { $0 == floating ? nil : heights(ofRange: $0) }
    }

    private func row(_ rollback: ExportedLog.Rollback) -> CheckedRow {
        var digest = RowDigest()
        digest.add(target.dialect.stored(time: rollback.appendTime.microseconds))
        digest.add(rollback.toHeight)
        digest.add(Int64(rollback.count))
        return CheckedRow(key: RowKey(first: Int64(rollback.sequence)), height: nil, digest)
    }

    private func row(_ block: ExportedLog.MarkedBlock) -> CheckedRow {
        var digest = RowDigest()
        if let hash = block.hash { digest.add(hash.bytes) }
        return CheckedRow(
            key: RowKey(first: Int64(block.sequence), second: Int64(block.block)), height: block.height, digest)
    }

    private func tip(_ log: ExportedLog) throws(ExportError) -> CheckedRow {
        let tip: Block?
        do throws(StoreError) {
            tip = log.last == 0 ? nil : try store.highestBlock(of: options.heights, asOf: log.last)?.block
        } catch {
            throw .store(error)
        }
        var digest = RowDigest()
        digest.add(Int64(log.last))
        digest.add(tip?.height)
        digest.add(tip?.hash.bytes)
        digest.add(tip.map { target.dialect.stored(time: $0.timestamp.microseconds) })
        return CheckedRow(key: RowKey(first: 1), height: nil, digest)
    }
}
