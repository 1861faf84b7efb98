import AshlarExport
import CAshlarPQ

/// libpq and nothing else: one COPY of bytes that stand ready in its binary format.
final class BarePostgres {
    private static let pieceBytes = 128 << 10

    private let connection: OpaquePointer

    /// Connects, and looks tables up in a schema.
    init(_ url: String, schemaName: String) throws(SQLFailure) {
        guard let connection = PQconnectdb(url) else {
            throw SQLFailure(.other, code: "53200", message: "out of memory")
        }
        self.connection = connection
        guard PQstatus(connection) == CONNECTION_OK else {
            // The server's words could quote the URL, and that may have a password.
            throw SQLFailure(.connection, code: "08001", message: "a second connection is refused")
        }
        _ = try end(PQexec(connection, "SET search_path TO \(quoted(schemaName))"), PGRES_COMMAND_OK)
    }

    deinit { PQfinish(connection) }

    /// The rows of a table, as the server itself writes them in the binary format.
    func contents(of table: Table) throws(SQLFailure) -> [UInt8] {
        let columns = Self.columns(table)
        try end(PQexec(connection, "COPY \(columns) TO STDOUT (FORMAT binary)"), PGRES_COPY_OUT)
        var bytes: [UInt8] = []
        var row: UnsafeMutablePointer<CChar>?
        while case let count = PQgetCopyData(connection, &row, 0), count > 0 {
            bytes.append(contentsOf: UnsafeRawBufferPointer(start: row, count: Int(count)))
            PQfreemem(row)
        }
        try finish()
        return bytes
    }

    /// Puts such rows into a table.
    func copy(_ bytes: [UInt8], into table: Table) throws(SQLFailure) {
        try end(PQexec(connection, "COPY \(Self.columns(table)) FROM STDIN (FORMAT binary)"), PGRES_COPY_IN)
        let isSent = bytes.withUnsafeBytes { bytes in
            let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            return stride(from: 0, to: bytes.count, by: Self.pieceBytes).allSatisfy { offset in
                let count = min(Self.pieceBytes, bytes.count - offset)
                return PQputCopyData(connection, start.map { $0 + offset }, Int32(count)) == 1
            }
        }
        guard isSent, PQputCopyEnd(connection, nil) == 1 else { throw failure() }
        try finish()
    }

    private static func columns(_ table: Table) -> String {
        "\(quoted(table.name)) (\(table.columns.map { quoted($0.name) }.joined(separator: ", ")))"
    }

    /// Takes the results that follow a copy.
    private func finish() throws(SQLFailure) {
        while let result = PQgetResult(connection) { try end(result, PGRES_COMMAND_OK) }
    }

    private func end(_ result: OpaquePointer?, _ expected: ExecStatusType) throws(SQLFailure) {
        defer { PQclear(result) }
        guard PQresultStatus(result) == expected else { throw failure() }
    }

    private func failure() -> SQLFailure {
        SQLFailure(.other, code: "ashlar", message: String(cString: PQerrorMessage(connection)))
    }
}
