import AshlarExport
import CAshlarPQ

extension Session {
    /// Runs one statement; gives the number of rows it changed.
    func run(_ sql: String, _ parameters: [SQLValue]) throws(SQLFailure) -> Int {
        let list = try ParameterList(parameters)
        let result = list.withPointers { types, values, lengths, formats in
            PQexecParams(connection, sql, list.count, types, values, lengths, formats, 0)
        }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK: return Int(String(cString: PQcmdTuples(result))) ?? 0
        default: throw failure(result)
        }
    }

    /// Hands out a query's rows as they come over the wire. `body` must not use the connection.
    func query(
        _ sql: String, _ parameters: [SQLValue], _ body: ([SQLValue]) throws(SQLFailure) -> Void
    ) throws(SQLFailure) {
        let list = try ParameterList(parameters)
        let mayCancel = !isInTransaction
        let isSent = list.withPointers { types, values, lengths, formats in
            PQsendQueryParams(connection, sql, list.count, types, values, lengths, formats, 0)
        }
        guard isSent == 1 else { throw failure(nil) }
        PQsetSingleRowMode(connection)
        do {
            try readRows(body)
        } catch {
            // Within a transaction, cancelling would spoil it: the rows that are left are read over instead.
            if mayCancel { cancel() }
            _ = drain()
            throw error
        }
    }

    private func readRows(_ body: ([SQLValue]) throws(SQLFailure) -> Void) throws(SQLFailure) {
        var types: [Oid] = []
        while let result = PQgetResult(connection) {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_SINGLE_TUPLE:
                if types.isEmpty { types = (0..<PQnfields(result)).map { PQftype(result, $0) } }
                try body(types.indices.map { ResultText.value(result, column: Int32($0), type: types[$0]) })
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK: continue
            default: throw failure(result)
            }
        }
    }

    /// Asks the server to stop the statement that runs; whether it does is seen by its result.
    private func cancel() {
        guard let request = PQgetCancel(connection) else { return }
        var text = [CChar](repeating: 0, count: 256)
        PQcancel(request, &text, Int32(text.count))
        PQfreeCancel(request)
    }
}

/// Parameters as libpq wants them: integers and bytes in binary form, everything else as text whose type the statement decides.
private struct ParameterList {
    private var types: [Oid] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []
    private var offsets: [Int?] = []
    private var content: [UInt8] = []

    init(_ values: [SQLValue]) throws(SQLFailure) {
        for value in values {
            switch value {
            case .null: append(type: 0, nil)
            case .integer(let value):
                let binary = (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
                append(type: TypeID.int8, binary, isBinary: true)
            case .real(let value): append(type: TypeID.float8, Array(value.description.utf8))
            case .text(let value):
                let text = Array(value.utf8)
                guard !text.contains(0) else {
                    throw SQLFailure(.constraint, code: "22021", message: "a text with a zero character in it")
                }
                append(type: 0, text)
            case .bytes(let value): append(type: TypeID.bytea, value, isBinary: true)
            }
        }
    }

    private mutating func append(type: Oid, _ value: [UInt8]?, isBinary: Bool = false) {
        types.append(type)
        formats.append(isBinary ? 1 : 0)
        lengths.append(Int32(clamping: value?.count ?? 0))
        offsets.append(value == nil ? nil : content.count)
        content.append(contentsOf: value ?? [])
        content.append(0)
    }

    var count: Int32 { Int32(types.count) }

    func withPointers<Result>(
        _ body: ([Oid], [UnsafePointer<CChar>?], [Int32], [Int32]) -> Result
    ) -> Result {
        content.withUnsafeBytes { bytes in
            let values = offsets.map { offset in
                offset.flatMap { bytes.baseAddress?.advanced(by: $0).assumingMemoryBound(to: CChar.self) }
            }
            return body(types, values, lengths, formats)
        }
    }
}
