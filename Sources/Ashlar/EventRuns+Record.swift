import AshlarFormat

/// What is known of a record of the commit at hand beyond its bytes.
extension EventRuns {
    /// Its own time, else that of its commit.
    func timestamp(_ row: RecordTable.Row, _ content: UnsafeRawBufferPointer, _ run: EventRun) -> Timestamp {
        Timestamp(microseconds: OwnFields(row, content).timestamp ?? run.timestamp)
    }

    /// Its own request id, else that of its commit.
    func requestID(_ row: RecordTable.Row, _ content: UnsafeRawBufferPointer) -> [UInt8]? {
        let range = OwnFields(row, content).requestID
        return range.isEmpty ? commit.reader.meta.requestID : Array(content[range])
    }

    /// Hash of the block.
    var hash: BlockHash? { commit.reader.meta.block?.hash }

    /// What the query's order goes by.
    func sortKey(_ row: RecordTable.Row, _ content: UnsafeRawBufferPointer, _ run: EventRun) -> Int64 {
        switch compiled.query.effectiveOrder {
        case .chain: run.height
        case .sequence: 0
        case .version: Int64(bitPattern: run.version(row) ?? 0)
        case .timestamp: timestamp(row, content, run).microseconds
        }
    }
}
