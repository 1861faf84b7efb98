package import AshlarExport
import CAshlarPQ

extension PostgresTarget {
    /// Number of bytes that are encoded before they are sent.
    private static let chunkSize = 128 << 10

    /// Puts rows into a table by COPY in its binary format.
    ///
    /// Encoding and sending take turns here: what is sent goes into the socket's buffer, and the server, a process of its own, works on it
    /// while the next chunk is encoded.
    package func insert(_ rows: RowBuffer, into table: Table) throws(SQLFailure) {
        precondition(rows.columnCount == table.columns.count)
        guard !rows.isEmpty else { return }
        let session = try connected()
        let columns = table.columns.map { quoted($0.name) }.joined(separator: ", ")
        try session.beginCopy("COPY \(quoted(table.name)) (\(columns)) FROM STDIN (FORMAT binary)")
        do {
            try Self.send(rows, table, over: session)
        } catch {
            session.abortCopy()
            throw error
        }
        try session.endCopy()
    }

    private static func send(_ rows: RowBuffer, _ table: Table, over session: Session) throws(SQLFailure) {
        var encoder = CopyEncoder(types: table.columns.map(\.type), capacity: chunkSize + chunkSize / 2)
        encoder.appendHeader()
        let width = rows.columnCount
        let sent = rows.cells.withUnsafeBufferPointer { cells in
            rows.bytes.withUnsafeBytes { content in
                Result<Void, SQLFailure> { () throws(SQLFailure) in
                    for start in stride(from: 0, to: cells.count, by: width) {
                        try encoder.append(cells[start..<start + width], content)
                        if encoder.buffer.count >= chunkSize { try flush(&encoder.buffer, session) }
                    }
                }
            }
        }
        try sent.get()
        encoder.appendTrailer()
        try flush(&encoder.buffer, session)
    }

    private static func flush(_ buffer: inout CopyBuffer, _ session: Session) throws(SQLFailure) {
        try session.sendCopy(buffer.bytes)
        buffer.removeAll()
    }
}

extension Session {
    /// Begins to copy into a table.
    fileprivate func beginCopy(_ sql: String) throws(SQLFailure) {
        let result = PQexec(connection, sql)
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_COPY_IN else { throw failure(result) }
    }

    /// Sends bytes of a copy, in pieces because libpq keeps a buffer as large as the largest it was given.
    fileprivate func sendCopy(_ bytes: UnsafeRawBufferPointer) throws(SQLFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(256 << 10))
            let start = piece.baseAddress?.assumingMemoryBound(to: CChar.self)
            guard PQputCopyData(connection, start, Int32(piece.count)) == 1 else { throw drain() ?? failure(nil) }
            rest = rest.dropFirst(piece.count)
        }
    }

    /// Ends a copy; now the server says whether it took the rows.
    fileprivate func endCopy() throws(SQLFailure) {
        guard PQputCopyEnd(connection, nil) == 1 else { throw drain() ?? failure(nil) }
        if let failure = drain() { throw failure }
    }

    /// Ends a copy whose rows are not to be taken.
    fileprivate func abortCopy() {
        PQputCopyEnd(connection, "the rows cannot be encoded")
        _ = drain()
    }
}
